package convert

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"

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
// the type (F32, F16 or BF16), or keep theirs if it is nil and one of these;
// other types become F16 or F32, exactly.
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
	p := &Plan{}
	for spec := range config.Tensors() {
		t, err := c.Tensor(spec.Name)
		if err != nil {
			return nil, err
		}
		to := typ
		if to == nil {
			to = widened(t.Type, hfTypes)
		}
		p.tensors = append(p.tensors, tensor{name: spec.Name, shape: t.Shape, typ: to, src: t})
	}
	if err := f.addConfig(files, &config, mainType(p.tensors)); err != nil {
		return nil, err
	}
	p.write = func(path string, rows rowWriter) error { return p.writeFolder(path, files, rows) }
	return p, nil
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
	text, err := json.Marshal(v, json.Deterministic(true), jsontext.WithIndent("  "), json.FormatNilSliceAsNull(false))
	return append(text, '\n'), err
}

// addConfig adds config.json in the spelling of transformers 4, which 5 reads
// too, and generation_config.json.
func (f *family) addConfig(files map[string][]byte, c *checkpoint.Config, typ *quant.Type) (err error) {
	rope, err := ropeScaling(c)
	if err != nil {
		return err
	}
	tokens := map[string]any{"bos_token_id": orNull(c.BOS), "eos_token_id": eos(c.EOS)}
	object := map[string]any{
		"architectures": []string{f.class}, "model_type": f.modelType(c), "hidden_act": "silu", "attention_dropout": 0.0, "initializer_range": 0.02, "use_cache": true,
		"num_hidden_layers": c.Layers, "hidden_size": c.Hidden, "intermediate_size": c.Intermediate,
		"num_attention_heads": c.Heads, "num_key_value_heads": c.KVHeads, "head_dim": c.HeadDim,
		"vocab_size": c.Vocab, "max_position_embeddings": c.Context, "rms_norm_eps": c.NormEps,
		"rope_theta": c.Rope.Theta, "rope_scaling": rope, "tie_word_embeddings": c.TieEmbeddings,
		"torch_dtype": map[*quant.Type]string{quant.F32: "float32", quant.F16: "float16", quant.BF16: "bfloat16"}[typ],
	}
	f.config(c, object)
	maps.Copy(object, tokens)
	if files["config.json"], err = marshal(object); err != nil {
		return err
	}
	files["generation_config.json"], err = marshal(tokens)
	return err
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

// ropeScaling returns the value of rope_scaling.
func ropeScaling(c *checkpoint.Config) (any, error) {
	r := &c.Rope
	switch {
	case r.Divisors != nil && r.Type != "default":
		return nil, fmt.Errorf("rope is both %s and divided by rope_freqs.weight, which config.json cannot say", r.Type)
	case r.Divisors != nil:
		return llama3Of(c)
	case r.Type == "linear":
		return map[string]any{"rope_type": "linear", "factor": r.Factor}, nil
	case r.Type == "llama3":
		return llama3Scaling(r), nil
	}
	return nil, nil
}

func llama3Scaling(r *checkpoint.Rope) map[string]any {
	return map[string]any{
		"rope_type": "llama3", "factor": r.Factor, "low_freq_factor": r.LowFreq, "high_freq_factor": r.HighFreq,
		"original_max_position_embeddings": r.OriginalContext,
	}
}

// llama3Of finds the scaling that gives the divisors: that of Llama 3.1 to 3.3,
// whose factor is the largest divisor.
func llama3Of(c *checkpoint.Config) (any, error) {
	guess := *c
	guess.Rope.Type, guess.Rope.LowFreq, guess.Rope.HighFreq, guess.Rope.OriginalContext = "llama3", 1, 4, 8192
	for _, d := range c.Rope.Divisors {
		guess.Rope.Factor = max(guess.Rope.Factor, float64(d))
	}
	for i, d := range divisors(&guess) {
		if math.Abs(float64(d/c.Rope.Divisors[i])-1) > 1e-6 { // computed in float32 elsewhere
			return nil, fmt.Errorf("rope_freqs.weight is not the scaling of Llama 3.1: element %d is %g, want %g", i, c.Rope.Divisors[i], d)
		}
	}
	return llama3Scaling(&guess.Rope), nil
}
