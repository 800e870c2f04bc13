package prove_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/golden"
	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/internal/checkpoint/safetensors"
	"github.com/lpuctl/lpuctl/internal/engine"
	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/internal/prove"
	"github.com/lpuctl/lpuctl/internal/toolchain"
	"github.com/lpuctl/lpuctl/ir"
	"github.com/lpuctl/lpuctl/reference"
)

const goldens = "../../golden/testdata/"

// family is a tiny model with a golden that transformers recorded.
type family struct {
	folder  string
	golden  string // file
	context int    // of the graph, 0 for that of the architecture
}

func families() []family {
	var all []family
	for _, folder := range []string{
		"llama", "llama3", "llama_bias", "llama_linear", "llama_yarn", "mistral",
		"qwen2", "qwen2_window", "qwen3", "gemma2", "gemma3_text", "phi3",
		"mixtral", "qwen3_moe", "gpt_oss", "gpt_oss_mxfp4",
	} {
		all = append(all, family{folder, "golden.safetensors", 0})
	}
	return append(all, family{"phi3", "golden.short.safetensors", 36})
}

// TestFamilies holds every family against transformers: the logits of a
// prefill and of decode steps, the greedy choices, and the hidden states after
// each layer; with the config.json of transformers 5 and with that of 4.
func TestFamilies(t *testing.T) {
	for _, f := range families() {
		for _, config := range []string{"config.json", "config.old.json"} {
			t.Run(f.folder+"/"+f.golden+"/"+config, func(t *testing.T) {
				f.requireGolden(t, open(t, f.copy(t, config)))
			})
		}
	}
}

// copy makes a folder of the model whose config.json is that file.
func (f family) copy(t testing.TB, config string) string {
	t.Helper()
	dir := t.TempDir()
	for to, from := range map[string]string{"config.json": config, "model.safetensors": "model.safetensors"} {
		data, err := os.ReadFile(filepath.Join(goldens, f.folder, from))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, to), data, 0o644))
	}
	return dir
}

