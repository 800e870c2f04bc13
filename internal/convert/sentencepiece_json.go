package convert

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

// object is a JSON object.
type object = map[string]any

// sentencePieceJSON returns tokenizer.json, for readers without SentencePiece:
// what transformers makes of tokenizer.model (convert_slow_tokenizer.py,
// LlamaConverter).
func (v *vocab) sentencePieceJSON() ([]byte, error) {
	space := object{"type": "Replace", "pattern": object{"String": " "}, "content": "▁"}
	back := object{"type": "Replace", "pattern": object{"String": "▁"}, "content": " "}
	normalizers, decoders := []any{space}, []any{back, object{"type": "ByteFallback"}, object{"type": "Fuse"}}
	if v.spacePrefix {
		normalizers = []any{object{"type": "Prepend", "prepend": "▁"}, space}
		decoders = append(decoders, object{"type": "Strip", "content": " ", "start": 1, "stop": 0})
	}
	ids := map[string]int{}
	for id, token := range v.tokens {
		ids[token] = id
	}
	model := object{
		"type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil, "end_of_word_suffix": nil,
		"fuse_unk": true, "byte_fallback": true, "ignore_merges": false, "vocab": ids, "merges": v.derivedMerges(ids),
	}
	if v.unknown >= 0 && v.unknown < len(v.tokens) {
		model["unk_token"] = v.tokens[v.unknown]
	}
	return json.Marshal(object{
		"version": "1.0", "truncation": nil, "padding": nil, "added_tokens": v.addedTokens(), "pre_tokenizer": nil,
		"normalizer": object{"type": "Sequence", "normalizers": normalizers}, "decoder": object{"type": "Sequence", "decoders": decoders},
		"post_processor": v.bosTemplate(), "model": model,
	}, json.Deterministic(true))
}

// derivedMerges lists the pairs of tokens that make a token, the most valuable
// token first. SentencePiece has no list: any such pair may merge.
func (v *vocab) derivedMerges(ids map[string]int) [][2]string {
	type pair struct {
		left, right string
		score       float32
	}
	var pairs []pair
	for id, token := range v.tokens {
		if v.types[id] != tokenizer.TypeNormal {
			continue
		}
		first := len(pairs)
		for at := range token {
			left, right := token[:at], token[at:]
			if _, ok := ids[left]; !ok {
				continue
			}
			if _, ok := ids[right]; ok {
				pairs = append(pairs, pair{left, right, v.scores[id]})
			}
		}
		slices.SortStableFunc(pairs[first:], func(a, b pair) int {
			return cmp.Or(cmp.Compare(ids[a.left], ids[b.left]), cmp.Compare(ids[a.right], ids[b.right]))
		})
	}
	slices.SortStableFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.score, a.score),
			cmp.Compare(utf8.RuneCountInString(b.left), utf8.RuneCountInString(a.left)),
			cmp.Compare(utf8.RuneCountInString(b.right), utf8.RuneCountInString(a.right)))
	})
	merges := make([][2]string, len(pairs))
	for i, p := range pairs {
		merges[i] = [2]string{p.left, p.right}
	}
	return merges
}
