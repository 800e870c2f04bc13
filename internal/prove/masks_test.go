package prove

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/constrain"
	"github.com/lpuctl/lpuctl/internal/engine"
	"github.com/lpuctl/lpuctl/internal/sample"
	"github.com/lpuctl/lpuctl/internal/tokenizer"
	"github.com/lpuctl/lpuctl/ir"
)

// maskSchemas are those of the table of costs in docs/structured.md.
var maskSchemas = []struct{ name, schema string }{
	{"object", constrain.AnyObject},
	{"book", `{
		"type": "object",
		"properties": {
			"title": {"type": "string", "minLength": 5, "maxLength": 60},
			"year": {"type": "integer", "minimum": 1450, "maximum": 2100},
			"words": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]+(-[a-z]+)*$"}},
			"address": {"type": "string", "format": "email"}
		},
		"required": ["title", "year", "words", "address"],
		"additionalProperties": false
	}`},
	{"strings", `{"type": "array", "minItems": 3, "items": {"type": "string", "minLength": 20, "maxLength": 200}}`},
}

// BenchmarkMasks measures what a grammar costs on a real model: the time of the
// masks beside that of the decode steps between them, and the time to build the
// trie of the vocabulary. A text has at most 120 tokens, sampled at temperature
// 0.8.
func BenchmarkMasks(b *testing.B) {
	m := smolLM2(b)
	tok, err := tokenizer.FromGGUF(m.Checkpoint)
	require.NoError(b, err)
	e := realEngine(b, m, ir.KindA15)
	for _, s := range maskSchemas {
		grammar, err := constrain.Compile([]byte(s.schema))
		require.NoError(b, err)
		b.Run(s.name, func(b *testing.B) {
			cost := maskCost{Engine: e, tok: tok, ends: m.Checkpoint.Config().EOS}
			for b.Loop() {
				cost.generate(b, grammar)
			}
			cost.report(b)
		})
	}
}

// maskCost is an engine and a picker that add up where the time of a generation
// goes.
type maskCost struct {
	engine.Engine
	tok  *tokenizer.Tokenizer
	ends []int

	guide   *constrain.Guide // picks within the grammar, with the help of sampler
	sampler *sample.Sampler

	texts, steps, picks           int
	trie, decode, guided, sampled time.Duration
}

// Prefill implements [engine.Engine]; that of one token is a decode step.
func (c *maskCost) Prefill(tokens []int32, pos int) ([]float32, error) {
	start := time.Now()
	logits, err := c.Engine.Prefill(tokens, pos)
	if len(tokens) == 1 {
		c.decode += time.Since(start)
		c.steps++
	}
	return logits, err
}

// Pick implements [engine.Picker].
func (c *maskCost) Pick(logits []float32) (int, error) {
	start := time.Now()
	id, err := c.guide.Pick(logits)
	c.guided += time.Since(start)
	c.picks++
	return id, err
}

// maskSampler is the sampler of a maskCost, timed.
type maskSampler struct{ cost *maskCost }

// Pick implements [engine.Picker].
func (s maskSampler) Pick(logits []float32) (int, error) {
	start := time.Now()
	id, err := s.cost.sampler.Pick(logits)
	s.cost.sampled += time.Since(start)
	return id, err
}

// generate writes one text, each with a seed of its own.
func (c *maskCost) generate(b *testing.B, g *constrain.Grammar) {
	const tokens = 120
	prompt, err := c.tok.Encode("As JSON:\n", true)
	require.NoError(b, err)
	c.sampler, err = sample.New(sample.Params{Temperature: 0.8, TopP: 0.95, Seed: uint64(c.texts)})
	require.NoError(b, err)
	all := make([][]byte, c.tok.Size())
	for id := range all {
		all[id] = c.tok.TokenBytes(id)
	}
	start := time.Now()
	vocabulary, err := constrain.NewVocabulary(all, c.ends)
	require.NoError(b, err)
	c.trie += time.Since(start)
	c.texts++
	c.guide, err = constrain.NewGuide(g, vocabulary, tokens, maskSampler{c})
	require.NoError(b, err)
	more := func(id int) bool { return !slices.Contains(c.ends, id) }
	require.NoError(b, engine.Generate(b.Context(), c, prompt, tokens, c, more))
}

func (c *maskCost) report(b *testing.B) {
	mask := float64(c.guided-c.sampled) / float64(c.picks)
	decode := float64(c.decode) / float64(c.steps)
	b.ReportMetric(mask, "mask-ns/token")
	b.ReportMetric(decode, "decode-ns/token")
	b.ReportMetric(100*mask/decode, "mask-%-of-decode")
	b.ReportMetric(float64(c.trie)/float64(c.texts), "trie-ns/text")
	b.ReportMetric(float64(c.picks)/float64(c.texts), "tokens/text")
}
