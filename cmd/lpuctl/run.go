package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/internal/chat"
	"github.com/lpuctl/lpuctl/internal/engine"
	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/sample"
	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

// runFlags are those of `lpuctl run`.
type runFlags struct {
	graphFlags
	sampling sampleFlags
	structureFlags
	tokens   int
	chat     bool
	threads  int
	stats    bool
	output   string
	logprobs int
}

func newRun(a *app) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run MODEL [PROMPT]",
		Short: "Generate text on the CPU reference",
		Long: `Generate text on the CPU reference. The text goes to stdout and nothing else does.
Without a prompt, generation starts from the beginning-of-sequence token.
With --chat the prompt is the message of a user, and the chat template of the model
makes the text of it that is continued.
With --json-schema or --json the text is valid JSON, at the limit of tokens too.

The filters of the sampling apply in the order of Hugging Face transformers, or with --sampler-order llama.cpp
in that of llama.cpp. Repetition penalties look at prompt and text; frequency and presence penalties at the text,
in llama.cpp's order at the prompt too.`,
		Example: `  lpuctl run builtin:stories260k --temp 0 -n 200
  lpuctl run builtin:stories260k "Once upon a time" --temp 0.8 --top-p 0.9 --seed 7
  lpuctl run builtin:stories260k "Once upon a time" --temp 0 --prompt-lookup 8 --stop "The end" --stats
  lpuctl run model.gguf "The capital of France is" --temp 0 -n 5 -o json --logprobs 3
  lpuctl run model.gguf "A person as JSON:" --json-schema person.json -n 200
  lpuctl run model.gguf --chat "What is the capital of France?"`,
		Args:              cobra.RangeArgs(1, 2),
		ValidArgsFunction: completeModel,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			prompt := ""
			if len(args) == 2 {
				prompt = args[1]
			}
			if f.chat && prompt == "" {
				return usagef("--chat needs a message")
			}
			return a.generate(cmd.Context(), &f, args[0], prompt)
		},
	}
	f.graphFlags.register(cmd)
	f.sampling.register(cmd)
	f.structureFlags.register(cmd)
	outputFlag(cmd, &f.output)
	flags := cmd.Flags()
	flags.IntVarP(&f.tokens, "tokens", "n", -1, "most tokens to generate (-1: until the end of sequence or of the context)")
	flags.IntVar(&f.threads, "threads", 0, "threads (0: all processors); they do not change the text")
	flags.BoolVar(&f.chat, "chat", false, "the prompt is a message: apply the chat template of the model")
	flags.BoolVar(&f.stats, "stats", false, "print tokens, speed and sampling on stderr")
	flags.IntVar(&f.logprobs, "logprobs", -1, "with -o json: log-probability of each token, and of this many of the most likely ones (-1: none)")
	return cmd
}

func (f *runFlags) check() error {
	if f.logprobs >= 0 && f.output != "json" {
		return usagef("--logprobs needs -o json")
	}
	if f.structured() && len(f.sampling.stops) > 0 {
		return usagef("--stop could cut the JSON short: leave it out with --json and --json-schema")
	}
	return cmp.Or(checkCount("tokens", f.tokens, -1), checkCount("threads", f.threads, 0),
		checkCount("logprobs", f.logprobs, -1), checkOutput(f.output))
}

func (a *app) generate(ctx context.Context, f *runFlags, spec, prompt string) error {
	sampler, stopper, err := f.sampling.sampler()
	if err != nil {
		return err
	}
	grammar, err := f.grammar()
	if err != nil {
		return err
	}
	m, g, err := f.open(spec)
	if err != nil {
		return err
	}
	defer m.Close()
	if err := needWeights(g); err != nil {
		return err
	}
	tok, err := openTokenizer(m)
	if err != nil {
		return err
	}
	e, err := a.newReference(ctx, g, f.threads)
	if err != nil {
		return err
	}
	defer e.Close()
	generator, err := f.sampling.generator(e, sampler.Params())
	if err != nil {
		return err
	}
	ids, err := f.promptIDs(m, tok, prompt)
	if err != nil {
		return err
	}
	ends := endIDs(m, tok)
	pick, err := guided(grammar, tok, ends, tokensLeft(f.tokens, len(ids), e.Context()), sampler)
	if err != nil {
		return err
	}
	sampler.Begin(ids)
	r := &running{app: a, flags: f, generator: generator, params: sampler.Params()}
	r.pick = &witness{Picker: pick, tok: tok, top: f.logprobs}
	return r.run(ctx, ids, newSpeaker(a.shown(), tok, ends, stopper, ids), spec)
}

