package main

import (
	"context"
	"fmt"
	"io"
	"slices"
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
	sample.Params
	tokens  int
	threads int
	stats   bool
	chat    bool
}

func newRun(a *app) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run MODEL [PROMPT]",
		Short: "Generate text on the CPU reference",
		Long: `Generate text on the CPU reference. The text goes to stdout and nothing else does.
Without a prompt, generation starts from the beginning-of-sequence token.
With --chat the prompt is the message of a user, and the chat template of the model
makes the text of it that is continued.`,
		Example: `  lpuctl run builtin:stories260k --temp 0 -n 200
  lpuctl run builtin:stories260k "Once upon a time" --temp 0.8 --top-p 0.9 --seed 7
  lpuctl run model.gguf "The capital of France is" --temp 0 --stats
  lpuctl run model.gguf --chat "What is the capital of France?"`,
		Args:              cobra.RangeArgs(1, 2),
		ValidArgsFunction: completeModel,
		RunE: func(cmd *cobra.Command, args []string) error {
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
	f.register(cmd)
	flags := cmd.Flags()
	flags.IntVarP(&f.tokens, "tokens", "n", -1, "most tokens to generate (-1: until the end of sequence or of the context)")
	flags.Float64Var(&f.Temperature, "temp", 0.8, "sampling temperature; 0 takes the most likely token")
	flags.IntVar(&f.TopK, "top-k", 0, "sample among the k most likely tokens (0: all)")
	flags.Float64Var(&f.TopP, "top-p", 0.95, "sample among the most likely tokens that hold this probability")
	flags.Float64Var(&f.MinP, "min-p", 0, "drop tokens less likely than this fraction of the most likely one")
	flags.Uint64Var(&f.Seed, "seed", 0, "seed of the sampling: the same seed gives the same text")
	flags.IntVar(&f.threads, "threads", 0, "threads (0: all processors); they do not change the text")
	flags.BoolVar(&f.chat, "chat", false, "the prompt is a message: apply the chat template of the model")
	flags.BoolVar(&f.stats, "stats", false, "print tokens and speed on stderr")
	return cmd
}

// speaker prints a continuation token by token.
type speaker struct {
	out    io.Writer
	stream *tokenizer.Stream
	ends   []int // end of sequence, of turn and so on
	count  int
	first  time.Time // when the first token was chosen
	err    error
}

// newSpeaker prints what follows a prompt up to a token of ends. The prompt is
// pushed first, as context for the text, and not printed.
func newSpeaker(out io.Writer, tok *tokenizer.Tokenizer, ends, prompt []int) *speaker {
	s := &speaker{out: out, stream: tok.NewStream(), ends: ends}
	for _, id := range prompt {
		s.stream.Push(id)
	}
	return s
}

func (s *speaker) say(id int) bool {
	if s.count == 0 {
		s.first = time.Now()
	}
	s.count++
	if slices.Contains(s.ends, id) {
		return false
	}
	_, s.err = io.WriteString(s.out, s.stream.Push(id))
	return s.err == nil
}

func (a *app) generate(ctx context.Context, f *runFlags, spec, prompt string) error {
	sampler, err := sample.New(f.Params)
	if err != nil {
		return usagef("%w", err)
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

	ids, err := f.promptIDs(m, tok, prompt)
	if err != nil {
		return err
	}
	s := newSpeaker(a.out, tok, endIDs(m, tok), ids)
	start := time.Now()
	err = engine.Generate(ctx, e, ids, f.tokens, sampler, s.say)
	end := time.Now()
	_, writeErr := io.WriteString(a.out, s.stream.Flush())
	for _, e := range []error{err, s.err, writeErr} {
		if e != nil {
			return e
		}
	}
	if f.stats {
		printStats(a.err, len(ids), s.count, s.first.Sub(start), end.Sub(s.first))
	}
	return nil
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

// endIDs are the tokens that end generation, by the configuration and by the
// vocabulary.
func endIDs(m *model.Model, tok *tokenizer.Tokenizer) []int {
	return append(slices.Clone(m.Checkpoint.Config().EOS), tok.Vocab().EOS)
}

func printStats(w io.Writer, prompt, generated int, first, rest time.Duration) {
	fmt.Fprintf(w, "\nprompt: %d tokens, first token after %.1f ms (%.1f tokens/s)\n",
		prompt, milliseconds(first), perSecond(prompt, first))
	fmt.Fprintf(w, "generated: %d tokens, %.1f tokens/s after the first\n", generated, perSecond(generated-1, rest))
}

func milliseconds(d time.Duration) float64 { return float64(d) / 1e6 }

func perSecond(n int, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}
