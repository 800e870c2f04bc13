package convert

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/checkpoint/safetensors"
	"github.com/lpuctl/lpuctl/internal/quant"
)

// hfTypes are the types that are copied to a folder as they are.
var hfTypes = []*quant.Type{quant.F32, quant.F16, quant.BF16}

// ToHF plans a Hugging Face folder: config.json, generation_config.json,
// model.safetensors, and the tokenizer if the checkpoint has one. Weights get
// the type (F32, F16 or BF16). If it is nil they keep theirs if it is one of
// these, other types become F16 or F32, exactly, and the experts of gpt-oss stay
// in MXFP4; what GGUF has in F32 whatever the type of the others gets that type
// if it holds it exactly.
func ToHF(c *checkpoint.Checkpoint, typ *quant.Type) (*Plan, error) {
	config := c.Config()
	f, err := familyOf(&config)
	if err != nil {
		return nil, err
	}
	if typ != nil && typ != widened(typ, hfTypes) {
		return nil, fmt.Errorf("a Hugging Face folder holds F32, F16 or BF16, not %s", typ)
	}
	v, err := readVocab(c)
	if err != nil {
		return nil, err
	}
	files, err := v.files(&config)
	if err != nil {
		return nil, err
	}
	b := hfBuilder(c, &config, typ)
	p := &Plan{}
	if p.tensors, err = b.tensors(); err == nil && typ == nil {
		err = p.narrow()
	}
	if err != nil {
		return nil, err
	}
	object, err := f.configJSON(&config, v, mainType(p.tensors))
	if err != nil {
		return nil, err
	}
	if b.mxfp4 {
		object["quantization_config"] = mxfp4Config()
	}
	if err := addConfig(files, &config, object); err != nil {
		return nil, err
	}
	p.write = func(path string, rows rowWriter) error { return p.writeFolder(path, files, rows) }
	return p, nil
}

// hfBuilder plans tensors of a type, or of those that they have if it is nil.
func hfBuilder(c *checkpoint.Checkpoint, config *checkpoint.Config, typ *quant.Type) *builder {
	b := &builder{c: c, config: config, format: "safetensors", mxfp4: typ == nil && inMXFP4(c, config)}
	b.typ = func(_ checkpoint.Spec, from *checkpoint.Tensor) *quant.Type {
		if typ != nil {
			return typ
		}
		return widened(from.Type, hfTypes)
	}
	return b
}

// narrow gives what is F32 in any GGUF file the type of most elements, if that
// holds it exactly.
func (p *Plan) narrow() error {
	typ := mainType(p.tensors)
	for i := range p.tensors {
		t := &p.tensors[i]
		if !t.wide || t.typ != quant.F32 || typ == quant.F32 {
			continue
		}
		fits, err := t.fits(typ)
		if err != nil {
			return err
		}
		if fits {
			t.typ = typ
		}
	}
	return nil
}

// inMXFP4 says whether all experts of a gpt-oss are in MXFP4.
func inMXFP4(c *checkpoint.Checkpoint, config *checkpoint.Config) bool {
	if config.Architecture != "gpt_oss" {
		return false
	}
	for s := range config.Stored("safetensors") {
		for _, part := range s.Parts {
			t, err := c.Tensor(part.Name)
			if err != nil || s.InTurn && len(part.Shape) == 3 && t.Type != quant.MXFP4 {
				return false
			}
		}
	}
	return true
}

// mxfp4Config is the quantization_config of gpt-oss.
func mxfp4Config() map[string]any {
	return map[string]any{"quant_method": "mxfp4", "modules_to_not_convert": []string{
		"model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head",
	}}
}

// writeFolder writes everything to a folder beside path, which then gets its
// name.
func (p *Plan) writeFolder(path string, files map[string][]byte, rows rowWriter) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s exists", path)
	}
	dir, err := os.MkdirTemp(filepath.Dir(filepath.Clean(path)), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) // nothing is there once it has its name
	var entries []safetensors.Entry
	for i := range p.tensors {
		t := &p.tensors[i]
		entries = append(entries, safetensors.Entry{Name: t.name, Shape: t.shape, Type: t.typ, Write: rows.of(t)})
	}
	err = safetensors.WriteEntries(filepath.Join(dir, "model.safetensors"), entries, map[string]string{"format": "pt"})
	for name, data := range files {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), data, 0o644))
	}
	if err = errors.Join(err, os.Chmod(dir, 0o755)); err != nil {
		return err
	}
	return os.Rename(dir, path)
}

// marshal prints JSON for people, with sorted keys.
func marshal(v any) ([]byte, error) {
	text, err := json.Marshal(v, json.Deterministic(true), jsontext.WithIndent("  "), json.FormatNilSliceAsNull(false),
		json.WithMarshalers(json.MarshalToFunc(marshalFloat)))
	return append(text, '\n'), err
}

// marshalFloat prints a number that is not an integer to Python, which some
// configurations insist on.
func marshalFloat(enc *jsontext.Encoder, v float64) error {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return enc.WriteValue(jsontext.Value(text))
}

// configJSON is config.json in the spelling of transformers 4, which 5 reads
// too.
func (f *family) configJSON(c *checkpoint.Config, v *vocab, typ *quant.Type) (map[string]any, error) {
	rope, err := ropeScaling(c)
	if err != nil {
		return nil, err
	}
	object := map[string]any{
		"architectures": []string{f.class}, "model_type": c.Architecture, "hidden_act": "silu", "attention_dropout": 0.0, "initializer_range": 0.02, "use_cache": true,
		"num_hidden_layers": c.Layers, "hidden_size": c.Hidden, "intermediate_size": c.Intermediate,
		"num_attention_heads": c.Heads, "num_key_value_heads": c.KVHeads, "head_dim": c.HeadDim,
		"vocab_size": c.Vocab, "max_position_embeddings": c.Context, "rms_norm_eps": c.NormEps,
		"rope_theta": c.Rope.Theta, "rope_scaling": rope, "tie_word_embeddings": c.TieEmbeddings,
		"torch_dtype":  map[*quant.Type]string{quant.F32: "float32", quant.F16: "float16", quant.BF16: "bfloat16"}[typ],
		"pad_token_id": orNull(v.padding),
	}
	f.config(c, object)
	return object, nil
}

// addConfig adds config.json and generation_config.json. It fails if a reader
// would not see the configuration c in them.
func addConfig(files map[string][]byte, c *checkpoint.Config, object map[string]any) (err error) {
	tokens := map[string]any{"bos_token_id": orNull(c.BOS), "eos_token_id": eos(c.EOS)}
	maps.Copy(object, tokens)
	if files["config.json"], err = marshal(object); err != nil {
		return err
	}
	if files["generation_config.json"], err = marshal(tokens); err != nil {
		return err
	}
	read, err := checkpoint.ParseConfig(files["config.json"])
	if err != nil {
		return fmt.Errorf("this %s cannot be converted: config.json would be refused: %w", c.Architecture, err)
	}
	if c.Rope.Divisors != nil { // which ropeScaling has said in another way
		read.Rope = c.Rope
	}
	return requireSaid(c, &read, "config.json")
}

// orNull is null for no token.
func orNull(id int) any {
	if id < 0 {
		return nil
	}
	return id
}

// eos is one id or a list of them.
func eos(ids []int) any {
	switch len(ids) {
	case 0:
		return nil
	case 1:
		return ids[0]
	}
	return ids
}
