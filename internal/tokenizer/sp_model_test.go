package tokenizer

import (
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
)

func number(n protowire.Number, value uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, n, protowire.VarintType), value)
}

func block(n protowire.Number, parts ...[]byte) []byte {
	var all []byte
	for _, part := range parts {
		all = append(all, part...)
	}
	return protowire.AppendBytes(protowire.AppendTag(nil, n, protowire.BytesType), all)
}

func protoPiece(text string, kind uint64) []byte {
	return block(1, block(1, []byte(text)), number(3, kind))
}

func join(parts ...[]byte) []byte {
	var all []byte
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

func TestParseModel(t *testing.T) {
	v := stories(t)
	require.Len(t, v.Tokens, 512)
	require.Equal(t, []int{1, 2, 0}, []int{v.BOS, v.EOS, v.Unknown})
	require.Equal(t, []bool{true, false, true, false}, []bool{v.AddBOS, v.AddEOS, v.AddSpacePrefix, v.RemoveExtraSpaces})
	require.Equal(t, "<0x0A>", v.Tokens[13])
	require.Equal(t, TypeByte, v.Types[13])
}

// What a model file leaves out has the defaults of sentencepiece_model.proto.
func TestParseModelDefaults(t *testing.T) {
	score := protowire.AppendFixed32(protowire.AppendTag(nil, 2, protowire.Fixed32Type), math.Float32bits(-1.5))
	v, err := ParseModel(join(
		block(1, block(1, []byte("a")), score),
		protoPiece("<bos>", 3), protoPiece("<unk>", 2), protoPiece("<eos>", 3),
		block(2, number(3, 2), block(46, []byte("<bos>")), block(47, []byte("<eos>")), block(44, []byte("?")), number(99, 7)),
	))
	require.NoError(t, err)
	require.Equal(t, Vocab{
		Tokens: []string{"a", "<bos>", "<unk>", "<eos>"},
		Scores: []float32{-1.5, 0, 0, 0},
		Types:  []int32{1, 3, 2, 3},
		BOS:    1, EOS: 3, Unknown: 2, AddBOS: true,
		AddSpacePrefix: true, RemoveExtraSpaces: true, UnknownSurface: "?",
	}, v)
}

func TestParseModelErrors(t *testing.T) {
	bpe, unk := block(2, number(3, 2)), protoPiece("<unk>", 2)
	for _, c := range []struct {
		want string
		data []byte
	}{
		{"model_type 1 is not supported", nil},
		{"model_type 1 is not supported", unk},
		{"model_type 4 is not supported", block(2, number(3, 4))},
		{"no piece of the unknown type", bpe},
		{"pieces 0 and 1 are both of the unknown type", join(bpe, unk, unk)},
		{"normalizer with a character map of 3 bytes", join(bpe, unk, block(3, block(2, []byte("abc"))))},
		{"denormalizer with a character map of 1 bytes", join(bpe, unk, block(5, block(2, []byte("a"))))},
		{"escape_whitespaces = false", join(bpe, unk, block(3, number(5, 0)))},
		{"treat_whitespace_as_suffix", join(unk, block(2, number(3, 2), number(24, 1)))},
		{"byte_fallback is true, but there are 0 byte pieces", join(unk, block(2, number(3, 2), number(35, 1)))},
		{"byte_fallback is false, but there are 1 byte pieces", join(bpe, unk, protoPiece("<0x00>", 6))},
		{"byte 0: bad tag", []byte{0xff}},
		{"byte 0: bad field 1", []byte{0x0a, 0x7f, 1}},
		{"piece 1: byte 0: bad field 1", join(unk, block(1, []byte{0x0a, 0x05}))},
		{"piece 0: field 1 has wire type 0, want 2", block(1, number(1, 5))},
		{"piece 0: field 2 has wire type 0, want 5", block(1, number(2, 5))},
		{"piece 0: field 3 has wire type 2, want 0", block(1, block(3))},
		{"piece 0: field 3: 4294967296 is not an enum value", protoPiece("a", 1<<32)},
		{`piece 0: field 1: "\xff" is not UTF-8`, protoPiece("\xff", 1)},
		{"trainer_spec: field 3 has wire type 2", block(2, block(3))},
	} {
		_, err := ParseModel(c.data)
		require.ErrorContains(t, err, c.want)
		require.ErrorContains(t, err, "tokenizer: sentencepiece model: ")
	}
}

// FuzzModel checks that no model file, and no vocabulary from one, panics.
func FuzzModel(f *testing.F) {
	data, err := os.ReadFile("testdata/stories260k.model")
	require.NoError(f, err)
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add(join(protoPiece("<unk>", 2), protoPiece("a", 4), protoPiece("aa", 5), block(2, number(3, 2))))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := ParseModel(data)
		if err != nil {
			return
		}
		tok, err := New(v)
		if err != nil {
			return
		}
		ids := encode(t, tok, "a aab <s>🦙", true)
		require.NoError(t, tok.Check(ids))
		require.NotEmpty(t, ids)
		tok.DecodeSpecial(ids)
	})
}
