package packed

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint/safetensors"
	"github.com/lpuctl/lpuctl/internal/half"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// caseParts are the tensors of one case of testdata/record.py by suffix.
type caseParts map[string]Tensor

func (p caseParts) Take(suffix string) (Tensor, bool) {
	t, ok := p[suffix]
	delete(p, suffix)
	return t, ok
}

// readCase returns the parts of a case and the weight that other software
// decodes.
func readCase(t testing.TB, name string) (parts caseParts, want []float32) {
	t.Helper()
	data, err := os.ReadFile("testdata/packed.safetensors")
	require.NoError(t, err)
	file, err := safetensors.Parse("packed.safetensors", data)
	require.NoError(t, err)
	parts = caseParts{}
	for _, tensor := range file.Tensors() {
		if suffix, ok := strings.CutPrefix(tensor.Name, name+"/m"); ok {
			parts[suffix] = Tensor{tensor.Shape, tensor.Type, tensor.Data}
		}
		if tensor.Name == name+"/want" {
			want = make([]float32, len(tensor.Data)/4)
			require.NoError(t, quant.Decode(quant.F32, tensor.Data, want))
		}
	}
	require.NotEmpty(t, parts)
	require.NotEmpty(t, want)
	return parts, want
}

func pack(bits, group int, symmetric bool) Compressed {
	return Compressed{Args: func(string) (CompressedArgs, error) {
		return CompressedArgs{Bits: bits, Group: group, Symmetric: symmetric}, nil
	}}
}

func packSorted(bits, group int) Compressed {
	return Compressed{Args: func(string) (CompressedArgs, error) {
		return CompressedArgs{Bits: bits, Group: group, Symmetric: true, ActOrder: true}, nil
	}}
}

// cases are the cases of testdata/record.py with the form that they must have:
// "" if they are floats.
var cases = []struct {
	name   string
	scheme Scheme
	form   string
}{
	{"awq.gemm.16", AWQ{Group: 16}, "q4g16z"},
	{"awq.gemm.32", AWQ{Group: 32}, "q4g32z"},
	{"awq.gemm.64", AWQ{Group: 64}, "q4g64z"},
	{"awq.gemm.128", AWQ{Group: 128}, "q4g128z"},
	{"awq.gemm.256", AWQ{Group: 256}, "q4g128z"},
	{"awq.gemv.32", AWQ{Group: 32, GEMV: true}, "q4g32z"},
	{"awq.gemv.64", AWQ{Group: 64, GEMV: true}, "q4g64z"},
	{"awq.gemv.128", AWQ{Group: 128, GEMV: true}, "q4g128z"},
	{"gptq.v1.4.sym.32", GPTQ{Bits: 4, Group: 32, Symmetric: true}, "q4g32"},
	{"gptq.v1.4.sym.32", GPTQ{Bits: 4, Group: 32}, "q4g32z"},
	{"gptq.v1.4.asym.32", GPTQ{Bits: 4, Group: 32}, "q4g32z"},
	{"gptq.v1.8.sym.32", GPTQ{Bits: 8, Group: 32, Symmetric: true}, "q8g32"},
	{"gptq.v1.8.asym.32", GPTQ{Bits: 8, Group: 32}, "q8g32z"},
	{"gptq.v2.4.sym.32", GPTQ{Bits: 4, Group: 32, V2: true, Symmetric: true}, "q4g32"},
	{"gptq.v2.4.asym.32", GPTQ{Bits: 4, Group: 32, V2: true}, "q4g32z"},
	{"gptq.v2.8.sym.32", GPTQ{Bits: 8, Group: 32, V2: true, Symmetric: true}, "q8g32"},
	{"gptq.v2.8.asym.32", GPTQ{Bits: 8, Group: 32, V2: true}, "q8g32z"},
	{"gptq.v1.4.sym.row", GPTQ{Bits: 4, Group: -1, Symmetric: true}, "q4g128"},
	{"gptq.v1.4.asym.act", GPTQ{Bits: 4, Group: 64, ActOrder: true}, ""},
	{"gptq.v2.8.sym.act", GPTQ{Bits: 8, Group: 32, V2: true, Symmetric: true, ActOrder: true}, ""},
	{"compressed.4.sym.32", pack(4, 32, true), "q4g32w"},
	{"compressed.4.asym.32", pack(4, 32, false), "q4g32zw"},
	{"compressed.8.sym.32", pack(8, 32, true), "q8g32w"},
	{"compressed.8.asym.32", pack(8, 32, false), "q8g32zw"},
	{"compressed.4.sym.row", pack(4, -1, true), "q4g128"},
	{"compressed.8.asym.row", pack(8, -1, false), "q8g128zw"},
	{"compressed.4.sym.act", packSorted(4, 64), ""},
	{"nf4", NF4{}, ""},
	{"nf4.double", NF4{Double: true}, ""},
	{"mxfp4", MXFP4{}, "q8g32w"},
}

