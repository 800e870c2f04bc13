package main

import (
	"slices"

	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

// endIDs are the tokens that end generation: those of the configuration
// (generation_config.json before config.json; a GGUF file's eos, eot and eom), or
// else that of the vocabulary. Many GGUF files name no end of turn; there it is
// known by its spelling, as llama.cpp knows it.
func endIDs(m *model.Model, tok *tokenizer.Tokenizer) []int {
	ids := slices.Clone(m.Checkpoint.Config().EOS)
	if len(ids) == 0 {
		ids = []int{tok.Vocab().EOS}
	}
	_, named := m.Checkpoint.Metadata("tokenizer.ggml.eot_token_id")
	if m.Checkpoint.Format() != "gguf" || named {
		return ids
	}
	for _, id := range turnEnds(tok.Vocab()) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// turnEnds are the special tokens that end a turn of a conversation in the
// templates of Llama 3, ChatML, Gemma, Phi and gpt-oss, in which <|end|> ends a
// message and not the turn.
func turnEnds(v tokenizer.Vocab) (ids []int) {
	spellings := []string{"<|eot_id|>", "<|im_end|>", "<end_of_turn>", "<|end|>"}
	if slices.Contains(v.Tokens, "<|return|>") {
		spellings = []string{"<|return|>", "<|call|>"}
	}
	for id, token := range v.Tokens {
		special := v.Types[id] == tokenizer.TypeControl || v.Types[id] == tokenizer.TypeUserDefined
		if special && slices.Contains(spellings, token) {
			ids = append(ids, id)
		}
	}
	return ids
}
