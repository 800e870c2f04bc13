package packed

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/quant"
)

// TestRefuses damages one part.
func TestRefuses(t *testing.T) {
	shape := func(name string, dims ...int) func(p caseParts) {
		return func(p caseParts) { part := p[name]; part.Shape = dims; p[name] = part }
	}
	without := func(name string) func(p caseParts) { return func(p caseParts) { delete(p, name) } }
	data := func(name string, b []byte) func(p caseParts) {
		return func(p caseParts) { part := p[name]; part.Data = b; p[name] = part }
	}
	numbers := func(list ...int64) []byte {
		b, err := binary.Append(nil, binary.LittleEndian, list)
		require.NoError(t, err)
		return b
	}
	state := func(text string) func(p caseParts) { return data(nf4State, []byte(text)) }
	for _, c := range []struct {
		name   string
		scheme Scheme
		damage func(p caseParts)
		want   string
	}{
		{"awq.gemm.32", AWQ{Group: 32}, without(".qzeros"), ".qzeros is missing"},
		{"awq.gemm.32", AWQ{Group: 32}, shape(".scales", 2, 32), ".scales has shape [2 32], want [4 32] (-1: any)"},
		{"awq.gemm.32", AWQ{Group: 48}, whole, "128 inputs are not whole groups of 48"},
		{"awq.gemm.32", AWQ{Group: 32}, func(p caseParts) { p[".scales"] = Tensor{[]int{4, 32}, quant.F64, nil} },
			".scales is F64, want [F16 BF16 F32]"},
		{"awq.gemv.32", AWQ{Group: 32, GEMV: true}, shape(".qzeros", 32, 0), ".qzeros has room for 0 groups, want 4"},
		{"gptq.v1.4.asym.32", GPTQ{Bits: 4, Group: 32}, shape(".qweight", 16, 36), "36 outputs do not fill words of 8"},
		{"gptq.v1.4.asym.32", GPTQ{Bits: 4, Group: 64}, whole, ".qzeros has shape [4 4], want [2 4]"},
		{"gptq.v1.4.asym.act", GPTQ{Bits: 4, Group: 64}, whole, ".g_idx has groups that are not consecutive, but the configuration does not ask for act-order"},
		{"gptq.v1.4.asym.act", GPTQ{Bits: 4, Group: 64, ActOrder: true}, data(".g_idx", numbers(append(make([]int64, 63), 7)...)), ".g_idx has group 7 for input 126; there are 2 groups"},
		{"gptq.v1.4.asym.act", GPTQ{Bits: 4, Group: 64, ActOrder: true}, without(".g_idx"), ".g_idx is missing, but the configuration asks for act-order"},
		{"compressed.4.sym.act", pack(4, 64, true), whole, ".weight_g_idx has groups that are not consecutive"},
		{"compressed.4.sym.32", pack(4, 32, true), data(".weight_shape", numbers(1<<40, 128)), ".weight_shape is [1099511627776 128], want 1 to 16777216"},
		{"compressed.4.sym.32", pack(4, 32, true), data(".weight_shape", numbers(-1, 128)), ".weight_shape is [-1 128]"},
		{"compressed.4.sym.32", pack(4, 32, true), data(".weight_shape", numbers(32, 256)), ".weight_packed has shape [32 16], want [32 32]"},
		{"compressed.4.asym.32", pack(4, 32, false), without(".weight_zero_point"), ".weight_zero_point is missing"},
		{"nf4", NF4{}, state(`{"quant_type":"fp4","shape":[1,1],"blocksize":64}`), `quant_type is "fp4", want nf4`},
		{"nf4", NF4{}, state(`{"quant_type":"nf4","shape":[1000000000,1000000000],"blocksize":64}`), "shape is [1000000000 1000000000], not two numbers"},
		{"nf4", NF4{}, state(`{"quant_type":"nf4","shape":[16777216,16777216],"blocksize":64}`), ".weight has shape [1952 1], want [140737488355328 1]"},
		{"nf4", NF4{}, state(`{"quant_type":"nf4","shape":[32,122],"blocksize":0}`), "blocksize is 0"},
		{"nf4", NF4{}, state(`[]`), "quant_state.bitsandbytes__nf4: "},
		{"nf4", NF4{Double: true}, whole, "nested_blocksize is missing"},
		{"nf4.double", NF4{}, whole, ".weight.absmax is U8, want [F32]"},
		{"mxfp4", MXFP4{}, shape("_blocks", 2, 6, 48), "_blocks is missing or not U8 [..., 16]"},
		{"mxfp4", MXFP4{}, without("_scales"), "_scales is missing"},
	} {
		parts, _ := readCase(t, c.name)
		c.damage(parts)
		_, err := c.scheme.Weight("m", parts)
		require.ErrorContains(t, err, c.want)
	}
}

// whole damages nothing.
func whole(caseParts) {}

// TestNotSymmetric: what is declared symmetric must be.
func TestNotSymmetric(t *testing.T) {
	parts, _ := readCase(t, "gptq.v1.4.asym.32")
	w, err := GPTQ{Bits: 4, Group: 32, Symmetric: true}.Weight("m", parts)
	require.NoError(t, err)
	require.ErrorContains(t, w.Floats(0, make([]float32, 128)), "declared symmetric, but the zero point of output 0, group ")
}

// FuzzWeight replaces the contents of one part, which must not lead outside of
// the others.
func FuzzWeight(f *testing.F) {
	f.Add(uint8(18), ".g_idx", []byte{1, 0, 0, 0})
	f.Add(uint8(20), ".weight_shape", []byte{32, 0, 0, 0, 0, 0, 0, 0, 64})
	f.Add(uint8(27), nf4State, []byte(`{"quant_type":"nf4","blocksize":3,"shape":[61,64]}`))
	f.Fuzz(func(t *testing.T, which uint8, suffix string, data []byte) {
		c := cases[int(which)%len(cases)]
		parts, _ := readCase(t, c.name)
		if part, ok := parts[suffix]; ok {
			if suffix == nf4State {
				part.Shape, part.Data = []int{len(data)}, data
			} else {
				part.Data = append(append([]byte{}, data...), part.Data...)[:len(part.Data)]
			}
			parts[suffix] = part
		}
		w, err := c.scheme.Weight("m", parts)
		if err != nil {
			return
		}
		shape := w.Shape()
		in := shape[len(shape)-1]
		last := elements(shape)/in - 1
		_ = w.Floats(last, make([]float32, in))
		if form, ok := w.Ints(); ok {
			n := quant.Groups(in, form.Group)
			_ = w.Integers(last, make([]uint8, in), make([]float32, n), make([]int8, n))
		}
	})
}