func open(t testing.TB, dir string) *model.Model {
	t.Helper()
	m, err := model.Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

// compare holds the model against the golden of the family.
func (f family) compare(t testing.TB, m *model.Model) ([]*golden.Verdict, error) {
	t.Helper()
	recorded, err := prove.LoadGolden(filepath.Join(goldens, f.folder, f.golden))
	require.NoError(t, err)
	e, err := engineOf(t, m, model.Options{Kind: ir.KindF32, Context: f.context, Prefill: 16})
	if err != nil {
		return nil, err
	}
	return prove.Within(t.Context(), golden.Float32Policy(), e, recorded)
}

// requireGolden: logits and hidden states are within the tolerance.
func (f family) requireGolden(t testing.TB, m *model.Model) {
	t.Helper()
	verdicts, err := f.compare(t, m)
	require.NoError(t, err)
	require.Len(t, verdicts, 2)
	for _, v := range verdicts {
		require.Equal(t, golden.WithinTolerance, v.Outcome, "%s: %s", v.Check, v.Reason)
	}
}

func engineOf(t testing.TB, m *model.Model, o model.Options) (*reference.Engine, error) {
	g, err := m.Graph(o, nil)
	if err != nil {
		return nil, err
	}
	store, err := pack.Build(t.Context(), g.Plan, g.Source, nil)
	if err != nil {
		return nil, err
	}
	e, err := reference.New(g.Module, store, reference.Options{})
	if err == nil {
		t.Cleanup(e.Close)
	}
	return e, err
}

// TestFaults: what a faulty reader of configurations would get wrong makes a
// golden fail.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name, folder string
		fault        func(c *model.Config)
	}{
		{"eps ignored", "llama", func(c *model.Config) { c.NormEps = 1e-6 }},
		{"eps ignored", "gemma2", func(c *model.Config) { c.NormEps = 1e-6 }},
		{"theta ignored", "qwen2", func(c *model.Config) { c.Rope.Theta = 10000 }},
		{"rope scaling dropped", "llama_linear", dropScaling},
		{"rope scaling dropped", "llama3", dropScaling},
		{"rope scaling dropped", "llama_yarn", dropScaling},
		{"rope scaling dropped", "phi3", dropScaling},
		{"rope scaling dropped", "gemma3_text", dropScaling},
		{"attention factor dropped", "llama_yarn", func(c *model.Config) { c.Rope.AttentionFactor = 1 }},
		{"attention factor dropped", "phi3", func(c *model.Config) { c.Rope.AttentionFactor = 1 }},
		{"betas ignored", "llama_yarn", func(c *model.Config) { c.Rope.BetaFast, c.Rope.BetaSlow = 32, 1 }},
		{"short factors", "phi3", func(c *model.Config) { c.Rope.LongFactors = c.Rope.ShortFactors }},
		{"all of the head rotates", "phi3", func(c *model.Config) {
			c.RotaryDim, c.Rope = 0, checkpoint.Rope{Type: "default", Theta: c.Rope.Theta}
		}},
		{"bias dropped", "qwen2", func(c *model.Config) { c.QKVBias = false }},
		{"bias dropped", "llama_bias", func(c *model.Config) { c.QKVBias = false }},
		{"output bias dropped", "llama_bias", func(c *model.Config) { c.OutBias = false }},
		{"MLP bias dropped", "llama_bias", func(c *model.Config) { c.MLPBias = false }},
		{"window one wider", "mistral", moveWindows(1)},
		{"window one narrower", "mistral", moveWindows(-1)},
		{"window one wider", "qwen2_window", moveWindows(1)},
		{"window one wider", "gemma2", moveWindows(1)},
		{"window one narrower", "gemma3_text", moveWindows(-1)},
		{"window one narrower", "phi3", moveWindows(-1)},
		{"window ignored", "mistral", func(c *model.Config) { c.Windows = nil }},
		{"window in the other layers", "gemma2", func(c *model.Config) { c.Windows = append(c.Windows[1:], c.Windows[0]) }},
		{"local rope dropped", "gemma3_text", func(c *model.Config) { c.LocalRope = nil }},
		{"soft cap of scores missing", "gemma2", func(c *model.Config) { c.AttentionSoftcap = 0 }},
		{"soft cap of logits missing", "gemma2", func(c *model.Config) { c.LogitSoftcap = 0 }},
		{"scale of scores ignored", "gemma3_text", func(c *model.Config) { c.ScoreScale = 0 }},
		{"scale of embeddings missing", "gemma2", func(c *model.Config) { c.EmbedScale = 0 }},
		{"norms of heads missing", "qwen3", func(c *model.Config) { c.QKNorm = false }},
		{"silu for gelu", "gemma3_text", func(c *model.Config) { c.GELU = false }},
		{"expert weights not renormalized", "mixtral", func(c *model.Config) { c.Experts.Normalize = false }},
		{"expert weights not renormalized", "qwen3_moe", func(c *model.Config) { c.Experts.Normalize = false }},
		{"expert weights not renormalized", "gpt_oss", func(c *model.Config) { c.Experts.Normalize = false }},
		{"one expert less", "qwen3_moe", func(c *model.Config) { c.Experts.PerToken-- }},
		{"limit of SwiGLU ignored", "gpt_oss", func(c *model.Config) { c.Experts.Limit = 7 }},
		{"alpha of SwiGLU ignored", "gpt_oss", func(c *model.Config) { c.Experts.Alpha = 1 }},
		{"plain SwiGLU", "gpt_oss", func(c *model.Config) { c.Experts.Limit = 0 }},
		{"expert biases dropped", "gpt_oss", func(c *model.Config) { c.Experts.Bias = false }},
		{"sinks dropped", "gpt_oss", func(c *model.Config) { c.Sinks = false }},
		{"bounds of yarn rounded", "gpt_oss", func(c *model.Config) { c.Rope.Untruncated = false }},
		{"window one wider", "gpt_oss", moveWindows(1)},
		{"norms after missing", "gemma2", func(c *model.Config) { c.Architecture, c.PostNorms = "llama", false }},
	} {
		t.Run(c.folder+": "+c.name, func(t *testing.T) {
			m := open(t, filepath.Join(goldens, c.folder))
			c.fault(&m.Config)
			requireFailure(t, family{c.folder, "golden.safetensors", 0}, m)
		})
	}
}

// TestHeadDimIgnored: with another head dimension the weights do not fit.
func TestHeadDimIgnored(t *testing.T) {
	for _, folder := range []string{"llama_bias", "mistral", "qwen3", "gemma2"} {
		dir := family{folder: folder}.copy(t, "config.json")
		path := filepath.Join(dir, "config.json")
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		ignored := regexp.MustCompile(`"head_dim": \d+`).ReplaceAll(text, []byte(`"head_dim": 18`))
		require.NotEqual(t, text, ignored)
		require.NoError(t, os.WriteFile(path, ignored, 0o644))
		_, err = model.Open(dir)
		require.ErrorContains(t, err, "but the configuration asks for [", folder)
	}
}

func dropScaling(c *model.Config) { c.Rope = checkpoint.Rope{Type: "default", Theta: c.Rope.Theta} }

func moveWindows(by int) func(c *model.Config) {
	return func(c *model.Config) {
		for i, w := range c.Windows {
			if w > 0 {
				c.Windows[i] = w + by
			}
		}
	}
}

