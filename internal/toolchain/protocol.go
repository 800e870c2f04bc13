package toolchain

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"time"
)

// magic opens the driver's greeting; driver.c has the protocol.
const magic int64 = 0x6c707563746c0001

const (
	opReset int64 = iota
	opPrefill
	opDecode
)

// request asks the driver for one operation.
type request struct {
	op, pos int64
	tokens  []int32
}

func (r request) encode() []byte {
	b := make([]byte, 0, 24+4*len(r.tokens))
	for _, n := range []int64{r.op, r.pos, int64(len(r.tokens))} {
		b = binary.NativeEndian.AppendUint64(b, uint64(n))
	}
	for _, t := range r.tokens {
		b = binary.NativeEndian.AppendUint32(b, uint32(t))
	}
	return b
}

// readGreeting checks that the driver was compiled for the ABI.
func readGreeting(r io.Reader, abi ABI) error {
	var got [14]int64
	if err := binary.Read(r, binary.NativeEndian, &got); err != nil {
		return fmt.Errorf("no greeting: %w", err)
	}
	if got[0] != magic {
		return fmt.Errorf("greeting starts with %#x: not a module linked by this version of lpuctl", got[0])
	}
	if want := abi.words(); [13]int64(got[1:]) != want {
		return fmt.Errorf("linked for the ABI %v (chunk, vocabulary, K cache, V cache, weights, traces), started for %v", got[1:], want)
	}
	return nil
}

// readReply reads the driver's answer with exactly want floats.
func readReply(r io.Reader, want int) (time.Duration, []float32, error) {
	var header [2]int64
	if err := binary.Read(r, binary.NativeEndian, &header); err != nil {
		return 0, nil, fmt.Errorf("no reply: %w", err)
	}
	if header[0] < 0 || header[1] != int64(want) {
		return 0, nil, fmt.Errorf("reply of %d elements after %d ns, expected %d elements", header[1], header[0], want)
	}
	floats, err := readFloats(r, want)
	if err != nil {
		return 0, nil, fmt.Errorf("reply of %d elements: %w", want, err)
	}
	return time.Duration(header[0]), floats, nil
}

func readFloats(r io.Reader, n int) ([]float32, error) {
	floats := make([]float32, n)
	buf := make([]byte, min(4*n, 64<<10))
	for rest := floats; len(rest) > 0; {
		b := buf[:min(4*len(rest), len(buf))]
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, err
		}
		for i := 0; i < len(b); i += 4 {
			rest[i/4] = math.Float32frombits(binary.NativeEndian.Uint32(b[i:]))
		}
		rest = rest[len(b)/4:]
	}
	return floats, nil
}
