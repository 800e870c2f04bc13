package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/internal/build"
	"github.com/lpuctl/lpuctl/internal/checkpoint/safetensors"
	"github.com/lpuctl/lpuctl/internal/engine"
	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/prove"
	"github.com/lpuctl/lpuctl/internal/quant"
	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

// logitsFlags are those of `lpuctl logits`.
type logitsFlags struct {
	graphFlags
	ids, prompt string
	decode      int
	engine      string
	file        string
	json        bool
	threads     int
	stream      bool
	stats       bool
}

// topLogit is one of the most likely tokens.
type topLogit struct {
	ID    int     `json:"id"`
	Token string  `json:"token,omitempty"`
	Logit float32 `json:"logit"`
}

func newLogits(a *app) *cobra.Command {
	var f logitsFlags
	cmd := &cobra.Command{
		Use:   "logits MODEL",
		Short: "Print or record the logits of a prompt",
		Long: `Run a prompt and greedy steps after it on the CPU reference or on the compiled MLIR.
With -o FILE.safetensors, write ids (i64 [T]) and logits (f32 [T, vocab]); row T-1+k chooses id T+k,
which is fed to make the next row. Without it, print the ten most likely tokens after the last position.
With --ids no tokenizer is needed.`,
		Example: `  lpuctl logits builtin:stories260k --ids 1,403,407
  lpuctl logits builtin:stories260k --prompt "Once upon a time" --decode 8 -o logits.safetensors
  lpuctl logits preset:tinyllama-1.1b --synthetic 1 --quant int4 --ids 1,2 --stream --stats
  lpuctl logits builtin:stories260k --ids 1 --quant int4 --kind a15 --engine mlir`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeModel,
		RunE: func(cmd *cobra.Command, args []string) error {
			if (f.ids == "") == (f.prompt == "") {
				return usagef("give either --ids or --prompt")
			}
			if f.engine != "reference" && f.engine != "mlir" {
				return usagef("--engine %s: want reference or mlir", f.engine)
			}
			if err := cmp.Or(checkCount("decode", f.decode, 0), checkCount("threads", f.threads, 0)); err != nil {
				return err
			}
			return a.logits(cmd.Context(), &f, args[0])
		},
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.ids, "ids", "", "token ids of the prompt, as in 1,5,7")
	flags.StringVar(&f.prompt, "prompt", "", "text of the prompt")
	flags.IntVar(&f.decode, "decode", 0, "greedy steps after the prompt")
	flags.StringVar(&f.engine, "engine", "reference", "reference or mlir")
	flags.StringVarP(&f.file, "output", "o", "", "write ids and logits to this safetensors file")
	flags.BoolVar(&f.json, "json", false, "print a JSON object")
	flags.IntVar(&f.threads, "threads", 0, "threads of the reference (0: all processors)")
	flags.BoolVar(&f.stream, "stream", false, "hold the weights of one layer at a time: for models larger than memory")
	flags.BoolVar(&f.stats, "stats", false, "print hashes of the logits, time and memory on stderr")
	complete(cmd, "engine", []string{"reference", "mlir"})
	return cmd
}

func (a *app) logits(ctx context.Context, f *logitsFlags, spec string) error {
	m, g, err := f.open(spec)
	if err != nil {
		return err
	}
	defer m.Close()
	if err := needWeights(g); err != nil {
		return err
	}
	tok, ids, err := f.promptIDs(m)
	if err != nil {
		return err
	}
	calls := (len(ids)+g.Prefill()-1)/g.Prefill() + f.decode
	e, stop, err := a.engine(ctx, f, g, calls*m.Config.Layers)
	if err != nil {
		return err
	}
	defer stop()
	start := time.Now()
	run, err := prove.Greedy(ctx, e, ids, f.decode)
	if err != nil {
		return err
	}
	if f.stats {
		printRunStats(a.err, run, time.Since(start))
	}
	if f.file != "" {
		return writeRun(f.file, g.Module.Name, f.engine, run)
	}
	return a.printTop(run, tok, f.json)
}

// promptIDs are the ids of the prompt; the tokenizer is nil when the model has
// none and none is needed.
func (f *logitsFlags) promptIDs(m *model.Model) (*tokenizer.Tokenizer, []int, error) {
	tok, err := openTokenizer(m)
	if f.ids != "" {
		if err != nil {
			tok = nil
		}
		ids, err := parseIDs(f.ids)
		return tok, ids, err
	}
	if err != nil {
		return nil, nil, err
	}
	ids, err := tok.Encode(f.prompt, true)
	return tok, ids, err
}