// requireFailure: the model differs from the golden.
func requireFailure(t *testing.T, f family, m *model.Model) {
	t.Helper()
	verdicts, err := f.compare(t, m)
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(verdicts, func(v *golden.Verdict) bool { return v.Outcome == golden.Differs }))
}

// TestSwappedNorms: a reader that takes one norm of a layer for another.
func TestSwappedNorms(t *testing.T) {
	for folder, pair := range map[string][2]string{
		"llama":       {"input_layernorm", "post_attention_layernorm"},
		"qwen3":       {"self_attn.q_norm", "self_attn.k_norm"},
		"gemma2":      {"post_attention_layernorm", "pre_feedforward_layernorm"},
		"gemma3_text": {"pre_feedforward_layernorm", "post_feedforward_layernorm"},
	} {
		t.Run(folder, func(t *testing.T) {
			f := family{folder, "golden.safetensors", 0}
			dir := f.copy(t, "config.json")
			path := filepath.Join(dir, "model.safetensors")
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			file, err := safetensors.Parse(path, data)
			require.NoError(t, err)
			swap := strings.NewReplacer(pair[0], pair[1], pair[1], pair[0])
			list := slices.Clone(file.Tensors())
			for i := range list {
				list[i].Name = swap.Replace(list[i].Name)
			}
			require.NoError(t, safetensors.Write(path, list, nil))
			requireFailure(t, f, open(t, dir))
		})
	}
}

// TestActivations15 holds a15 against f32 on the same INT4 weights.
func TestActivations15(t *testing.T) {
	policy := golden.Activations15Policy()
	for _, f := range families() {
		t.Run(f.folder+"/"+f.golden, func(t *testing.T) {
			recorded, err := prove.LoadGolden(filepath.Join(goldens, f.folder, f.golden))
			require.NoError(t, err)
			m := open(t, filepath.Join(goldens, f.folder))
			run := func(kind string) *golden.Recorded {
				e, err := engineOf(t, m, model.Options{
					Kind: kind, Context: f.context, Prefill: 16, Quant: &ir.Quant{Bits: 4, Group: 32, Scale: ir.F16},
				})
				require.NoError(t, err)
				r, err := engine.Replay(t.Context(), e, recorded.IDs, recorded.Prompt)
				require.NoError(t, err)
				return &golden.Recorded{Engine: kind, IDs: r.IDs, Prompt: r.Prompt, Logits: r.Logits, Vocab: r.Vocab}
			}
			v := golden.Logits(policy, run(ir.KindF32), run(ir.KindA15))
			require.Equal(t, golden.WithinTolerance, v.Outcome, v.Reason)
		})
	}
}

var full = flag.Bool("full", false, "compile every family in every kind")

// compiledFamilies are those whose graphs differ in more than rope tables.
func compiledFamilies() []string {
	return []string{"llama_bias", "mistral", "qwen2_window", "qwen3", "gemma2", "gemma3_text", "phi3",
		"mixtral", "qwen3_moe", "gpt_oss", "gpt_oss_mxfp4"}
}

// TestFamiliesCompiled holds compiled MLIR of every family against the
// reference, bit for bit: float weights in f32, INT4 weights in a8 and a15.
// Compiling takes long: without -full it is one of the three in turn.
func TestFamiliesCompiled(t *testing.T) {
	tools, err := toolchain.Find(t.Context(), os.Getenv)
	if err != nil {
		t.Skipf("not checked: %v", err)
	}
	kinds := []string{ir.KindF32, ir.KindA8, ir.KindA15}
	if !*full {
		t.Log("not checked: two of the kinds f32, a8 and a15 of each compiled family (make test-families)")
	}
	for i, folder := range compiledFamilies() {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			m := open(t, filepath.Join(goldens, folder))
			if *full {
				requireCompiled(t, tools, m, kinds)
			} else {
				requireCompiled(t, tools, m, kinds[i%3:i%3+1])
			}
		})
	}
}

func requireCompiled(t *testing.T, tools *toolchain.Toolchain, m *model.Model, kinds []string) {
	t.Helper()
	cases, err := prove.Cases(m, kinds, model.Options{Prefill: 16}, 32, nil)
	require.NoError(t, err)
	for _, c := range cases {
		c.Work, c.Start, c.Prompt, c.Decode, c.Threads = t.TempDir(), 3, 37, 5, 1
		c.Tools, c.Stage = tools, func(string) {}
		proof, err := c.Validate(t.Context())
		require.NoError(t, err)
		for _, v := range proof.Verdicts {
			require.Equal(t, golden.Identical, v.Outcome, "%s: %s", v.Check, v.Reason)
		}
	}
}
