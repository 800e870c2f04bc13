package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/golden"
	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/prove"
	"github.com/lpuctl/lpuctl/internal/toolchain"
	"github.com/lpuctl/lpuctl/ir"
)

// validateFlags are those of `lpuctl validate`.
type validateFlags struct {
	graphFlags
	golden  string
	emitted string
	prompt  int
	decode  int
	start   int
	threads int
	stats   bool
	output  string
}

func newValidate(a *app) *cobra.Command {
	var f validateFlags
	cmd := &cobra.Command{
		Use:   "validate MODEL",
		Short: "Prove that compiled MLIR and the CPU reference compute the same",
		Long: `Emit and compile the model, run it beside the CPU reference, and compare the logits of every
position bit for bit. When they differ, run both again with every value of the graph recorded and name
the first that differs. With --golden, hold the reference against logits recorded elsewhere, position
by position, and against the hidden states after every layer; golden/record/hf.py records them with
Hugging Face transformers. Kinds f32 and a15 have limits for that, the others are not checked.
With --emitted, hold a folder that 'lpuctl emit' wrote before against the checkpoint.

Exit code 3 when numbers differ. What cannot be checked for want of a tool is said and does not count.`,
		Example: `  lpuctl validate builtin:stories260k
  lpuctl validate builtin:stories260k --kind all -o json
  lpuctl validate builtin:stories260k --golden golden/testdata/stories260k.hf.safetensors
  lpuctl validate preset:smollm2-135m --synthetic 1 --quant int4 --context 64 --prefill 4 --prompt 4 --decode 4`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeModel,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cmp.Or(checkOutput(f.output), checkCount("threads", f.threads, 0)); err != nil {
				return err
			}
			if f.prompt < 1 || f.decode < 0 {
				return usagef("--prompt %d --decode %d: want at least 1 and 0", f.prompt, f.decode)
			}
			return a.validate(cmd.Context(), &f, args[0])
		},
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.Lookup("kind").Usage = "compute kind of the linears: auto, f32, f16, a8, a15, or all four; a8 and a15 quantize float weights to INT4"
	flags.StringVar(&f.golden, "golden", "", "recorded golden: a safetensors file with ids and logits")
	flags.StringVar(&f.emitted, "emitted", "", "folder that 'lpuctl emit' wrote with the same flags (--trace to name values)")
	flags.IntVar(&f.prompt, "prompt", 32, "tokens of the prompt, which the reference writes itself")
	flags.IntVar(&f.decode, "decode", 32, "greedy steps after the prompt")
	flags.IntVar(&f.start, "start", 1, "first token of the prompt")
	flags.IntVar(&f.threads, "threads", 0, "threads of the reference (0: all processors)")
	flags.BoolVar(&f.stats, "stats", false, "print the median time of a decode step of both engines on stderr")
	outputFlag(cmd, &f.output)
	return cmd
}

func (a *app) validate(ctx context.Context, f *validateFlags, spec string) error {
	m, err := model.Open(spec)
	if err != nil {
		return err
	}
	defer m.Close()
	cases, err := f.cases(m)
	if err != nil {
		return err
	}
	tools, missing, err := a.findTools(ctx)
	if err != nil {
		return err
	}
	var verdicts []*golden.Verdict
	for i, c := range cases {
		c.Tools, c.Missing = tools, missing
		c.Emitted, c.Start, c.Prompt, c.Decode, c.Threads = f.emitted, f.start, f.prompt, f.decode, f.threads
		if i == 0 && f.golden != "" {
			if c.Golden, err = prove.LoadGolden(f.golden); err != nil {
				return err
			}
		}
		proof, err := a.prove(ctx, c)
		if err != nil {
			return err
		}
		if f.stats && proof.Made != nil {
			fmt.Fprintf(a.err, "%s: decode step: compiled %.3f ms, reference %.3f ms\n",
				c.Name, milliseconds(proof.Compiled), milliseconds(proof.Reference))
		}
		verdicts = append(verdicts, proof.Verdicts...)
	}
	return a.report(golden.NewReport("validate "+spec, verdicts...), f.output)
}

// cases are the graphs that the flags ask for.
func (f *validateFlags) cases(m *model.Model) ([]*prove.Case, error) {
	g := f.graphFlags
	kinds := []string{g.kind}
	if g.kind == "all" {
		kinds, g.kind = ir.Kinds(), ir.KindF32
	}
	o, err := g.options(m)
	if err != nil {
		return nil, err
	}
	if len(kinds) == 1 {
		kinds[0] = o.Kind
	}
	if m.Checkpoint == nil && g.seed() == nil {
		return nil, usagef("%s has no weights: add --synthetic SEED", m.Config.Name)
	}
	return prove.Cases(m, kinds, o, g.group, g.seed())
}

// findTools finds LLVM; when it is missing, missing says what and tools is nil.
func (a *app) findTools(ctx context.Context) (tools *toolchain.Toolchain, missing string, err error) {
	tools, err = toolchain.Find(ctx, os.Getenv)
	var m *toolchain.MissingError
	if errors.As(err, &m) {
		a.log().Debug("LLVM is incomplete", "error", m)
		return nil, m.Error(), nil
	}
	if err == nil {
		a.log().Debug("found LLVM", "version", tools.Version)
	}
	return tools, "", err
}

// prove validates a case in a temporary folder, telling its stages on stderr.
func (a *app) prove(ctx context.Context, c *prove.Case) (*prove.Proof, error) {
	work, err := os.MkdirTemp("", "lpuctl-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	if c.Work, err = filepath.EvalSymlinks(work); err != nil {
		return nil, err
	}
	c.Stage = a.stage
	add, done := a.progress(c.Graph.Plan.Size, "weights.bin", true)
	defer done()
	c.Progress = add
	return c.Validate(ctx)
}

// stage tells a person what begins.
func (a *app) stage(what string) {
	a.log().Debug(what)
	if !a.verbose && !a.quiet && terminal(a.err) {
		fmt.Fprintf(a.err, "… %s\n", what)
	}
}

// report prints a report and turns differences into exit code 3.
func (a *app) report(r *golden.Report, output string) error {
	var err error
	if output == "json" {
		err = json.NewEncoder(a.out).Encode(r)
	} else {
		err = r.WriteReport(a.out)
	}
	if err == nil && r.Failed > 0 {
		return &codedError{code: exitDiffer}
	}
	return err
}
