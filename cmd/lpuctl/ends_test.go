package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

// The spellings are those of llama.cpp (llama-vocab.cpp, special_eog_ids).
func TestTurnEnds(t *testing.T) {
	const normal, control, user = 1, 3, 4
	for _, c := range []struct {
		tokens []string
		types  []int32
		want   []int
	}{
		{[]string{"a", "<|endoftext|>", "<|end|>", "<|user|>"}, []int32{normal, control, control, control}, []int{2}},
		{[]string{"<end_of_turn>", "<|im_end|>", "<|eot_id|>"}, []int32{control, user, normal}, []int{0, 1}},
		{[]string{"<|return|>", "<|end|>", "<|call|>"}, []int32{control, control, control}, []int{0, 2}},
	} {
		require.Equal(t, c.want, turnEnds(tokenizer.Vocab{Tokens: c.tokens, Types: c.types}))
	}
}

func TestEndIDs(t *testing.T) {
	m, _, err := (&graphFlags{quant: "none", kind: "auto", group: 32, synthetic: -1}).open("builtin:stories260k")
	require.NoError(t, err)
	defer m.Close()
	tok, err := openTokenizer(m)
	require.NoError(t, err)
	require.Equal(t, []int{2}, endIDs(m, tok))
}
