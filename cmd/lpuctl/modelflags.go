package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/internal/builtin"
	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/ir"
)

// graphFlags choose the graph that is built of a model.
type graphFlags struct {
	kind      string
	quant     string
	group     int
	context   int
	prefill   int
	synthetic int64
}

func (g *graphFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&g.kind, "kind", "auto", "compute kind of the linears: auto, f32, f16, a8 or a15 (auto: a15 for INT4 and INT8 weights, else f32)")
	f.StringVar(&g.quant, "quant", "none", "quantize the projections: none, int4 or int8")
	f.IntVar(&g.group, "group", 32, "inputs that share a scale when quantizing: 32, 64 or 128")
	f.IntVar(&g.context, "context", 0, "positions of the KV cache (0: the model's)")
	f.IntVar(&g.prefill, "prefill", 32, "tokens of a prefill call (0: no prefill entry)")
	f.Int64Var(&g.synthetic, "synthetic", -1, "give a preset deterministic weights from this seed")
	complete(cmd, "kind", append([]string{"auto"}, ir.Kinds()...))
	complete(cmd, "quant", []string{"none", "int4", "int8"})
	complete(cmd, "group", []string{"32", "64", "128"})
}

// complete offers fixed values for a flag in shell completion.
func complete(cmd *cobra.Command, flag string, values []string) {
	fixed := cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
	if err := cmd.RegisterFlagCompletionFunc(flag, fixed); err != nil {
		panic(err) // the flag is not defined: a bug of ours
	}
}

// options turns the flags into the options of the graph for a model.
func (g *graphFlags) options(m *model.Model) (model.Options, error) {
	o := model.Options{Kind: g.kind, Context: g.context, Prefill: g.prefill}
	if err := cmp.Or(checkCount("context", g.context, 0), checkCount("prefill", g.prefill, 0)); err != nil {
		return o, err
	}
	switch g.quant {
	case "none":
	case "int4", "int8":
		o.Quant = &ir.Quant{Bits: int(g.quant[3] - '0'), Group: g.group, Scale: ir.F16}
	default:
		return o, usagef("--quant %s: want none, int4 or int8", g.quant)
	}
	if !slices.Contains([]int{32, 64, 128}, g.group) {
		return o, usagef("--group %d: want 32, 64 or 128", g.group)
	}
	integers := o.Quant != nil || m.HasIntegers()
	switch {
	case g.kind == "auto" && integers:
		o.Kind = ir.KindA15
	case g.kind == "auto":
		o.Kind = ir.KindF32
	case !slices.Contains(ir.Kinds(), g.kind):
		return o, usagef("--kind %s: want auto or one of %s", g.kind, strings.Join(ir.Kinds(), ", "))
	case (g.kind == ir.KindA8 || g.kind == ir.KindA15) && !integers:
		return o, usagef("--kind %s needs INT4 or INT8 weights, and %s has none: add --quant int4", g.kind, m.Config.Name)
	}
	limit := m.Config.Context
	if o.Context > 0 {
		limit = o.Context
	}
	o.Prefill = min(o.Prefill, limit)
	return o, nil
}

// seed is the seed of synthetic weights, or nil.
func (g *graphFlags) seed() *uint64 {
	if g.synthetic < 0 {
		return nil
	}
	seed := uint64(g.synthetic)
	return &seed
}

// open opens MODEL and builds its graph.
func (g *graphFlags) open(spec string) (*model.Model, *model.Graph, error) {
	m, err := model.Open(spec)
	if err != nil {
		return nil, nil, err
	}
	graph, err := g.build(m)
	if err != nil {
		m.Close()
		return nil, nil, err
	}
	return m, graph, nil
}

func (g *graphFlags) build(m *model.Model) (*model.Graph, error) {
	o, err := g.options(m)
	if err != nil {
		return nil, err
	}
	return m.Graph(o, g.seed())
}

// needWeights refuses a preset that has none.
func needWeights(graph *model.Graph) error {
	if graph.Source == nil {
		return usagef("%s has no weights: add --synthetic SEED", graph.Module.Name)
	}
	return nil
}

// completeModel completes MODEL: files, built-in models and presets.
func completeModel(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, n := range builtin.Names() {
		names = append(names, model.BuiltinPrefix+n)
	}
	for _, p := range model.Presets() {
		names = append(names, model.PresetPrefix+p.Name)
	}
	return names, cobra.ShellCompDirectiveDefault
}

// outputFlag adds -o for verbs that print a text or a JSON object.
func outputFlag(cmd *cobra.Command, output *string) {
	cmd.Flags().StringVarP(output, "output", "o", "text", "text or json")
	complete(cmd, "output", []string{"text", "json"})
}

func checkOutput(output string) error {
	if output != "text" && output != "json" {
		return usagef("-o %s: want text or json", output)
	}
	return nil
}

// bytesText prints a size with binary units.
func bytesText(n int64) string {
	const units = "KMGTP"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, u := float64(n)/1024, 0
	for v >= 1024 && u < len(units)-1 {
		v, u = v/1024, u+1
	}
	return fmt.Sprintf("%.4g %ciB", v, units[u])
}
