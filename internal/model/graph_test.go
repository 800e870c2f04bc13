package model

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/ir"
)

var update = flag.Bool("update", false, "rewrite testdata")

// TestGraph compares the text of graphs with testdata: stories260K and Gemma 3,
// with two layers, 4-bit projections and a prefill of 4.
func TestGraph(t *testing.T) {
	types := PresetTypes{&ir.Quant{Bits: 4, Group: 32, Scale: ir.F16}}
	for name, golden := range map[string]string{"stories260k": "testdata/llama.ir", "gemma3-270m": "testdata/gemma3.ir"} {
		c, err := Preset(name)
		require.NoError(t, err)
		c.Layers = 2
		if c.Windows != nil {
			c.Windows = []int{512, 0}
		}
		m, err := Build(c, types, Options{Kind: ir.KindA15, Context: 32, Prefill: 4})
		require.NoError(t, err)
		if *update {
			require.NoError(t, os.WriteFile(golden, []byte(m.String()), 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), m.String())
	}
}

// mixedTypes gives the down projection of layer 1 another type.
type mixedTypes struct{ PresetTypes }

func (m mixedTypes) MatrixType(name string, out, in int, projection bool) ir.Type {
	if name == "model.layers.1.mlp.down_proj.weight" {
		return ir.Tensor(ir.BF16, out, in)
	}
	return m.PresetTypes.MatrixType(name, out, in, projection)
}

// TestMixedLayers: layers of other weight types get a function of their own,
// and linears with float weights multiply float32.
func TestMixedLayers(t *testing.T) {
	c, err := Preset("stories260k")
	require.NoError(t, err)
	types := mixedTypes{PresetTypes{&ir.Quant{Bits: 8, Group: 64, Scale: ir.F32, Zero: true}}}
	m, err := Build(c, types, Options{Kind: ir.KindA8})
	require.NoError(t, err)
	var callees []string
	for _, n := range m.Func("decode").Nodes {
		if n.Callee != nil {
			callees = append(callees, n.Callee.Name)
		}
	}
	require.Equal(t, []string{"layer_decode", "layer_decode_1", "layer_decode", "layer_decode", "layer_decode"}, callees)
	require.Equal(t, map[string]string{"mlp.down": "f32", "mlp.up": "a8"}, kinds(m.Func("layer_decode_1"), "mlp.down", "mlp.up"))
	require.Equal(t, map[string]string{"mlp.down": "a8"}, kinds(m.Func("layer_decode"), "mlp.down"))
	require.Equal(t, map[string]string{"logits": "f32"}, kinds(m.Func("decode"), "logits"))
	require.Nil(t, m.Func("prefill"))
}

func kinds(f *ir.Func, names ...string) map[string]string {
	found := map[string]string{}
	for _, n := range f.Nodes {
		for _, name := range names {
			if n.Path() == name {
				found[name] = n.Attrs.Str("kind")
			}
		}
	}
	return found
}

// TestTiedHead: the head is the embedding, or a weight of its own.
func TestTiedHead(t *testing.T) {
	for _, name := range []string{"stories260k", "tinyllama-1.1b"} {
		c, err := Preset(name)
		require.NoError(t, err)
		m, err := Build(c, PresetTypes{}, Options{Kind: ir.KindF16})
		require.NoError(t, err)
		nodes := m.Func("decode").Nodes
		head := nodes[len(nodes)-1].Args[1].Name
		require.Equal(t, map[bool]string{true: EmbedWeight, false: HeadWeight}[c.TieEmbeddings], head)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		want   string
		change func(c *Config, o *Options)
	}{
		{"layers is 0, not 1 to 1048576", func(c *Config, _ *Options) { c.Layers = 0 }},
		{"hidden size is -1, not 1 to 1048576", func(c *Config, _ *Options) { c.Hidden = -1 }},
		{"intermediate size is 0, not 1 to 1048576", func(c *Config, _ *Options) { c.Intermediate = 0 }},
		{"query heads is 0, not 1 to 1048576", func(c *Config, _ *Options) { c.Heads = 0 }},
		{"KV heads is 0, not 1 to 1048576", func(c *Config, _ *Options) { c.KVHeads = 0 }},
		{"head dimension is 0, not 1 to 1048576", func(c *Config, _ *Options) { c.HeadDim = 0 }},
		{"vocabulary is 0, not 1 to 1048576", func(c *Config, _ *Options) { c.Vocab = 0 }},
		{"context is 0 positions, not 1 to 2147483647", func(c *Config, _ *Options) { c.Context = 0 }},
		{"8 query heads do not divide among 3 KV heads", func(c *Config, _ *Options) { c.KVHeads = 3 }},
		{"head dimension 7 is odd", func(c *Config, _ *Options) { c.HeadDim = 7 }},
		{"context of 16777217 with a prefill of 0", func(c *Config, _ *Options) { c.Context = 1<<24 + 1 }},
		{`architecture "gpt2" has no graph`, func(c *Config, _ *Options) { c.Architecture = "gpt2" }},
		{"4097 layers, at most 4096", func(c *Config, _ *Options) { c.Layers = 4097 }},
		{"context of -1 with a prefill of 0", func(_ *Config, o *Options) { o.Context = -1 }},
		{"context of 512 with a prefill of 513", func(_ *Config, o *Options) { o.Prefill = 513 }},
		{"context of 512 with a prefill of -1", func(_ *Config, o *Options) { o.Prefill = -1 }},
		{`ir: @layer_decode: %attn.q = linear: kind "f64" cannot take the weight f16[64,64]`, func(_ *Config, o *Options) { o.Kind = "f64" }},
	} {
		config, err := Preset("stories260k")
		require.NoError(t, err)
		o := Options{Kind: ir.KindF32}
		c.change(&config, &o)
		_, err = Build(config, PresetTypes{}, o)
		require.EqualError(t, err, "model: stories260k: "+c.want)
	}
}

// TestLargestNumbers: sizes at their bounds end in an error, not in a panic.
func TestLargestNumbers(t *testing.T) {
	const most = 1 << 20
	for _, change := range []func(c *Config){
		func(c *Config) { c.Heads, c.HeadDim, c.Hidden = most, most, most },
		func(c *Config) { c.Heads, c.KVHeads, c.HeadDim, c.Context = most, most, most, maxContext },
	} {
		config, err := Preset("stories260k")
		require.NoError(t, err)
		change(&config)
		_, err = Build(config, PresetTypes{}, Options{Kind: ir.KindF32})
		require.ErrorContains(t, err, "2^48")
	}
}
