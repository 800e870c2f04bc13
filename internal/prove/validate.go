package prove

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/lpuctl/lpuctl/golden"
	"github.com/lpuctl/lpuctl/internal/build"
	"github.com/lpuctl/lpuctl/internal/engine"
	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/internal/toolchain"
	"github.com/lpuctl/lpuctl/ir"
	"github.com/lpuctl/lpuctl/reference"
)

// Case is one graph that is proved.
type Case struct {
	Name    string // the compute kind; heads the verdicts
	Graph   *model.Graph
	Emitted string // an emitted folder to hold against the reference; "" to emit one
	Work    string // an empty folder for what is emitted and compiled
	Start   int    // first token of the sequence
	Prompt  int    // tokens of the prompt: Start and the reference's greedy choices
	Decode  int    // greedy steps after the prompt
	Threads int    // of the reference
	// Tools compile the module; nil leaves it not checked, for the reason.
	Tools   *toolchain.Toolchain
	Missing string
	// Golden is compared with the reference if not nil.
	Golden *golden.Recorded
	// Stage is told what begins; Progress of the bytes of weights written.
	Stage    func(what string)
	Progress func(int64)
}

// Proof is what a case has shown.
type Proof struct {
	Verdicts  []*golden.Verdict
	Manifest  *build.Manifest
	Dir       string          // of model.mlir and weights.bin
	Files     []build.File    // in it
	Made      *build.Compiled // nil without tools
	Positions int
	Reference time.Duration // median decode step of the reference
	Compiled  time.Duration // and of the compiled module
}

// Validate proves a case: the emitted module against the reference and the
// reference against the golden.
func (c *Case) Validate(ctx context.Context) (*Proof, error) {
	p := &Proof{Dir: c.Work}
	if err := c.emit(ctx, p); err != nil {
		return nil, err
	}
	var err error
	if p.Files, err = build.Files(p.Dir); err != nil {
		return nil, err
	}
	ref, closeWeights, err := c.reference(ctx, p)
	if err != nil {
		return nil, err
	}
	defer closeWeights()
	defer ref.Close()
	if err := c.compareCompiled(ctx, p, ref); err != nil {
		return nil, err
	}
	if c.Golden == nil {
		return p, nil
	}
	c.Stage("comparing with the recorded golden")
	verdicts, err := c.compareGolden(ctx, ref)
	p.Verdicts = append(p.Verdicts, verdicts...)
	return p, err
}

// compareGolden holds the reference against the golden, which is of a float32
// engine, under the limits of the kind.
func (c *Case) compareGolden(ctx context.Context, ref *reference.Engine) ([]*golden.Verdict, error) {
	switch c.Name {
	case ir.KindF32:
		return Within(ctx, golden.Float32Policy(), ref, c.Golden)
	case ir.KindA15:
		return Within(ctx, golden.Activations15Policy(), ref, c.Golden)
	}
	reason := "goldens are of float32 engines, and there is no limit for kind " + c.Name + ": use --kind f32 or a15"
	return []*golden.Verdict{golden.Skip("recorded logits", reason)}, nil
}

// emit writes the module, or reads the description of one that was emitted
// before and checks the hashes of its weights.
func (c *Case) emit(ctx context.Context, p *Proof) (err error) {
	if c.Emitted == "" {
		c.Stage("emitting " + c.Name)
		o := build.Options{Trace: true, Weights: c.Graph.Source, Progress: c.Progress}
		p.Manifest, err = build.Emit(ctx, c.Work, c.Graph.Module, c.Graph.Plan, o)
		return err
	}
	p.Dir = c.Emitted
	if p.Manifest, err = build.ReadManifest(c.Emitted); err != nil {
		return err
	}
	c.Stage("checking the hashes of " + filepath.Join(c.Emitted, pack.WeightsFile))
	index, err := pack.ReadIndex(filepath.Join(c.Emitted, pack.IndexFile))
	if err != nil {
		return err
	}
	v := &golden.Verdict{Check: "weights.bin against the sha256 of its index"}
	if err := index.CheckHashes(filepath.Join(c.Emitted, pack.WeightsFile)); err != nil {
		v.Outcome, v.Reason = golden.Differs, err.Error()
	}
	p.Verdicts = append(p.Verdicts, v)
	return nil
}

