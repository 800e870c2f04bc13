package quant

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/half"
)

var decodable = []*Type{F32, F16, BF16, Q4_0, Q4_1, Q8_0}

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

func readGoldens(t *testing.T) map[string]golden {
	text, err := os.ReadFile("testdata/blocks.json")
	require.NoError(t, err)
	var all map[string]golden
	require.NoError(t, json.Unmarshal(text, &all))
	return all
}

// TestDecodeGGUF compares bits with PyPI gguf 0.19.0.
func TestDecodeGGUF(t *testing.T) {
	goldens := readGoldens(t)
	for _, typ := range decodable[1:] {
		t.Run(typ.Name, func(t *testing.T) {
			src, wantBytes := goldens[typ.Name].bytes(t)
			want, got := make([]float32, len(wantBytes)/4), make([]float32, len(wantBytes)/4)
			require.NoError(t, Decode(F32, wantBytes, want))
			require.NoError(t, Decode(typ, src, got))
			require.NotEmpty(t, want)
			for i := range want {
				require.Equal(t, math.Float32bits(want[i]), math.Float32bits(got[i]), "element %d: %v, want %v", i, got[i], want[i])
			}
		})
	}
}

func TestDecodeF32(t *testing.T) {
	dst := make([]float32, 2)
	require.NoError(t, Decode(F32, []byte{0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0}, dst))
	require.Equal(t, []float32{1, -2}, dst)
}

// TestIntegers rebuilds the weights from integers and scales.
func TestIntegers(t *testing.T) {
	goldens := readGoldens(t)
	for _, typ := range []*Type{Q4_0, Q8_0} {
		src, _ := goldens[typ.Name].bytes(t)
		n := len(src) / typ.Bytes * typ.Block
		want, q, scale := make([]float32, n), make([]uint8, n), make([]uint16, n/32)
		require.NoError(t, Decode(typ, src, want))
		require.NoError(t, Integers(typ, src, q, scale))
		form, ok := typ.Ints()
		require.True(t, ok)
		for i := range q {
			w := int(int8(q[i]))
			if form.Bits == 4 {
				require.Less(t, q[i], uint8(16))
				w = int(q[i]) - form.Zero
			}
			require.Equal(t, want[i], float32(w)*half.F16ToF32(scale[i/form.Group]), "%s element %d", typ, i)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, typ := range decodable {
		require.Error(t, Decode(typ, make([]byte, typ.Bytes), make([]float32, 2*typ.Block)))
	}
	require.EqualError(t, Decode(Q4_0, make([]byte, 18), make([]float32, 33)),
		"quant: 33 elements are not a whole number of Q4_0 blocks of 32")
	require.EqualError(t, Decode(Q8_0, make([]byte, 33), make([]float32, 32)),
		"quant: 32 elements of type Q8_0 are 34 bytes, not 33")
	require.ErrorContains(t, Decode(&Type{Name: "Q4_K", Block: 256, Bytes: 144}, nil, nil), "type Q4_K is not supported yet")
	require.EqualError(t, Integers(Q4_1, nil, nil, nil), "quant: type Q4_1 has no integers with a scale")
	require.EqualError(t, Integers(Q4_0, make([]byte, 18), make([]uint8, 32), nil),
		"quant: 32 elements of type Q4_0 have 1 scales, not 0")
	_, err := F32.Size(math.MaxInt64)
	require.ErrorContains(t, err, "overflow")
	_, err = F32.Size(-1)
	require.Error(t, err)
}

func FuzzDecode(f *testing.F) {
	f.Add(uint8(3), []byte("0123456789abcdefgh"))
	f.Fuzz(func(t *testing.T, which uint8, src []byte) {
		typ := decodable[int(which)%len(decodable)]
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
