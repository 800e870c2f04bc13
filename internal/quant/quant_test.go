package quant

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/half"
)

var (
	ggml    = []*Type{F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, MXFP4}
	floats8 = []*Type{F8_E5M2, F8_E4M3, F8_E8M0, F8_E4M3FNUZ, F8_E5M2FNUZ}
)

func decodable() []*Type { return slices.Concat([]*Type{F32, F64}, ggml, floats8) }

// golden is what testdata/record.py recorded for one type.
type golden struct {
	Src  string `json:"src"`
	Want string `json:"want"`
}

func (g golden) bytes(t *testing.T) (src, want []byte) {
	src, err := hex.DecodeString(g.Src)
	require.NoError(t, err)
	want, err = hex.DecodeString(g.Want)
	require.NoError(t, err)
	return src, want
}

func readGoldens(t *testing.T, file string) map[string]golden {
	text, err := os.ReadFile("testdata/" + file)
	require.NoError(t, err)
	var all map[string]golden
	require.NoError(t, json.Unmarshal(text, &all))
	return all
}

// compare decodes the source of a golden and compares bits, but for NaNs.
func compare(t *testing.T, typ *Type, g golden) {
	src, wantBytes := g.bytes(t)
	want, got := make([]float32, len(wantBytes)/4), make([]float32, len(wantBytes)/4)
	require.NoError(t, Decode(F32, wantBytes, want))
	require.NoError(t, Decode(typ, src, got))
	require.NotEmpty(t, want)
	for i, w := range want {
		if w != w {
			require.True(t, got[i] != got[i], "element %d: %v, want NaN", i, got[i])
			continue
		}
		require.Equal(t, math.Float32bits(w), math.Float32bits(got[i]), "element %d: %v, want %v", i, got[i], w)
	}
}

// TestDecodeGGUF compares bits with PyPI gguf 0.19.0.
func TestDecodeGGUF(t *testing.T) {
	goldens := readGoldens(t, "blocks.json")
	require.Len(t, goldens, len(ggml))
	for _, typ := range ggml {
		t.Run(typ.Name, func(t *testing.T) { compare(t, typ, goldens[typ.Name]) })
	}
}

// TestDecodeFloat8 compares all values with ml_dtypes 0.6.0.
func TestDecodeFloat8(t *testing.T) {
	goldens := readGoldens(t, "float8.json")
	for _, typ := range floats8 {
		t.Run(typ.Name, func(t *testing.T) { compare(t, typ, goldens[typ.Name]) })
	}
}

// TestDecodeF64 rounds to nearest, ties to even.
func TestDecodeF64(t *testing.T) {
	values := []float64{1 + 0x1p-24, 1 + 0x3p-24, 1e300, -0.5}
	src, err := binary.Append(nil, binary.LittleEndian, values)
	require.NoError(t, err)
	dst := make([]float32, len(values))
	require.NoError(t, Decode(F64, src, dst))
	require.Equal(t, []float32{1, 1 + 0x1p-22, float32(math.Inf(1)), -0.5}, dst)
}

// TestEncode compares bytes with PyPI gguf 0.19.0.
func TestEncode(t *testing.T) {
	goldens := readGoldens(t, "encoded.json")
	for _, typ := range []*Type{F16, BF16, Q4_0, Q8_0} {
		want, floats := goldens[typ.Name].bytes(t)
		src, got := make([]float32, len(floats)/4), make([]byte, len(want))
		require.NoError(t, Decode(F32, floats, src))
		require.NoError(t, Encode(typ, src, got))
		require.Equal(t, want, got, typ.Name)
	}
}

