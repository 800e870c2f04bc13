package tokenizer

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// metadataMap is the Metadata of tests.
type metadataMap map[string]any

func (m metadataMap) Metadata(key string) (any, bool) {
	value, ok := m[key]
	return value, ok
}

// ggufScanner reads the key-value part of a GGUF file that the test trusts.
type ggufScanner struct {
	t    testing.TB
	data []byte
}

func (s *ggufScanner) take(n uint64) []byte {
	require.LessOrEqual(s.t, n, uint64(len(s.data)))
	taken := s.data[:n]
	s.data = s.data[n:]
	return taken
}

func (s *ggufScanner) u32() uint32    { return binary.LittleEndian.Uint32(s.take(4)) }
func (s *ggufScanner) u64() uint64    { return binary.LittleEndian.Uint64(s.take(8)) }
func (s *ggufScanner) string() string { return string(s.take(s.u64())) }

// value reads a value of the GGUF types that vocabularies use.
func (s *ggufScanner) value(kind uint32) any {
	switch kind {
	case 4:
		return s.u32()
	case 5:
		return int32(s.u32())
	case 6:
		return math.Float32frombits(s.u32())
	case 7:
		return s.take(1)[0] != 0
	case 8:
		return s.string()
	case 9:
		return s.array(s.u32(), s.u64())
	case 10:
		return s.u64()
	}
	require.Failf(s.t, "unexpected GGUF type", "%d", kind)
	return nil
}

func (s *ggufScanner) array(kind uint32, n uint64) any {
	switch kind {
	case 5:
		return collect[int32](s, kind, n)
	case 6:
		return collect[float32](s, kind, n)
	case 8:
		return collect[string](s, kind, n)
	}
	require.Failf(s.t, "unexpected GGUF array type", "%d", kind)
	return nil
}

func collect[T any](s *ggufScanner, kind uint32, n uint64) []T {
	values := make([]T, n)
	for i := range values {
		values[i] = s.value(kind).(T)
	}
	return values
}

func ggufMetadata(t testing.TB, file []byte) metadataMap {
	s := &ggufScanner{t, file}
	require.Equal(t, "GGUF", string(s.take(4)))
	require.Equal(t, uint32(3), s.u32())
	s.u64() // number of tensors
	m := metadataMap{}
	for range s.u64() {
		key := s.string()
		m[key] = s.value(s.u32())
	}
	return m
}

// storiesMetadata is the GGUF metadata of the stories260K vocabulary.
func storiesMetadata(t *testing.T) metadataMap {
	v := stories(t)
	return metadataMap{
		keyModel: "llama", keyTokens: v.Tokens, keyScores: v.Scores, keyTypes: v.Types,
		keyBOS: uint32(1), keyEOS: uint32(2), keyUnknown: uint32(0),
	}
}

func TestGGUFEqualsModelFile(t *testing.T) {
	tok, err := FromGGUF(storiesMetadata(t))
	require.NoError(t, err)
	require.Equal(t, stories(t), tok.Vocab())
}

func TestGGUFDefaults(t *testing.T) {
	m := storiesMetadata(t)
	for _, key := range []string{keyBOS, keyEOS, keyUnknown} {
		delete(m, key)
	}
	tok, err := FromGGUF(m)
	require.NoError(t, err)
	require.Equal(t, stories(t), tok.Vocab())
}

func TestGGUFPolicy(t *testing.T) {
	m := storiesMetadata(t)
	m[keyAddBOS], m[keyAddEOS], m[keySpacePrefix] = false, true, false
	m[keyBOS], m[keyEOS], m[keyUnknown] = uint32(math.MaxUint32), int64(2), uint64(math.MaxUint32)
	tok, err := FromGGUF(m)
	require.NoError(t, err)
	v := tok.Vocab()
	require.Equal(t, []int{None, 2, None}, []int{v.BOS, v.EOS, v.Unknown})
	require.Equal(t, []bool{false, true, false}, []bool{v.AddBOS, v.AddEOS, v.AddSpacePrefix})
	require.Equal(t, []int{2}, encode(t, tok, "", true))
}

func TestGGUFIntegerWidths(t *testing.T) {
	for _, id := range []any{uint8(2), int8(2), uint16(2), int16(2), uint32(2), int32(2), uint64(2), int64(2)} {
		m := storiesMetadata(t)
		m[keyEOS] = id
		tok, err := FromGGUF(m)
		require.NoError(t, err, "%T", id)
		require.Equal(t, 2, tok.Vocab().EOS)
	}
}

