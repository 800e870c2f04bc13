package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/golden"
	"github.com/lpuctl/lpuctl/internal/engine"
	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/ir"
	"github.com/lpuctl/lpuctl/reference"
)

// evalFlags are those of `lpuctl eval`.
type evalFlags struct {
	graphFlags
	base    string
	text    string
	threads int
	output  string
}

// evalWindow is the context of a window if --context does not say.
const evalWindow = 512

func newEval(a *app) *cobra.Command {
	var f evalFlags
	cmd := &cobra.Command{
		Use:   "eval MODEL --text FILE",
		Short: "Measure on a text what quantization costs: perplexity, KL divergence, agreement",
		Long: `Run a text through MODEL and through a base model, both on the CPU reference, and compare how they
predict each next token. The base computes in float32 on its own weights; without --base it is MODEL
itself. The text is cut into windows of --context tokens; each begins as a text does, with BOS if the
tokenizer adds it, and knows nothing of the one before.

Figures are means over the predicted tokens with their standard errors, logarithms are natural.
Tokens of a text are not independent, so the true errors are somewhat larger.`,
		Example: `  lpuctl eval builtin:stories260k --quant int4 --text story.txt
  lpuctl eval model-Q4_0.gguf --kind a8 --base model-f16.gguf --text story.txt --context 256 -o json`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeModel,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cmp.Or(checkOutput(f.output), checkCount("threads", f.threads, 0)); err != nil {
				return err
			}
			if f.text == "" || f.context < 0 {
				return usagef("--text %q --context %d: want a file, and 0 or more", f.text, f.context)
			}
			return a.eval(cmd.Context(), &f, args[0])
		},
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.Lookup("context").Usage = fmt.Sprintf("tokens of a window (0: %d, or the model's context if that is less)", evalWindow)
	flags.StringVar(&f.base, "base", "", "model to compare with (default: MODEL in float32, not quantized)")
	flags.StringVar(&f.text, "text", "", "file with the text")
	flags.IntVar(&f.threads, "threads", 0, "threads of the reference (0: all processors)")
	outputFlag(cmd, &f.output)
	return cmd
}

func (a *app) eval(ctx context.Context, f *evalFlags, spec string) error {
	m, err := model.Open(spec)
	if err != nil {
		return err
	}
	defer m.Close()
	base := m
	if f.base != "" {
		if base, err = model.Open(f.base); err != nil {
			return err
		}
		defer base.Close()
	}
	if f.context == 0 {
		f.context = min(evalWindow, m.Config.Context)
	}
	windows, err := f.windows(m)
	if err != nil {
		return err
	}
	got, want, err := a.evalEngines(ctx, f, m, base)
	if err != nil {
		return err
	}
	defer got.Close()
	defer want.Close()
	q, err := a.compareWindows(ctx, windows, want, got)
	if err != nil {
		return err
	}
	return writeQuality(a.out, q.Stats(), f.output)
}

// evalEngines makes the engines of the model and of its base.
func (a *app) evalEngines(ctx context.Context, f *evalFlags, m, base *model.Model) (got, want *reference.Engine, err error) {
	if m.Config.Vocab != base.Config.Vocab {
		return nil, nil, fmt.Errorf("%s has a vocabulary of %d, %s of %d: they cannot be compared",
			m.Config.Name, m.Config.Vocab, base.Config.Name, base.Config.Vocab)
	}
	o, err := f.options(m)
	if err != nil {
		return nil, nil, err
	}
	if got, err = a.evalEngine(ctx, m, o, f.threads); err != nil {
		return nil, nil, err
	}
	want, err = a.evalEngine(ctx, base, model.Options{Kind: ir.KindF32, Context: o.Context, Prefill: o.Prefill}, f.threads)
	if err != nil {
		got.Close()
	}
	return got, want, err
}

