package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// cached is an engine whose logits depend on the last three tokens that its
// cache holds. Tokens that are fed at a position replace what was there, and
// what follows is garbage that nothing may read.
type cached struct {
	chunk, context int
	cache          []int32
	fed            int // tokens, over all calls
	rows           []float32
	fail           error
}

func (c *cached) Chunk() int   { return c.chunk }
func (c *cached) Context() int { return c.context }
func (c *cached) Vocab() int   { return 6 }

func (c *cached) Prefill(tokens []int32, pos int) ([]float32, error) {
	if len(tokens) > c.chunk || pos > len(c.cache) || pos+len(tokens) > c.context {
		return nil, errors.New("call out of range")
	}
	c.cache, c.rows = append(c.cache[:pos], tokens...), c.rows[:0]
	c.fed += len(tokens)
	for end := pos + 1; end <= len(c.cache); end++ {
		var seed uint64
		for _, t := range c.cache[max(0, end-3):end] {
			seed = seed*7 + uint64(t) + 1
		}
		r := rand.New(rand.NewPCG(seed, 1))
		for range c.Vocab() {
			c.rows = append(c.rows, r.Float32())
		}
	}
	return c.rows, c.fail
}

func (c *cached) Decode(token int32, pos int) ([]float32, error) {
	return c.Prefill([]int32{token}, pos)
}

// drawer draws with its own generator, so that each choice changes the next.
type drawer struct{ *rand.Rand }

func (d drawer) Pick(logits []float32) (int, error) {
	if d.IntN(4) == 0 {
		return d.IntN(len(logits)), nil
	}
	return slices.Index(logits, slices.Max(logits)), nil
}

// generate runs a generator on a prompt and stops after a number of tokens.
func generate(t *testing.T, g *Generator, prompt []int, n, stop int, seed uint64) (ids []int) {
	pick := drawer{rand.New(rand.NewPCG(seed, 0))}
	require.NoError(t, g.Generate(t.Context(), prompt, n, pick, func(id int) bool {
		ids = append(ids, id)
		return len(ids) != stop
	}))
	require.Equal(t, len(ids), g.Stats.Generated)
	require.Equal(t, len(prompt), g.Stats.Prompt)
	return ids
}

// A generator that guesses and keeps the cache from one prompt to the next
// chooses what a fresh one without guesses chooses.
func TestGeneratorIsInvisible(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	accepted, held := 0, 0
	for range 300 {
		chunk, limit := 1+r.IntN(8), 12+r.IntN(60)
		g := &Generator{Engine: &cached{chunk: chunk, context: limit}, Lookup: r.IntN(10)}
		var prompt []int
		for range 4 {
			prompt = prompt[:r.IntN(len(prompt)+1)]
			for range 1 + r.IntN(3) {
				prompt = append(prompt, r.IntN(6))
			}
			n, stop, seed := r.IntN(40)-1, r.IntN(40)-1, r.Uint64()
			plain := &Generator{Engine: &cached{chunk: chunk, context: limit}}
			want := generate(t, plain, prompt, n, stop, seed)
			require.Equal(t, want, generate(t, g, prompt, n, stop, seed))
			accepted, held = accepted+g.Stats.Accepted, held+g.Stats.Cached
			prompt = append(prompt, want...)
			prompt = prompt[:min(len(prompt), limit-4)]
		}
	}
	require.Greater(t, accepted, 500)
	require.Greater(t, held, 500)
}

func TestGeneratorStats(t *testing.T) {
	g := &Generator{Engine: &counter{}, Lookup: 9}
	var got []int
	err := g.Generate(t.Context(), []int{4, 5, 9, 3, 4}, 3, greedy{}, func(id int) bool {
		got = append(got, id)
		return true
	})
	require.NoError(t, err)
	require.Equal(t, []int{5, 6, 7}, got)
	require.Equal(t, [][]int32{{0, 4, 5, 9}, {3, 3, 4}, {5, 5, 9}, {6, 6}}, g.Engine.(*counter).calls, "4 5 was followed by 9")
	require.Equal(t, Stats{Prompt: 5, Generated: 3, Calls: 2, Guessed: 1}, g.Stats)
}

