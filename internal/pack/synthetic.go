package pack

import (
	"encoding/binary"
	"hash/fnv"
	"math"

	"github.com/lpuctl/lpuctl/internal/half"
	"github.com/lpuctl/lpuctl/ir"
)

// Synthetic is a Source of deterministic weights for a shape without a
// checkpoint: the bytes depend on the seed, the name of the weight and the
// block alone. Matrices are uniform with the variance 1/K that keeps
// activations of the order of one; vectors (norms) are in [0.75, 1.25).
type Synthetic struct{ Seed uint64 }

// Fill implements Source.
func (s Synthetic) Fill(p *Placed, block int, parts [][]byte) error {
	bits := s.stream(p.Weight.Name, block)
	t := p.Weight.Type
	switch {
	case t.Elem == ir.I32:
		fillOrder(parts[0])
		return nil
	case !p.Matrix:
		fillUniform(parts[0], t.Elem, 1, 0.25, bits)
		return nil
	}
	// A uniform variable on [-a, a) has the variance a*a/3.
	amplitude := math.Sqrt(3 / float64(width(t)))
	if t.Elem != ir.Block {
		fillUniform(parts[0], t.Elem, 0, amplitude, bits)
	} else {
		fillBits(parts[0], bits)
		scale := amplitude / float64(int(1)<<(t.Quant.Bits-1))
		fillScales(parts[1], t.Quant.Scale, scale, bits)
		if t.Quant.Zero {
			fillZeros(parts[2], t.Quant.Bits, bits)
		}
		if t.Quant.Min {
			fillMinimums(parts[2], parts[1], t.Quant.Scale)
		}
	}
	clearPadding(p, block, parts)
	return nil
}

// fillOrder fills the indices of a vector in descending order.
func fillOrder(dst []byte) {
	n := len(dst) / 4
	for i := range n {
		putFloat(dst, ir.I32, i, float32(n-1-i))
	}
}

// splitmix is the generator of Steele, Lea and Flood (2014).
type splitmix uint64

func (s *splitmix) next() uint64 {
	*s += 0x9E3779B97F4A7C15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func (s Synthetic) stream(name string, block int) *splitmix {
	h := fnv.New64a()
	h.Write([]byte(name))
	state := splitmix(h.Sum64() ^ s.Seed)
	state = splitmix(state.next() + uint64(block))
	return &state
}

func fillBits(dst []byte, bits *splitmix) {
	for ; len(dst) >= 8; dst = dst[8:] {
		binary.LittleEndian.PutUint64(dst, bits.next())
	}
	if len(dst) > 0 {
		var last [8]byte
		binary.LittleEndian.PutUint64(last[:], bits.next())
		copy(dst, last[:])
	}
}

// fillUniform fills floats in [mid-amplitude, mid+amplitude), multiples of
// amplitude/2^15.
func fillUniform(dst []byte, elem ir.Elem, mid, amplitude float64, bits *splitmix) {
	size := elem.Size()
	var word uint64
	for i := range len(dst) / size {
		if i%4 == 0 {
			word = bits.next()
		}
		v := int16(word)
		word >>= 16
		putFloat(dst, elem, i, float32(mid+float64(amplitude*float64(v)/(1<<15)))) // not fused
	}
}

// fillScales fills scales within a quarter of the given one.
func fillScales(dst []byte, elem ir.Elem, scale float64, bits *splitmix) {
	for i := range len(dst) / elem.Size() {
		v := float32(scale * (1 + float64(float64(int8(bits.next()))/512))) // not fused
		putFloat(dst, elem, i, half.F16ToF32(half.F32ToF16(v)))
	}
}

// fillZeros fills zero points near the middle of the integers.
func fillZeros(dst []byte, width int, bits *splitmix) {
	mid := 0
	if width == 4 {
		mid = 8
	}
	for i := range dst {
		dst[i] = byte(mid + int(bits.next()%3) - 1)
	}
}

// fillMinimums fills minimums of -8 times the scale: 4-bit integers are then
// centred.
func fillMinimums(dst, scales []byte, elem ir.Elem) {
	for i := range len(dst) / elem.Size() {
		if elem == ir.F16 {
			putFloat(dst, elem, i, -8*half.F16ToF32(Uint16s(scales)[i]))
		} else {
			putFloat(dst, elem, i, -8*Floats(scales)[i])
		}
	}
}
