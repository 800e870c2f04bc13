package mlir_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

// logical is a weight as numbers: floats, or per row integers with the scale
// and zero point of each group. Symmetric integers are signed, zero is 0.
// Types with minimums have these instead of zero points.
type logical struct {
	typ    ir.Type
	floats []float32
	q      []int
	scale  []float32
	zero   []int
	min    []float32
}

// at is the weight of output n and input k: integer, zero point and scale.
func (l *logical) at(n, k int) (q, zero int, scale float32) {
	group := n*l.typ.Quant.Groups(l.typ.Shape[1]) + k/l.typ.Quant.Group
	return l.q[n*l.typ.Shape[1]+k], l.zero[group], l.scale[group]
}

// minimum is that of the group of input k, 0 for types without.
func (l *logical) minimum(n, k int) float32 {
	return l.min[n*l.typ.Quant.Groups(l.typ.Shape[1])+k/l.typ.Quant.Group]
}

// randomWeights gives every weight of m values of its type.
func randomWeights(m *ir.Module, seed uint64) map[*ir.Value]*logical {
	rng := rand.New(rand.NewPCG(seed, 0))
	all := map[*ir.Value]*logical{}
	for _, w := range m.Weights {
		all[w] = randomWeight(rng, w.Type)
	}
	return all
}

func randomWeight(rng *rand.Rand, t ir.Type) *logical {
	l := &logical{typ: t}
	if t.Elem == ir.I32 {
		for _, from := range rng.Perm(t.Elements()) {
			l.floats = append(l.floats, float32(from))
		}
		return l
	}
	if t.Elem != ir.Block {
		for range t.Elements() {
			l.floats = append(l.floats, roundTo(t.Elem, float32(rng.NormFloat64())))
		}
		return l
	}
	half := 1 << (t.Quant.Bits - 1)
	for range t.Elements() {
		q := rng.IntN(2*half) - half
		if !t.Quant.Symmetric() && t.Quant.Bits == 4 {
			q += half
		}
		l.q = append(l.q, q)
	}
	width := t.Shape[len(t.Shape)-1]
	for range t.Elements() / width * t.Quant.Groups(width) {
		l.scale = append(l.scale, roundTo(t.Quant.Scale, float32(rng.NormFloat64()/16)))
		zero := 0
		if t.Quant.Zero {
			zero = rng.IntN(2 * half)
			if t.Quant.Bits == 8 {
				zero -= half
			}
		}
		l.zero = append(l.zero, zero)
		minimum := float32(0)
		if t.Quant.Min {
			minimum = roundTo(t.Quant.Scale, float32(rng.NormFloat64()/2))
		}
		l.min = append(l.min, minimum)
	}
	return l
}

func roundTo(e ir.Elem, v float32) float32 {
	switch e {
	case ir.F16:
		return fromHalf(toHalf(v))
	case ir.BF16:
		return math.Float32frombits(math.Float32bits(v) &^ 0xFFFF)
	}
	return v
}

// expert is one of a stack of matrices.
func (l *logical) expert(e int) *logical {
	count, one := l.typ.Shape[0], &logical{typ: l.typ.Expert()}
	if l.typ.Elem != ir.Block {
		one.floats = part(l.floats, e, count)
		return one
	}
	one.q, one.scale, one.zero = part(l.q, e, count), part(l.scale, e, count), part(l.zero, e, count)
	one.min = part(l.min, e, count)
	return one
}

// part is the i-th of n equal parts.
func part[T any](s []T, i, n int) []T { return s[i*len(s)/n : (i+1)*len(s)/n] }

