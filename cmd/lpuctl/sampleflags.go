package main

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/internal/engine"
	"github.com/lpuctl/lpuctl/internal/sample"
)

// sampleFlags are those of verbs that generate text.
type sampleFlags struct {
	sample.Params
	bias   []string
	stops  []string
	lookup int
}

func (f *sampleFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Float64Var(&f.Temperature, "temp", 0.8, "sampling temperature; 0 takes the most likely token")
	flags.IntVar(&f.TopK, "top-k", 0, "sample among the k most likely tokens (0: all)")
	flags.Float64Var(&f.TopP, "top-p", 0.95, "sample among the most likely tokens that hold this probability")
	flags.Float64Var(&f.MinP, "min-p", 0, "drop tokens less likely than this fraction of the most likely one")
	flags.Float64Var(&f.TypicalP, "typical-p", 1, "sample among the tokens of most typical surprise that hold this probability")
	flags.Float64Var(&f.RepetitionPenalty, "repetition-penalty", 1, "divide positive logits of tokens of prompt and text by this, multiply negative ones")
	flags.Float64Var(&f.FrequencyPenalty, "frequency-penalty", 0, "subtract this from a logit for each time that its token occurs")
	flags.Float64Var(&f.PresencePenalty, "presence-penalty", 0, "subtract this from a logit if its token occurs")
	flags.IntVar(&f.PenaltyWindow, "penalty-window", 0, "last tokens that penalties look at (0: all)")
	flags.StringArrayVar(&f.bias, "logit-bias", nil, "add a number to the logit of a token, as `ID=NUMBER` (repeatable; -1e9 bans it)")
	flags.Uint64Var(&f.Seed, "seed", 0, "seed of the sampling: the same seed gives the same text")
	flags.StringVar((*string)(&f.Order), "sampler-order", string(sample.HF), "order of the filters: hf (temperature first) or llama.cpp (temperature last)")
	flags.StringArrayVar(&f.stops, "stop", nil, "end before this `text` (repeatable)")
	flags.IntVar(&f.lookup, "prompt-lookup", 0, "guess up to this many tokens ahead from repetitions; the text stays the same")
	var orders []string
	for _, o := range sample.Orders() {
		orders = append(orders, string(o))
	}
	complete(cmd, "sampler-order", orders)
}

// sampler makes a sampler and a stopper of the flags.
func (f *sampleFlags) sampler() (*sample.Sampler, *sample.Stopper, error) {
	p := f.Params
	for _, text := range f.bias {
		b, err := parseBias(text)
		if err != nil {
			return nil, nil, err
		}
		p.Bias = append(p.Bias, b)
	}
	sampler, err := sample.New(p)
	if err != nil {
		return nil, nil, usagef("%w", err)
	}
	stopper, err := sample.NewStopper(f.stops)
	if err != nil {
		return nil, nil, usagef("--stop: %w", err)
	}
	return sampler, stopper, nil
}

func parseBias(text string) (sample.Bias, error) {
	id, value, _ := strings.Cut(text, "=")
	var b sample.Bias
	var err error
	if b.ID, err = strconv.Atoi(id); err != nil {
		return b, usagef("--logit-bias %s: want ID=NUMBER, as in 15=-2.5", text)
	}
	if b.Value, err = strconv.ParseFloat(value, 64); err != nil {
		return b, usagef("--logit-bias %s: want ID=NUMBER, as in 15=-2.5", text)
	}
	return b, nil
}

// promptChunk is the most tokens of a prefill call for a prompt, so that Ctrl-C
// need not wait for 32. Shorter calls read a prompt slower: SmolLM2-135M by 10 %
// with 16 instead of 32, by 25 % with 8, by 80 % with 4.
const promptChunk = 16

// checkCount refuses a flag below least.
func checkCount(flag string, n, least int) error {
	if n < least {
		return usagef("--%s %d: want at least %d", flag, n, least)
	}
	return nil
}

// generator wraps an engine for the flags.
func (f *sampleFlags) generator(e engine.Engine, p sample.Params) (*engine.Generator, error) {
	for _, b := range p.Bias {
		if b.ID >= e.Vocab() {
			return nil, usagef("--logit-bias %d=%v: the model has the tokens 0 to %d", b.ID, b.Value, e.Vocab()-1)
		}
	}
	if most := e.Chunk() - 1; f.lookup < 0 || f.lookup > most {
		return nil, usagef("--prompt-lookup %d: want 0 to %d; a guess and the token before it are one prefill call of --prefill %d",
			f.lookup, most, e.Chunk())
	}
	return &engine.Generator{Engine: e, Lookup: f.lookup, PromptChunk: promptChunk}, nil
}