// engine starts the engine that was asked for, and returns what ends it.
// layers is the number of layers that will run in all.
func (a *app) engine(ctx context.Context, f *logitsFlags, g *model.Graph, layers int) (engine.Engine, func(), error) {
	if f.engine == "mlir" {
		return a.compiled(ctx, g)
	}
	if f.stream {
		return a.newStreaming(ctx, g, f.threads, layers)
	}
	e, err := a.newReference(ctx, g, f.threads)
	if err != nil {
		return nil, nil, err
	}
	return e, e.Close, nil
}

// compiled emits a graph into a temporary folder, compiles and starts it, and
// returns what ends it.
func (a *app) compiled(ctx context.Context, g *model.Graph) (engine.Engine, func(), error) {
	tools, err := demandTools(ctx)
	if err != nil {
		return nil, nil, err
	}
	work, err := os.MkdirTemp("", "lpuctl-")
	if err != nil {
		return nil, nil, err
	}
	remove := func() { os.RemoveAll(work) }
	manifest, err := a.emitGraph(ctx, work, g, build.Options{Weights: g.Source})
	if err != nil {
		remove()
		return nil, nil, err
	}
	module := prove.NewModule(tools, work, work, manifest)
	compiled, _, err := module.Start(ctx, &manifest.Module)
	if err != nil {
		remove()
		return nil, nil, err
	}
	return compiled, func() { compiled.Close(); remove() }, nil
}

// printRunStats prints what a person compares between two runs.
func printRunStats(w io.Writer, run *engine.Run, took time.Duration) {
	prompt := run.Logits[:run.Prompt*run.Vocab]
	describe := func(what string, logits []float32) {
		fmt.Fprintf(w, "%s [%d, %d]: %s, sha256 %x\n", what, len(logits)/run.Vocab, run.Vocab, finiteness(logits), sha256.Sum256(floatBytes(logits)))
	}
	describe("logits of the prompt", prompt)
	if rest := run.Logits[len(prompt):]; len(rest) > 0 {
		describe("logits of decoded tokens", rest)
	}
	fmt.Fprintf(w, "%.1f s, peak memory %s\n", took.Seconds(), bytesText(peakMemory()))
}

func finiteness(logits []float32) string {
	for _, v := range logits {
		if v-v != 0 {
			return "not all finite"
		}
	}
	return "all finite"
}

func writeRun(path, name, engineName string, run *engine.Run) error {
	ids := make([]byte, 0, 8*len(run.IDs))
	for _, id := range run.IDs {
		ids = binary.LittleEndian.AppendUint64(ids, uint64(id))
	}
	tensors := []safetensors.Tensor{
		{Name: "ids", Shape: []int{len(run.IDs)}, Type: safetensors.I64, Data: ids},
		{Name: "logits", Shape: []int{len(run.IDs), run.Vocab}, Type: quant.F32, Data: floatBytes(run.Logits)},
	}
	return safetensors.Write(path, tensors, map[string]string{
		"engine": "lpuctl " + engineName, "model": name, "prompt_length": strconv.Itoa(run.Prompt),
	})
}

// floatBytes are the little-endian bytes of floats.
func floatBytes(values []float32) []byte {
	b := make([]byte, 0, 4*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// printTop prints the ten most likely tokens after the last position.
func (a *app) printTop(run *engine.Run, tok *tokenizer.Tokenizer, asJSON bool) error {
	top := topLogits(run.Logits[len(run.Logits)-run.Vocab:], 10)
	if tok != nil {
		for i := range top {
			top[i].Token = tok.Token(top[i].ID)
		}
	}
	if asJSON {
		return json.NewEncoder(a.out).Encode(map[string]any{"ids": run.IDs, "prompt": run.Prompt, "top": top})
	}
	for _, t := range top {
		fmt.Fprintf(a.out, "%8d  %14.6f  %s\n", t.ID, t.Logit, t.Token)
	}
	return nil
}

// topLogits are the n largest logits, the smaller id first among equals.
func topLogits(logits []float32, n int) []topLogit {
	top := make([]topLogit, len(logits))
	for id, v := range logits {
		top[id] = topLogit{ID: id, Logit: v}
	}
	slices.SortStableFunc(top, func(a, b topLogit) int {
		switch {
		case a.Logit > b.Logit:
			return -1
		case a.Logit < b.Logit:
			return 1
		}
		return 0
	})
	return top[:min(n, len(top))]
}
