package main

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/golden"
	"github.com/lpuctl/lpuctl/internal/engine"
	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/prove"
	"github.com/lpuctl/lpuctl/internal/sample"
	"github.com/lpuctl/lpuctl/internal/tokenizer"
	"github.com/lpuctl/lpuctl/ir"
)

// The sequence of the demo.
const (
	demoModel   = model.BuiltinPrefix + "stories260k"
	demoContext = 256
	demoPrompt  = 32
	demoDecode  = 64
	demoText    = 200 // greedy tokens of the golden text
)

func newDemo(a *app) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "The whole promise on a real trained model inside the binary",
		Long: `Take stories260K, a small trained Llama, from its checkpoint through the
graph to MLIR; compile and run it; and compare it with the CPU reference bit for bit, the reference with
logits recorded by Hugging Face transformers, and its text with that of llama2.c.`,
		Example: "  lpuctl demo\n  lpuctl demo -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			d := &demo{app: a, out: a.out}
			if output == "json" {
				d.out = io.Discard
			}
			return d.run(cmd.Context(), output)
		},
	}
	outputFlag(cmd, &output)
	return cmd
}

// demo is one run of the demo; out gets the text for people.
type demo struct {
	*app
	out      io.Writer
	verdicts []*golden.Verdict
}

func (d *demo) run(ctx context.Context, output string) error {
	m, err := model.Open(demoModel)
	if err != nil {
		return err
	}
	defer m.Close()
	summary, err := summarize(m, demoModel)
	if err != nil {
		return err
	}
	if err := summary.write(d.out); err != nil {
		return err
	}
	if err := d.kinds(ctx, m); err != nil {
		return err
	}
	if err := d.text(ctx, m); err != nil {
		return err
	}
	report := golden.NewReport("demo", d.verdicts...)
	if output == "json" {
		return d.report(report, output)
	}
	fmt.Fprintf(d.out, "\n%d checks passed, %d failed, %d not checked\n", report.Passed, report.Failed, report.NotChecked)
	if report.Failed > 0 {
		return &codedError{code: exitDiffer}
	}
	return nil
}

// kinds proves every compute kind and, in f32, the recorded golden.
func (d *demo) kinds(ctx context.Context, m *model.Model) error {
	tools, missing, err := d.findTools(ctx)
	if err != nil {
		return err
	}
	if tools != nil {
		fmt.Fprintf(d.out, "\nLLVM %s\n", tools.Version)
	} else {
		fmt.Fprintf(d.out, "\nnot checked: %s\n", missing)
	}
	o := model.Options{Context: demoContext, Prefill: demoPrompt}
	cases, err := prove.Cases(m, ir.Kinds(), o, 32, nil)
	if err != nil {
		return err
	}
	for _, c := range cases {
		c.Tools, c.Missing = tools, missing
		c.Start, c.Prompt, c.Decode = 1, demoPrompt, demoDecode
		if c.Name == ir.KindF32 {
			if c.Golden, err = prove.ParseGolden("stories260k golden", golden.Stories260K()); err != nil {
				return err
			}
		}
		if err := d.prove(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) prove(ctx context.Context, c *prove.Case) error {
	proof, err := d.app.prove(ctx, c)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\n%s: %s\n", c.Name, projections(c.Graph))
	for _, f := range proof.Files {
		fmt.Fprintf(d.out, "  %-18s %s\n", f.Name, bytesText(f.Bytes))
	}
	if proof.Made != nil {
		fmt.Fprintf(d.out, "  verified, lowered in %.2f s, compiled in %.2f s to %s\n",
			proof.Made.Lower.Seconds(), proof.Made.Compile.Seconds(), bytesText(proof.Made.ObjectBytes))
	}
	d.verdicts = append(d.verdicts, proof.Verdicts...)
	for _, v := range proof.Verdicts {
		if err := d.verdict(v, proof); err != nil {
			return err
		}
	}
	return nil
}

// projections names the type of the linears' weights.
func projections(g *model.Graph) string {
	for _, w := range g.Module.Weights {
		if w.Name == "model.layers.0.self_attn.q_proj.weight" {
			return "projections " + w.Type.String()
		}
	}
	return g.Module.Name
}

// verdict prints one line, or the whole verdict if it is not good.
func (d *demo) verdict(v *golden.Verdict, p *prove.Proof) error {
	switch {
	case !v.OK():
		return v.WriteReport(d.out)
	case v.Bitwise != nil:
		fmt.Fprintf(d.out, "  reference = compiled MLIR: %d/%d values bit-identical (%d positions: %d prefill, %d decode)\n",
			v.Bitwise.Identical, v.Bitwise.Values, p.Positions, demoPrompt, demoDecode)
		fmt.Fprintf(d.out, "  decode step: compiled %.3f ms, reference %.3f ms\n", milliseconds(p.Compiled), milliseconds(p.Reference))
	case v.Logits != nil:
		fmt.Fprintf(d.out, "  reference against %s: relative L2 %.2g (limit %.0g), same greedy ids at %d of %d positions\n",
			v.Ref, v.Logits.RelativeL2, v.Logits.Policy.RelativeL2, v.Logits.Compared, v.Logits.Recorded)
	case v.Hidden != nil:
		fmt.Fprintln(d.out, "  hidden states after every layer: within tolerance")
	}
	return nil
}

// text generates the golden text on the reference.
func (d *demo) text(ctx context.Context, m *model.Model) error {
	g, err := m.Graph(model.Options{Kind: ir.KindF32, Context: demoContext}, nil)
	if err != nil {
		return err
	}
	tok, err := openTokenizer(m)
	if err != nil {
		return err
	}
	e, err := d.newReference(ctx, g, 0)
	if err != nil {
		return err
	}
	defer e.Close()
	got, err := greedyText(ctx, e, tok, endIDs(m, tok), demoText)
	if err != nil {
		return err
	}
	want := golden.GreedyText()
	v := &golden.Verdict{Check: "text of 200 greedy tokens", Ref: "llama2.c", Got: "reference"}
	if got != want {
		v.Outcome, v.Reason = golden.Differs, fmt.Sprintf("got %q, want %q", got, want)
	}
	d.verdicts = append(d.verdicts, v)
	fmt.Fprintf(d.out, "\n%s\n\n", got)
	if !v.OK() {
		return v.WriteReport(d.out)
	}
	fmt.Fprintf(d.out, "golden text identical: %d bytes, as llama2.c prints them\n", len(want))
	return nil
}

// greedyText is what n greedy steps from the beginning of a sequence spell, up to
// a token of ends.
func greedyText(ctx context.Context, e engine.Engine, tok *tokenizer.Tokenizer, ends []int, n int) (string, error) {
	pick, err := sample.New(sample.Params{})
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	ids, err := promptIDs(tok, "")
	if err != nil {
		return "", err
	}
	s := newSpeaker(&text, tok, ends, &sample.Stopper{}, ids)
	if err := engine.Generate(ctx, e, ids, n, pick, s.say); err != nil {
		return "", err
	}
	err = s.finish()
	return text.String(), err
}