// packWeights is weights.bin, written from the description in pack.Parts.
func packWeights(t testing.TB, m *ir.Module, weights map[*ir.Value]*logical) []byte {
	plan, err := pack.NewPlan(m)
	require.NoError(t, err)
	blob := make([]byte, plan.Size)
	for i, placed := range plan.Weights {
		l := weights[m.Weights[i]]
		require.NotNil(t, l)
		parts := make([][]byte, len(placed.Parts))
		for j, p := range placed.Parts {
			parts[j] = blob[placed.Offset[j]:][:p.Bytes()]
		}
		switch {
		case !placed.Matrix:
			for j, v := range l.floats {
				putFloat(parts[0], j, l.typ.Elem, v)
			}
		case len(l.typ.Shape) == 3:
			for e := range l.typ.Shape[0] {
				var one [][]byte
				for _, p := range parts {
					one = append(one, part(p, e, l.typ.Shape[0]))
				}
				packMatrix(one, l.expert(e))
			}
		default:
			packMatrix(parts, l)
		}
	}
	return blob
}

func packMatrix(parts [][]byte, l *logical) {
	if l.typ.Elem == ir.Block {
		packBlocks(parts, l)
		return
	}
	rows, k := l.typ.Shape[0], l.typ.Shape[1]
	for n := range rows {
		for c := range k {
			at := (n/64*k+c)*64 + n%64
			putFloat(parts[0], at, l.typ.Elem, l.floats[n*k+c])
		}
	}
}

func packBlocks(parts [][]byte, l *logical) {
	quant, rows, k := l.typ.Quant, l.typ.Shape[0], l.typ.Shape[1]
	groups, size := quant.Groups(k), quant.Group
	data := parts[0]
	if quant.Bits == 4 && quant.Symmetric() {
		for i := range data {
			data[i] = 0x88
		}
	}
	for n := range rows {
		block, lane := n/64, n%64
		for c := range k {
			q, zero, scale := l.at(n, c)
			g, i := c/size, c%size
			constant := (block*groups+g)*64 + lane
			putFloat(parts[1], constant, quant.Scale, scale)
			if quant.Zero {
				parts[2][constant] = byte(zero)
			}
			if quant.Min {
				putFloat(parts[2], constant, quant.Scale, l.minimum(n, c))
			}
			if quant.Bits == 8 {
				data[((block*groups+g)*size+i)*64+lane] = byte(q)
				continue
			}
			if quant.Symmetric() {
				q += 8
			}
			at, shift := ((block*groups+g)*size/2+i/2)*64+lane, 4*(i%2)
			data[at] = data[at]&^(15<<shift) | byte(q)<<shift
		}
	}
}

func putFloat(b []byte, at int, e ir.Elem, v float32) {
	switch e {
	case ir.F32:
		binary.LittleEndian.PutUint32(b[4*at:], math.Float32bits(v))
	case ir.I32:
		binary.LittleEndian.PutUint32(b[4*at:], uint32(int32(v)))
	case ir.F16:
		binary.LittleEndian.PutUint16(b[2*at:], toHalf(v))
	case ir.BF16:
		binary.LittleEndian.PutUint16(b[2*at:], uint16(math.Float32bits(v)>>16))
	}
}

// toHalf rounds to float16, ties to even.
func toHalf(v float32) uint16 {
	x := math.Abs(float64(v))
	sign := uint16(math.Float32bits(v) >> 16 & 0x8000)
	switch {
	case x != x:
		return sign | 0x7E00
	case x >= 65520:
		return sign | 0x7C00
	case x < 0x1p-14:
		return sign | uint16(math.RoundToEven(x*0x1p24))
	}
	frac, exp := math.Frexp(x) // x = frac * 2^exp, 0.5 <= frac < 1
	return sign | uint16(int(math.RoundToEven(frac*2048))+(exp+13)<<10)
}

// fromHalf is exact.
func fromHalf(h uint16) float32 {
	exp, frac := int(h>>10&31), float64(h&1023)
	v := math.Ldexp(1024+frac, exp-25)
	switch {
	case exp == 31 && frac != 0:
		v = math.NaN()
	case exp == 31:
		v = math.Inf(1)
	case exp == 0:
		v = math.Ldexp(frac, -24)
	}
	return float32(math.Copysign(v, 1-float64(h>>15)*2))
}