// reference makes the CPU engine: on the weights that were written just now, or
// on its own packing of the checkpoint when the folder came from elsewhere.
func (c *Case) reference(ctx context.Context, p *Proof) (*reference.Engine, func() error, error) {
	open := func() (*pack.Store, error) { return pack.Open(p.Dir, c.Graph.Plan) }
	if c.Emitted != "" {
		open = func() (*pack.Store, error) { return pack.Build(ctx, c.Graph.Plan, c.Graph.Source, nil) }
	}
	store, err := open()
	if err != nil {
		return nil, nil, err
	}
	ref, err := reference.New(c.Graph.Module, store, reference.Options{Threads: c.Threads})
	if err != nil {
		store.Close()
		return nil, nil, err
	}
	return ref, store.Close, nil
}

func (c *Case) compareCompiled(ctx context.Context, p *Proof, ref *reference.Engine) error {
	check := c.Name + ": logits of the compiled module"
	if c.Tools == nil {
		p.Verdicts = append(p.Verdicts, golden.Skip(check, c.Missing))
		return nil
	}
	c.Stage("compiling " + c.Name)
	module := NewModule(c.Tools, p.Dir, c.Work, p.Manifest)
	compiled, made, err := module.Start(ctx, &p.Manifest.Module)
	if err != nil {
		return err
	}
	defer compiled.Close()
	p.Made = made
	if err := c.sameShape(compiled, ref); err != nil {
		return err
	}
	c.Stage("running " + c.Name)
	timed, timedCompiled := &engine.Timed{Engine: ref}, &engine.Timed{Engine: compiled}
	run, err := c.run(ctx, timed, ref)
	if err != nil {
		return err
	}
	v, err := Equal(ctx, check, run, timedCompiled)
	if err != nil {
		return err
	}
	p.Verdicts = append(p.Verdicts, v)
	p.Positions, p.Reference, p.Compiled = len(run.IDs), timed.Step(), timedCompiled.Step()
	if v.OK() {
		return nil
	}
	c.Stage("finding the first value that differs")
	first, err := FirstDifference(ctx, module, ref, run.IDs, run.Prompt)
	if first != nil {
		p.Verdicts = append(p.Verdicts, first)
	}
	return err
}

// sameShape refuses to compare a module of another model.
func (c *Case) sameShape(compiled *engine.Compiled, ref *reference.Engine) error {
	if compiled.Vocab() != ref.Vocab() || compiled.Context() != ref.Context() || compiled.Chunk() != ref.Chunk() {
		return fmt.Errorf("%s has vocabulary %d, context %d and prefill %d; the model has %d, %d and %d: emit it with the same flags",
			c.Emitted, compiled.Vocab(), compiled.Context(), compiled.Chunk(), ref.Vocab(), ref.Context(), ref.Chunk())
	}
	return nil
}

// run lets the reference write its own prompt and continue it.
func (c *Case) run(ctx context.Context, timed *engine.Timed, ref *reference.Engine) (*engine.Run, error) {
	prompt, err := Greedy(ctx, ref, []int{c.Start}, c.Prompt-1)
	if err != nil {
		return nil, err
	}
	ref.Reset()
	return Greedy(ctx, timed, prompt.IDs, c.Decode)
}

// Cases are the compute kinds in which a model is proved: its float weights in
// f32 and f16, its projections as integers in a8 and a15.
func Cases(m *model.Model, kinds []string, o model.Options, group int, seed *uint64) ([]*Case, error) {
	var cases []*Case
	for _, kind := range kinds {
		o := o
		o.Kind = kind
		if o.Quant == nil && !m.HasIntegers() && (kind == ir.KindA8 || kind == ir.KindA15) {
			o.Quant = &ir.Quant{Bits: 4, Group: group, Scale: ir.F16}
		}
		g, err := m.Graph(o, seed)
		if err != nil {
			return nil, err
		}
		cases = append(cases, &Case{Name: kind, Graph: g})
	}
	return cases, nil
}