// TestFloats compares bits with what other software decodes, but for the
// negative zero of MXFP4, which as an integer is 0.
func TestFloats(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			parts, want := readCase(t, c.name)
			w, err := c.scheme.Weight("m", parts)
			require.NoError(t, err)
			require.Empty(t, parts, "parts without a place")
			shape := w.Shape()
			in := shape[len(shape)-1]
			rows := len(want) / in
			require.Equal(t, rows, elements(shape)/in)
			got := make([]float32, in)
			for i := range rows {
				require.NoError(t, w.Floats(i, got))
				for k, v := range want[i*in:][:in] {
					if v == 0 && c.name == "mxfp4" {
						v = 0
					}
					require.Equal(t, math.Float32bits(v), math.Float32bits(got[k]), "row %d, input %d: %g, want %g", i, k, got[k], v)
				}
			}
		})
	}
}

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// TestIntegers rebuilds the floats from the integer form.
func TestIntegers(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			parts, want := readCase(t, c.name)
			w, err := c.scheme.Weight("m", parts)
			require.NoError(t, err)
			form, ok := w.Ints()
			require.Equal(t, c.form != "", ok)
			if !ok {
				return
			}
			require.Equal(t, c.form, show(form))
			in := w.Shape()[len(w.Shape())-1]
			groups := quant.Groups(in, form.Group)
			q, scale, zero := make([]uint8, in), make([]float32, groups), make([]int8, groups)
			for i := range len(want) / in {
				require.NoError(t, w.Integers(i, q, scale, zero))
				for k := range q {
					g := k / form.Group
					require.Equal(t, want[i*in+k], float32(integer(form, q[k])-zeroPoint(form, zero[g]))*scale[g], "row %d, input %d", i, k)
					require.True(t, form.Wide || half.F16ToF32(half.F32ToF16(scale[g])) == scale[g])
				}
			}
		})
	}
}

// TestSorted: act-order matrices have integers once their inputs are sorted, and
// the same floats in another order.
func TestSorted(t *testing.T) {
	sorted := map[string]string{"gptq.v1.4.asym.act": "q4g64z", "gptq.v2.8.sym.act": "q8g32", "compressed.4.sym.act": "q4g64"}
	for _, c := range cases {
		parts, want := readCase(t, c.name)
		w, err := c.scheme.Weight("m", parts)
		require.NoError(t, err)
		s, ok := w.(Sorter)
		if !ok {
			continue
		}
		other, order := s.Sorted()
		if sorted[c.name] == "" {
			require.Nil(t, other, c.name)
			continue
		}
		form, ok := other.Ints()
		require.True(t, ok)
		require.Equal(t, sorted[c.name], show(form))
		n := len(order)
		q, scale, zero := make([]uint8, n), make([]float32, n/form.Group), make([]int8, n/form.Group)
		for i := range len(want) / n {
			require.NoError(t, other.Integers(i, q, scale, zero))
			for k, input := range order {
				g := k / form.Group
				require.Equal(t, want[i*n+int(input)], float32(integer(form, q[k])-zeroPoint(form, zero[g]))*scale[g])
			}
		}
	}
}

// TestNotSortable: a group with an input too many is no group of the graph.
func TestNotSortable(t *testing.T) {
	parts, _ := readCase(t, "gptq.v1.4.asym.act")
	index := parts[".g_idx"]
	index.Data = append([]byte{}, index.Data...)
	index.Data[0] ^= 1
	parts[".g_idx"] = index
	w, err := GPTQ{Bits: 4, Group: 64, ActOrder: true}.Weight("m", parts)
	require.NoError(t, err)
	other, _ := w.(Sorter).Sorted()
	require.Nil(t, other)
	_, ok := w.Ints()
	require.False(t, ok)
	require.NoError(t, w.Floats(0, make([]float32, 128)))
}

func show(f quant.Ints) string {
	s := map[int]string{4: "q4", 8: "q8"}[f.Bits] + map[int]string{16: "g16", 32: "g32", 64: "g64", 128: "g128"}[f.Group]
	if f.Zeros {
		s += "z"
	}
	if f.Wide {
		s += "w"
	}
	return s
}

func integer(f quant.Ints, q uint8) int {
	if f.Bits == 4 {
		return int(q)
	}
	return int(int8(q))
}

func zeroPoint(f quant.Ints, zero int8) int {
	if f.Zeros {
		return int(zero)
	}
	return f.Zero
}
