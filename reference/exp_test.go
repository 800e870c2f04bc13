package reference

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var full = flag.Bool("full", false, "check exp for all 2^32 inputs")

// expGolden is testdata/exp.txt: hashes by chunk, and vectors.
type expGolden struct {
	hash map[string]uint64
	bits [][2]uint32
}

func readExpGolden(t *testing.T) expGolden {
	data, err := os.ReadFile("testdata/exp.txt")
	require.NoError(t, err)
	g := expGolden{hash: map[string]uint64{}}
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		var chunk string
		var hash uint64
		var pair [2]uint32
		if n, _ := fmt.Sscanf(line, "hash %s %d", &chunk, &hash); n == 2 {
			g.hash[chunk] = hash
		} else if n, _ := fmt.Sscanf(line, "%x %x", &pair[0], &pair[1]); n == 2 {
			g.bits = append(g.bits, pair)
		}
	}
	return g
}

func TestExpVectors(t *testing.T) {
	vectors := readExpGolden(t).bits
	require.Len(t, vectors, 35)
	for _, v := range vectors {
		require.Equal(t, v[1], expBits(v[0]), "exp of %08X", v[0])
	}
}

func TestExpHashes(t *testing.T) {
	golden := readExpGolden(t).hash
	for _, chunk := range []uint32{64, 66, 192} {
		require.Equal(t, golden[fmt.Sprint(chunk)], hashExp(chunk), "chunk %d", chunk)
	}
	if !*full {
		t.Log("not checked: the other 253 chunks of 2^24 inputs; -full does")
		return
	}
	var sum uint64
	for chunk := range uint32(256) {
		sum += hashExp(chunk)
	}
	require.Equal(t, golden["all"], sum)
}

// hashExp is the hash of 2^24 results that testdata/exp.txt defines.
func hashExp(chunk uint32) uint64 {
	var h uint64
	for i := range uint32(1 << 24) {
		h += uint64(expBits(chunk<<24|i)) * (uint64(i)*0x9E3779B97F4A7C15 | 1)
	}
	return h
}

func expBits(x uint32) uint32 {
	y := exp(math.Float32frombits(x))
	if y != y {
		return 0x7FC00000
	}
	return math.Float32bits(y)
}