func TestGeneratorFeedsOnlyWhatIsNew(t *testing.T) {
	e := &cached{chunk: 4, context: 40}
	g := &Generator{Engine: e}
	first := generate(t, g, []int{1, 2, 3, 4, 5}, 3, -1, 1)
	require.Equal(t, 7, e.fed, "the last token is not fed")
	generate(t, g, append([]int{1, 2, 3, 4, 5}, append(first, 0)...), 1, -1, 1)
	require.Equal(t, 7, g.Stats.Cached)
	require.Equal(t, 9, e.fed)
	generate(t, g, []int{1, 2, 3}, 1, -1, 1)
	require.Equal(t, 2, g.Stats.Cached, "the logits of the last token are needed")
}

func TestGeneratorAfterErrors(t *testing.T) {
	e := &cached{chunk: 4, context: 40}
	g := &Generator{Engine: e, Lookup: 3}
	want := generate(t, g, []int{1, 2, 1, 2}, 20, -1, 3)
	e.fail = errors.New("broken")
	none := func(int) bool { return true }
	require.ErrorIs(t, g.Generate(t.Context(), []int{1, 2, 1, 3, 3}, 5, drawer{}, none), e.fail)
	e.fail = nil
	ctx, cancel := context.WithCancel(t.Context())
	pick := drawer{rand.New(rand.NewPCG(3, 0))}
	require.ErrorIs(t, g.Generate(ctx, []int{1, 2, 1, 2}, 9, pick, func(int) bool { cancel(); return true }), context.Canceled)
	require.Equal(t, want, generate(t, g, []int{1, 2, 1, 2}, 20, -1, 3))
}

// TestGeneratorHeedsTheContext: an interrupt need not wait for the whole prompt, or
// for a long call.
func TestGeneratorHeedsTheContext(t *testing.T) {
	e := &cached{chunk: 8, context: 64}
	ctx, cancel := context.WithCancel(t.Context())
	g := Generator{Engine: canceler{e, cancel}, PromptChunk: 3}
	prompt := slices.Repeat([]int{1, 2}, 20)
	err := g.Generate(ctx, prompt, 1, nil, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 3, e.fed)
	require.Equal(t, generate(t, &Generator{Engine: &cached{chunk: 8, context: 64}}, prompt, 9, -1, 1),
		generate(t, &Generator{Engine: e, PromptChunk: 3}, prompt, 9, -1, 1), "what was read is used")
}

// canceler cancels a context at the first call.
type canceler struct {
	*cached
	cancel context.CancelFunc
}

func (c canceler) Prefill(tokens []int32, pos int) ([]float32, error) {
	c.cancel()
	return c.cached.Prefill(tokens, pos)
}

func TestLookup(t *testing.T) {
	for _, c := range []struct {
		ids  []int
		n    int
		want []int
	}{
		{nil, 3, nil},
		{[]int{1, 2}, 3, nil},
		{[]int{1, 2, 3, 4}, 3, nil},
		{[]int{1, 2, 3, 4, 1, 2}, 3, []int{3, 4, 1}},
		{[]int{1, 2, 3, 4, 1, 2}, 0, nil},
		{[]int{0, 1, 2, 7, 1, 2, 8, 0, 1, 2}, 1, []int{7}},
		{[]int{1, 2, 7, 1, 2, 8, 1, 2}, 2, []int{8, 1}},
		{[]int{5, 1, 2, 1, 2}, 5, []int{1, 2, 1, 2, 1}},
		{[]int{3, 3, 3}, 4, []int{3, 3, 3, 3}},
		{[]int{7, 1, 8, 1}, 4, nil},
	} {
		require.Equal(t, c.want, lookup(c.ids, c.n), "%v", c.ids)
	}
}