func TestGGUFErrors(t *testing.T) {
	for _, c := range []struct {
		key   string
		value any // nil: absent
		want  string
	}{
		{keyModel, nil, keyModel + " is missing"},
		{keyModel, "bert", `tokenizer.ggml.model is "bert": only "llama"`},
		{keyModel, uint32(1), keyModel + " has type uint32, want string"},
		{keyTokens, nil, keyTokens + " is missing"},
		{keyScores, []float64{1}, keyScores + " has type []float64, want []float32"},
		{keyTypes, nil, keyTypes + " is missing"},
		{keyTypes, []int32{1}, "512 tokens, 512 scores and 1 types"},
		{keyBOS, "1", keyBOS + " has type string, want an integer"},
		{keyBOS, int32(-2), keyBOS + " is -2, outside"},
		{keyEOS, uint64(math.MaxUint64), "outside the ids of a vocabulary"},
		{keyEOS, uint32(512), "EOS id 512 is outside the vocabulary of 512 tokens"},
		{keyBOS, uint32(math.MaxUint32), "BOS is to be added to texts, but the vocabulary has none"},
		{keyAddBOS, "yes", keyAddBOS + " has type string, want bool"},
	} {
		m := storiesMetadata(t)
		m[c.key] = c.value
		if c.value == nil {
			delete(m, c.key)
		}
		_, err := FromGGUF(m)
		require.ErrorContains(t, err, c.want)
		require.True(t, strings.HasPrefix(err.Error(), "tokenizer: "), err)
	}
}

// llama.cpp's converter writes the spaces of user-defined pieces as spaces.
func TestGGUFUserDefinedSpaces(t *testing.T) {
	m := storiesMetadata(t)
	v := stories(t)
	tokens, types := slices.Clone(v.Tokens), slices.Clone(v.Types)
	tokens[500], types[500] = "   ", TypeUserDefined
	m[keyTokens], m[keyTypes] = tokens, types
	tok, err := FromGGUF(m)
	require.NoError(t, err)
	ids := encode(t, tok, "a   b", false)
	require.Contains(t, ids, 500)
	require.Equal(t, "a   b", tok.Decode(ids))
}

// A byte without a token keeps its neighbours apart, as in llama.cpp: "a" and
// "b" do not become the token "ab".
func TestGGUFMissingByte(t *testing.T) {
	tok, err := FromGGUF(metadataMap{
		keyModel: "gpt2", keyPre: "gpt-2", keyTokens: []string{"a", "b", "ab"}, keyTypes: []int32{1, 1, 1}, keyMerges: []string{"a b"},
	})
	require.NoError(t, err)
	require.Equal(t, []int{2}, encode(t, tok, "ab", false))
	require.Equal(t, []int{0, 1}, encode(t, tok, "axb", false))
	long := strings.Repeat("axxb", 40) + "ab"
	want := append(slices.Repeat([]int{0, 1}, 40), 2)
	require.Equal(t, want, encode(t, tok, long, false))
}

func TestGGUFByteLevelErrors(t *testing.T) {
	whole := gpt2Metadata(t)
	for _, c := range []struct {
		key   string
		value any // nil: absent
		want  string
	}{
		{keyPre, nil, `tokenizer.ggml.pre is "", whose pattern is not known`},
		{keyPre, "gpt-5", `tokenizer.ggml.pre is "gpt-5", whose pattern is not known`},
		{keyMerges, nil, keyMerges + " is missing"},
		{keyMerges, []string{"ab"}, `merge 0 is "ab", want two tokens`},
		{keyMerges, []string{"a b", "a "}, `merge 1 is "a ", want two tokens`},
		{keyMerges, []string{"a b c"}, `merge 0 is "a b c", want two tokens`},
		{keyMerges, []string{"a qqqqqq"}, `merge 0 ("a", "qqqqqq"): not both are tokens`},
		{keyMerges, []string{"qu qu"}, `merge 0 ("qu", "qu"): the two together are no token`},
		{keyTypes, []int32{1}, "50257 tokens, 50257 scores and 1 types"},
	} {
		m := maps.Clone(whole)
		m[c.key] = c.value
		if c.value == nil {
			delete(m, c.key)
		}
		_, err := FromGGUF(m)
		require.ErrorContains(t, err, c.want)
	}
}
