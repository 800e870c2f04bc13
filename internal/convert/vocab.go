package convert

import (
	"fmt"
	"slices"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/checkpoint/gguf"
	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

// vocab is a tokenizer, in the terms of GGUF (tokenizer.ggml.*).
type vocab struct {
	model  string // "llama" (SentencePiece), "gpt2" (byte-level BPE) or "none"
	pre    string // how a gpt2 vocabulary splits text
	tokens []string
	scores []float32 // of llama
	types  []int32
	merges []string // of gpt2

	bos, eos, unknown, padding  int   // -1 if there is none
	ends                        []int // tokens beside eos that end generation
	addBOS, addEOS, spacePrefix bool
	template                    string // for chats; may be empty
}

// maxToken bounds the bytes of a token, far above what vocabularies have.
const maxToken = 4096

// readVocab reads and checks the tokenizer of a checkpoint.
func readVocab(c *checkpoint.Checkpoint) (v *vocab, err error) {
	if c.Format() == "gguf" {
		v, err = vocabOfGGUF(c)
	} else if v, err = vocabOfFolder(c); err != nil {
		err = fmt.Errorf("%s: tokenizer: %w", c.Dir(), err)
	}
	if err != nil {
		return nil, err
	}
	config := c.Config()
	if len(v.tokens) > config.Vocab {
		return nil, fmt.Errorf("the tokenizer has %d tokens, but the embedding %d rows", len(v.tokens), config.Vocab)
	}
	if id := slices.IndexFunc(v.tokens, func(s string) bool { return len(s) > maxToken }); id >= 0 {
		return nil, fmt.Errorf("token %d has %d bytes, more than %d", id, len(v.tokens[id]), maxToken)
	}
	for _, id := range config.EOS {
		if id != v.eos {
			v.ends = append(v.ends, id)
		}
	}
	for _, s := range v.special() {
		if s.id >= config.Vocab {
			return nil, fmt.Errorf("tokenizer: %s is %d, the embedding has %d rows", s.key, s.id, config.Vocab)
		}
	}
	return v, nil
}

// vocabOfGGUF reads the metadata of a GGUF file. Defaults are those of
// llama.cpp.
func vocabOfGGUF(c *checkpoint.Checkpoint) (*vocab, error) {
	v := &vocab{
		model: metadata(c, "model", "none"), pre: metadata(c, "pre", ""),
		tokens: metadata[[]string](c, "tokens", nil), scores: metadata[[]float32](c, "scores", nil),
		types: metadata[[]int32](c, "token_type", nil), merges: metadata[[]string](c, "merges", nil),
		spacePrefix: metadata(c, "add_space_prefix", true), addEOS: metadata(c, "add_eos_token", false),
	}
	if template, ok := c.Metadata("tokenizer.chat_template"); ok {
		v.template, _ = template.(string)
	}
	config := c.Config()
	v.bos, v.eos, v.padding, v.unknown = config.BOS, -1, tokenID(c, "padding_token_id", -1), tokenID(c, "unknown_token_id", -1)
	if len(config.EOS) > 0 {
		v.eos = config.EOS[0]
	}
	switch v.model {
	case "none":
		return v, nil
	case "llama":
		v.unknown = tokenID(c, "unknown_token_id", 0)
		v.addBOS = metadata(c, "add_bos_token", true)
	case "gpt2":
		v.addBOS = metadata(c, "add_bos_token", v.pre == "llama-bpe" || v.pre == "tekken")
	default:
		return nil, fmt.Errorf("tokenizer.ggml.model %q cannot be converted; llama and gpt2 can", v.model)
	}
	if n := len(v.tokens); n == 0 || len(v.types) != n || v.model == "llama" && len(v.scores) != n {
		return nil, fmt.Errorf("tokenizer.ggml: %d tokens, %d types and %d scores do not fit", n, len(v.types), len(v.scores))
	}
	return v, nil
}

// metadata returns a value of the tokenizer, def if it is absent or of another
// type.
func metadata[T any](c *checkpoint.Checkpoint, key string, def T) T {
	value, _ := c.Metadata("tokenizer.ggml." + key)
	if v, ok := value.(T); ok {
		return v
	}
	return def
}

// tokenID returns an id of the tokenizer; 2^32-1 stands for none.
func tokenID(c *checkpoint.Checkpoint, key string, def int) int {
	id := metadata(c, key, uint32(1<<32-1))
	if id == 1<<32-1 {
		return def
	}
	return int(id)
}

// pairs returns the metadata of a GGUF file with an embedding of that many rows.
func (v *vocab) pairs(rows int) []gguf.Pair {
	list := []gguf.Pair{{Key: "tokenizer.ggml.model", Value: v.model}}
	add := func(key string, value any) {
		list = append(list, gguf.Pair{Key: "tokenizer.ggml." + key, Value: value})
	}
	for _, s := range v.special() {
		if s.id >= 0 {
			add(s.key, uint32(s.id))
		}
	}
	if v.model == "none" {
		return list
	}
	tokens, types, scores := v.padded(rows)
	if v.pre != "" {
		add("pre", v.pre)
	}
	add("tokens", tokens)
	add("token_type", types)
	if v.model == "llama" {
		add("scores", scores)
		add("add_space_prefix", v.spacePrefix)
	} else {
		add("merges", v.merges)
	}
	add("add_bos_token", v.addBOS)
	add("add_eos_token", v.addEOS)
	if v.template != "" {
		list = append(list, gguf.Pair{Key: "tokenizer.chat_template", Value: v.template})
	}
	return list
}

// padded returns the tokens with names for rows of the embedding beyond them,
// because llama.cpp wants one for each row.
func (v *vocab) padded(rows int) (tokens []string, types []int32, scores []float32) {
	tokens, types, scores = slices.Clone(v.tokens), slices.Clone(v.types), slices.Clone(v.scores)
	for i := len(tokens); i < rows; i++ {
		tokens, types = append(tokens, fmt.Sprintf("[PAD%d]", i)), append(types, tokenizer.TypeUnused)
		scores = append(scores, 0)
	}
	return tokens, types, scores
}

// specialID is a special token by the key of GGUF; the id is -1 if there is none.
type specialID struct {
	key string
	id  int
}

func (v *vocab) special() []specialID {
	return []specialID{
		{"bos_token_id", v.bos}, {"eos_token_id", v.eos}, {"unknown_token_id", v.unknown}, {"padding_token_id", v.padding},
		{"eot_token_id", v.end(0)}, {"eom_token_id", v.end(1)},
	}
}

// end returns the id of one more token that ends generation, -1 if there is
// none. GGUF has keys for two, and llama.cpp makes no difference between them.
func (v *vocab) end(i int) int {
	if i < len(v.ends) {
		return v.ends[i]
	}
	return -1
}

// files returns the tokenizer files of a Hugging Face folder by name.
func (v *vocab) files(c *checkpoint.Config) (map[string][]byte, error) {
	files := map[string][]byte{}
	if v.model == "none" {
		return files, nil
	}
	config := object{
		"add_bos_token": v.addBOS, "add_eos_token": v.addEOS, "model_max_length": c.Context, "clean_up_tokenization_spaces": false,
		// It takes tokenizer.json as it is. LlamaTokenizer of transformers 5 makes its own of the words, and puts no space before a
		// text that starts with one.
		"tokenizer_class": "PreTrainedTokenizerFast",
	}
	for key, id := range map[string]int{"bos_token": v.bos, "eos_token": v.eos, "unk_token": v.unknown, "pad_token": v.padding} {
		if id >= 0 && id < len(v.tokens) {
			config[key] = v.tokens[id]
		}
	}
	if v.template != "" {
		config["chat_template"] = v.template
	}
	var err error
	if v.model == "llama" {
		files["tokenizer.model"] = v.sentencePiece()
		files["tokenizer.json"], err = v.sentencePieceJSON()
	} else {
		files["tokenizer.json"], err = v.tokenizerJSON()
	}
	if err != nil {
		return nil, err
	}
	files["tokenizer_config.json"], err = marshal(config)
	return files, err
}