// running is what `lpuctl run` needs once everything is open.
type running struct {
	*app
	flags     *runFlags
	generator *engine.Generator
	pick      *witness
	params    sample.Params
}

// run generates what follows ids. After an error the text that was there stays.
func (r *running) run(ctx context.Context, ids []int, s *speaker, spec string) error {
	var text strings.Builder
	if r.flags.output == "json" {
		s.out = &text
	}
	start := time.Now()
	err := r.generator.Generate(ctx, ids, r.flags.tokens, r.pick, s.say)
	end := time.Now()
	err = cmp.Or(err, s.finish())
	if r.flags.output == "json" && (err == nil || errors.Is(err, context.Canceled)) {
		encodeErr := json.NewEncoder(r.out).Encode(&runResult{
			Model: spec, PromptIDs: ids, IDs: s.ids, Text: text.String(), FinishReason: s.reason(err),
			StopString: s.stops.Matched(), Sampling: r.params, LogProbs: r.pick.seen, Stats: r.generator.Stats,
		})
		err = cmp.Or(err, encodeErr)
	}
	if len(s.ids) == 0 {
		s.first = end
	}
	if err == nil && r.flags.stats {
		printStats(r.err, r.generator.Stats, s.first.Sub(start), end.Sub(s.first))
		err = printSampling(r.err, r.params)
	}
	return err
}

// promptIDs encodes the prompt, or with --chat what the template of the model
// makes of it.
func (f *runFlags) promptIDs(m *model.Model, tok *tokenizer.Tokenizer, prompt string) ([]int, error) {
	if !f.chat {
		return promptIDs(tok, prompt)
	}
	templates, err := modelTemplates(m)
	if err != nil {
		return nil, err
	}
	text, err := templates.Render(chat.Conversation{
		Messages: chat.User(prompt), GenerationPrompt: true, Now: time.Now(),
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Config.Name, err)
	}
	return tok.EncodeSpecial(text)
}

// promptIDs encodes a prompt; an empty one is the beginning of a sequence.
func promptIDs(tok *tokenizer.Tokenizer, prompt string) ([]int, error) {
	if bos := tok.Vocab().BOS; prompt == "" && bos != tokenizer.None {
		return []int{bos}, nil
	}
	return tok.Encode(prompt, true)
}

// printStats prints counts and speed: the time to the first token, and that of
// the others.
func printStats(w io.Writer, s engine.Stats, first, rest time.Duration) {
	fmt.Fprintf(w, "\nprompt: %d tokens, first token after %.1f ms (%.1f tokens/s)\n",
		s.Prompt, milliseconds(first), perSecond(s.Prompt-s.Cached, first))
	fmt.Fprintf(w, "generated: %d tokens, %.1f tokens/s after the first\n", s.Generated, perSecond(s.Generated-1, rest))
	if s.Guessed > 0 {
		fmt.Fprintf(w, "prompt lookup: %d of %d guessed tokens accepted, %d calls\n", s.Accepted, s.Guessed, s.Calls)
	}
}

func printSampling(w io.Writer, p sample.Params) error {
	fmt.Fprint(w, "sampling: ")
	return json.NewEncoder(w).Encode(p)
}

func milliseconds(d time.Duration) float64 { return float64(d) / 1e6 }

func perSecond(n int, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}