// TestEncodeLimits: what would become infinite is refused, what rounds down is
// not.
func TestEncodeLimits(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, typ := range []*Type{F32, F16, BF16, Q4_0, Q8_0} {
		src, dst := make([]float32, typ.Block), make([]byte, typ.Bytes)
		for _, v := range []float32{inf, -inf, nan32(), math.Nextafter32(typ.limit, inf)} {
			src[0] = v
			require.ErrorContains(t, Encode(typ, src, dst), "element 0 is ", typ.Name)
		}
		for _, v := range []float32{typ.limit, -typ.limit, 0x1p-149} {
			src[0] = v
			require.NoError(t, Encode(typ, src, dst))
			require.NoError(t, Decode(typ, dst, src))
			require.False(t, math.IsInf(float64(src[0]), 0), "%s: %g", typ, v)
		}
	}
	require.EqualError(t, Encode(Q4_K, make([]float32, 256), make([]byte, 144)), "type Q4_K cannot be encoded")
	require.Error(t, Encode(Q4_0, make([]float32, 32), make([]byte, 17)))
}

func TestDecodeF32(t *testing.T) {
	dst := make([]float32, 2)
	require.NoError(t, Decode(F32, []byte{0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0}, dst))
	require.Equal(t, []float32{1, -2}, dst)
}

// TestIntegers rebuilds the weights from integers and scales.
func TestIntegers(t *testing.T) {
	goldens := readGoldens(t, "blocks.json")
	for _, typ := range []*Type{Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, MXFP4} {
		src, _ := goldens[typ.Name].bytes(t)
		n := len(src) / typ.Bytes * typ.Block
		form, ok := typ.Ints()
		require.True(t, ok)
		groups := n / form.Group
		want, q, scale, minimum := make([]float32, n), make([]uint8, n), make([]float32, groups), make([]float32, groups)
		if form.Min {
			scale = append(scale, minimum...)
			minimum = scale[groups:]
		}
		require.NoError(t, Decode(typ, src, want))
		require.NoError(t, Integers(typ, src, q, scale))
		for i := range q {
			w := int(int8(q[i]))
			if form.Bits == 4 {
				require.Less(t, q[i], uint8(16))
				w = int(q[i]) - form.Zero
			}
			require.Equal(t, want[i], float32(float32(w)*scale[i/form.Group])+minimum[i/form.Group], "%s element %d", typ, i)
		}
		for _, d := range scale {
			require.True(t, form.Wide || half.F16ToF32(half.F32ToF16(d)) == d, "%s: the scale %g is no float16", typ, d)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, typ := range decodable() {
		require.Error(t, Decode(typ, make([]byte, typ.Bytes), make([]float32, 2*typ.Block)))
	}
	require.EqualError(t, Decode(Q4_0, make([]byte, 18), make([]float32, 33)),
		"quant: 33 elements are not a whole number of Q4_0 blocks of 32")
	require.EqualError(t, Decode(Q8_0, make([]byte, 33), make([]float32, 32)),
		"quant: 32 elements of type Q8_0 are 34 bytes, not 33")
	require.ErrorContains(t, Decode(&Type{Name: "IQ2_S", Block: 256, Bytes: 82}, nil, nil), "type IQ2_S cannot be decoded")
	require.EqualError(t, Integers(BF16, nil, nil, nil), "quant: type BF16 has no integers with a scale")
	require.EqualError(t, Integers(Q4_0, make([]byte, 18), make([]uint8, 32), nil),
		"quant: 32 elements of type Q4_0 have 1 scales and minimums, not 0")
	_, err := F32.Size(math.MaxInt64)
	require.ErrorContains(t, err, "overflow")
	_, err = F32.Size(-1)
	require.Error(t, err)
}

func FuzzDecode(f *testing.F) {
	f.Add(uint8(4), []byte("0123456789abcdefgh"))
	for i, typ := range decodable() {
		f.Add(uint8(i), make([]byte, typ.Bytes))
	}
	f.Fuzz(func(t *testing.T, which uint8, src []byte) {
		types := decodable()
		typ := types[int(which)%len(types)]
		dst := make([]float32, len(src)/typ.Bytes*typ.Block)
		err := Decode(typ, src, dst)
		require.Equal(t, len(src)%typ.Bytes == 0, err == nil)
	})
}

func randomRow(n int, spread float64) []float32 {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	row := make([]float32, n)
	for i := range row {
		row[i] = float32(r.NormFloat64() * spread)
	}
	return row
}
