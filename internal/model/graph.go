package model

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
	"github.com/lpuctl/lpuctl/ir"
)

// family puts a decoder layer together: x f32[T,hidden] is the residual stream,
// the result the stream after the layer. Its last value is "mlp.residual".
type family func(l *layer, x *ir.Value) *ir.Value

// families are the architectures by their name in a Config. Mistral, Qwen,
// Phi-3, Mixtral and gpt-oss differ from Llama in what their configs say.
func families() map[string]family {
	return map[string]family{
		"llama":       llama,
		"mistral":     llama,
		"qwen2":       llama,
		"qwen3":       llama,
		"phi3":        llama,
		"mixtral":     llama,
		"qwen3_moe":   llama,
		"gpt_oss":     llama,
		"gemma2":      gemma,
		"gemma3_text": gemma,
	}
}

// Build builds the graph of a model. Entries are @prefill (if asked for) and
// @decode. Errors name the model.
func Build(c Config, types WeightTypes, o Options) (*ir.Module, error) {
	m, err := build(c, types, o)
	if err != nil {
		return nil, fmt.Errorf("model: %s: %w", c.Name, err)
	}
	return m, nil
}

func build(c Config, types WeightTypes, o Options) (*ir.Module, error) {
	if err := o.check(&c); err != nil {
		return nil, err
	}
	family := families()[c.Architecture]
	if family == nil {
		return nil, fmt.Errorf("architecture %q has no graph", c.Architecture)
	}
	g := &graph{config: c, options: o, family: family, b: ir.NewBuilder(c.Name)}
	g.declare(types)
	if o.Prefill > 0 {
		g.entry("prefill", o.Prefill)
	}
	g.entry("decode", 1)
	return g.b.Build()
}

// graph holds the builder and the weights while the functions are made.
type graph struct {
	config  Config
	options Options
	family  family
	b       *ir.Builder
	embed   *ir.Value
	layers  []layerWeights
	norm    *ir.Value
	head    *ir.Value
	rope    tables
	local   tables // of layers with a window
}

// tables are the cosines and sines of one rotary embedding.
type tables struct{ cos, sin *ir.Value }

// layerWeights are the weights of one layer, in the order of specs.
type layerWeights struct {
	specs   []checkpoint.Spec
	weights []*ir.Value
}

// declare declares all weights in the order of the model.
func (g *graph) declare(types WeightTypes) {
	c := &g.config
	matrix := func(name string, out, in int, projection bool) *ir.Value {
		return g.b.Weight(name, types.MatrixType(name, out, in, projection))
	}
	g.embed = matrix(EmbedWeight, c.Vocab, c.Hidden, false)
	for i := range c.Layers {
		g.layers = append(g.layers, g.declareLayer(types, i))
	}
	g.norm = g.b.Weight(NormWeight, ir.Tensor(ir.F32, c.Hidden))
	g.head = g.embed
	if !c.TieEmbeddings {
		g.head = matrix(HeadWeight, c.Vocab, c.Hidden, false)
	}
	table := ir.Tensor(ir.F32, g.options.Context, c.Rotated()/2)
	g.rope = tables{g.b.Weight(CosTable, table), g.b.Weight(SinTable, table)}
	g.local = g.rope
	if c.LocalRope != nil && c.Windows != nil {
		g.local = tables{g.b.Weight(LocalCosTable, table), g.b.Weight(LocalSinTable, table)}
	}
}

// tables are those of layer i.
func (g *graph) tables(i int) tables {
	if g.config.Window(i) > 0 {
		return g.local
	}
	return g.rope
}

// layerType is the type of a weight of a layer: a vector or biases, a matrix, or
// a stack of the matrices of experts. A router is not a projection: its choice
// of experts would suffer from rounding it.
func layerType(types WeightTypes, name string, shape []int) ir.Type {
	n := len(shape)
	if n == 1 || strings.HasSuffix(name, ".bias") {
		return ir.Tensor(ir.F32, shape...)
	}
	t := types.MatrixType(name, shape[n-2], shape[n-1], !strings.HasSuffix(name, "mlp.router.weight"))
	t.Shape = shape
	return t
}

// declareLayer declares the weights of layer i. A matrix whose inputs are sorted
// is followed by their order.
func (g *graph) declareLayer(types WeightTypes, i int) layerWeights {
	var l layerWeights
	add := func(s checkpoint.Spec, t ir.Type) {
		l.specs = append(l.specs, s)
		l.weights = append(l.weights, g.b.Weight(checkpoint.LayerPrefix(i)+s.Name, t))
	}
	for _, s := range g.config.LayerTensors(i) {
		name := checkpoint.LayerPrefix(i) + s.Name
		add(s, layerType(types, name, s.Shape))
		if module, ok := strings.CutSuffix(s.Name, ".weight"); ok && len(s.Shape) == 2 && types.Sorted(name) {
			add(checkpoint.Spec{Name: module + orderSuffix, Shape: s.Shape[1:]}, ir.Tensor(ir.I32, s.Shape[1]))
		}
	}
	return l
}

// kind is the compute kind of a linear with that weight.
func (g *graph) kind(w *ir.Value) string {
	if w.Type.Elem != ir.Block && (g.options.Kind == ir.KindA8 || g.options.Kind == ir.KindA15) {
		return ir.KindF32
	}
	return g.options.Kind
}

func (g *graph) caches() (k, v ir.Type) {
	c, context := &g.config, g.options.Context
	return ir.Tensor(ir.F32, c.Layers, c.KVHeads, c.HeadDim, context),
		ir.Tensor(ir.F32, c.Layers, context, c.KVHeads, c.HeadDim)
}

// entry builds @prefill or @decode for that number of tokens, and before it
// one function for each kind of layer.
func (g *graph) entry(phase string, tokens int) {
	functions := map[string]*ir.Func{}
	for i := range g.layers {
		key := g.signature(i)
		if functions[key] == nil {
			name := "layer_" + phase
			if n := len(functions); n > 0 {
				name += "_" + strconv.Itoa(n)
			}
			functions[key] = g.layer(name, tokens, i)
		}
	}
	kType, vType := g.caches()
	f := g.b.Func(phase, false)
	ids := f.Param("tokens", ir.Tensor(ir.I32, tokens))
	pos := f.Param("pos", ir.Tensor(ir.I32))
	k, v := f.Param("kcache", kType), f.Param("vcache", vType)
	x := f.ScaledEmbed("embed", ids, g.embed, g.config.EmbedScale)
	for i, l := range g.layers {
		path, rope := "layers."+strconv.Itoa(i), g.tables(i)
		args := append([]*ir.Value{x, k, v, f.Const(path+".index", i), pos, rope.cos, rope.sin}, l.weights...)
		results := f.Call(functions[g.signature(i)], []string{path, path + ".kcache", path + ".vcache"}, args...)
		x, k, v = results[0], results[1], results[2]
	}
	x = f.RMSNorm("norm", x, g.norm, g.config.NormEps)
	if limit := g.config.LogitSoftcap; limit > 0 {
		f.Return(f.Softcap("logits", f.Linear("head", x, g.head, g.kind(g.head)), limit), k, v)
		return
	}
	f.Return(f.Linear("logits", x, g.head, g.kind(g.head)), k, v)
}

// signature tells which layers share a function: those with the same window
// and the same weights, by name and type.
func (g *graph) signature(i int) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%d ", g.config.Window(i))
	for j, w := range g.layers[i].weights {
		fmt.Fprintf(&s, "%s:%v ", g.layers[i].specs[j].Name, w.Type)
	}
	return s.String()
}
