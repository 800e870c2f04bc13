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

// families are the architectures by their name in a Config.
func families() map[string]family {
	return map[string]family{
		"llama": llama,
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
	config   Config
	options  Options
	family   family
	b        *ir.Builder
	embed    *ir.Value
	layers   []layerWeights
	norm     *ir.Value
	head     *ir.Value
	cos, sin *ir.Value
}

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
		l := layerWeights{specs: c.LayerTensors(i)}
		for _, s := range l.specs {
			name := checkpoint.LayerPrefix(i) + s.Name
			if len(s.Shape) == 2 {
				l.weights = append(l.weights, matrix(name, s.Shape[0], s.Shape[1], true))
			} else {
				l.weights = append(l.weights, g.b.Weight(name, ir.Tensor(ir.F32, s.Shape...)))
			}
		}
		g.layers = append(g.layers, l)
	}
	g.norm = g.b.Weight(NormWeight, ir.Tensor(ir.F32, c.Hidden))
	g.head = g.embed
	if !c.TieEmbeddings {
		g.head = matrix(HeadWeight, c.Vocab, c.Hidden, false)
	}
	table := ir.Tensor(ir.F32, g.options.Context, c.HeadDim/2)
	g.cos, g.sin = g.b.Weight(CosTable, table), g.b.Weight(SinTable, table)
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
	x := f.Embed("embed", ids, g.embed)
	for i, l := range g.layers {
		path := "layers." + strconv.Itoa(i)
		args := append([]*ir.Value{x, k, v, f.Const(path+".index", i), pos, g.cos, g.sin}, l.weights...)
		results := f.Call(functions[g.signature(i)], []string{path, path + ".kcache", path + ".vcache"}, args...)
		x, k, v = results[0], results[1], results[2]
	}
	x = f.RMSNorm("norm", x, g.norm, g.config.NormEps)
	f.Return(f.Linear("logits", x, g.head, g.kind(g.head)), k, v)
}

// signature tells which layers share a function: those with the same weights,
// by name and type.
func (g *graph) signature(i int) string {
	var s strings.Builder
	for j, w := range g.layers[i].weights {
		fmt.Fprintf(&s, "%s:%v ", g.layers[i].specs[j].Name, w.Type)
	}
	return s.String()
}