func (a *app) evalEngine(ctx context.Context, m *model.Model, o model.Options, threads int) (*reference.Engine, error) {
	g, err := m.Graph(o, nil)
	if err != nil {
		return nil, err
	}
	return a.newReference(ctx, g, threads)
}

// window is a part of the text. The first lead ids are not predicted: BOS, or
// the first token where there is none.
type window struct {
	ids  []int
	lead int
}

// windows cuts the text.
func (f *evalFlags) windows(m *model.Model) ([]window, error) {
	text, err := os.ReadFile(f.text)
	if err != nil {
		return nil, err
	}
	tok, err := openTokenizer(m)
	if err != nil {
		return nil, err
	}
	ids, err := tok.Encode(string(text), false)
	if err != nil {
		return nil, err
	}
	prefix, err := tok.Encode("", true)
	if err != nil {
		return nil, err
	}
	prefix = slices.DeleteFunc(prefix, func(id int) bool { return id == tok.Vocab().EOS && id != tok.Vocab().BOS })
	windows := cut(ids, prefix, f.context)
	if len(windows) == 0 {
		return nil, fmt.Errorf("%s: %d tokens in windows of %d: nothing to predict", f.text, len(ids), f.context)
	}
	return windows, nil
}

// cut puts prefix before each size-len(prefix) ids. What is too short to
// predict anything is left out.
func cut(ids, prefix []int, size int) []window {
	body, lead := size-len(prefix), max(len(prefix), 1)
	if body < 1 || size <= lead {
		return nil
	}
	var windows []window
	for part := range slices.Chunk(ids, body) {
		if w := slices.Concat(prefix, part); len(w) > lead {
			windows = append(windows, window{w, lead})
		}
	}
	return windows
}

// compareWindows runs every window on both engines.
func (a *app) compareWindows(ctx context.Context, windows []window, want, got *reference.Engine) (*golden.Quality, error) {
	total := 0
	for _, w := range windows {
		total += len(w.ids)
	}
	add, done := a.progress(int64(total), "tokens", false)
	defer done()
	var q golden.Quality
	for _, w := range windows {
		base, err := evalWindowLogits(ctx, want, w)
		if err != nil {
			return nil, err
		}
		run, err := evalWindowLogits(ctx, got, w)
		if err != nil {
			return nil, err
		}
		vocab := run.Vocab
		for pos := w.lead - 1; pos+1 < len(w.ids); pos++ {
			q.Add(base.Logits[pos*vocab:(pos+1)*vocab], run.Logits[pos*vocab:(pos+1)*vocab], w.ids[pos+1])
		}
		add(int64(len(w.ids)))
	}
	return &q, nil
}

func evalWindowLogits(ctx context.Context, e *reference.Engine, w window) (*engine.Run, error) {
	e.Reset()
	return engine.Replay(ctx, e, w.ids, len(w.ids))
}

func writeQuality(w io.Writer, s golden.QualityStats, output string) error {
	if output == "json" {
		return json.NewEncoder(w).Encode(s)
	}
	p := func(label, format string, args ...any) {
		fmt.Fprintf(w, "%-22s "+format+"\n", append([]any{label}, args...)...)
	}
	p("predicted tokens", "%d", s.Tokens)
	p("perplexity", "%.4f ± %.4f", s.Perplexity.Value, s.Perplexity.Error)
	p("perplexity of the base", "%.4f ± %.4f", s.BasePerplexity.Value, s.BasePerplexity.Error)
	p("ln of their ratio", "%.6f ± %.6f", s.LogRatio.Value, s.LogRatio.Error)
	p("mean KL divergence", "%.6f ± %.6f nats", s.MeanKL.Value, s.MeanKL.Error)
	p("99 % KL divergence", "%.6f nats", s.P99KL)
	p("max KL divergence", "%.6f nats", s.MaxKL)
	p("same top-1", "%.2f ± %.2f %%", 100*s.Top1.Value, 100*s.Top1.Error)
	return nil
}
