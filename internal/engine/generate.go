package engine

import (
	"context"
	"slices"
)

// Generate feeds a prompt and then the tokens that pick chooses until yield
// returns false, n tokens have been chosen (n < 0: no limit) or the context is
// full. yield is called with each chosen token before it is fed.
func Generate(ctx context.Context, e Engine, prompt []int, n int, pick Picker, yield func(id int) bool) error {
	g := Generator{Engine: e}
	return g.Generate(ctx, prompt, n, pick, yield)
}

// Generator generates one sequence after another. It feeds only what its engine
// does not hold already of a prompt, and can guess ahead. Neither changes what
// is generated: a token has the same logits in a prefill call of any length.
type Generator struct {
	Engine Engine
	// Lookup is the most tokens of a guess; 0 is none. A guess is what followed
	// the last tokens where they occurred before (prompt lookup decoding). One
	// prefill call computes the logits after all its tokens, and pick then says
	// how many of them it would have chosen.
	Lookup int
	// PromptChunk is the most tokens of a call while a prompt is read; 0 is as
	// many as the engine takes. Between calls the end of a context is heeded.
	PromptChunk int
	// Stats are of the last Generate.
	Stats Stats

	ids []int // the tokens that the engine's caches hold, from position 0 on
}

// Stats count tokens and calls.
type Stats struct {
	Prompt    int `json:"prompt"`    // tokens of the prompt
	Cached    int `json:"cached"`    // of these, held by the engine already
	Generated int `json:"generated"` // tokens chosen
	Calls     int `json:"calls"`     // of the engine after the prompt
	Guessed   int `json:"guessed"`   // tokens that were fed as guesses
	Accepted  int `json:"accepted"`  // of these, chosen
}

// Generate is as [Generate]. After an error, or a yield that returned false,
// what the engine holds can still be used.
func (g *Generator) Generate(ctx context.Context, prompt []int, n int, pick Picker, yield func(id int) bool) error {
	g.Stats = Stats{Prompt: len(prompt)}
	row, err := g.begin(ctx, prompt)
	if err != nil || n == 0 {
		return err
	}
	choose := func(row []float32) (id int, more bool, err error) {
		if id, err = pick.Pick(row); err != nil {
			return 0, false, err
		}
		g.Stats.Generated++
		return id, yield(id) && g.Stats.Generated != n && len(g.ids) < g.Engine.Context(), nil
	}
	id, more, err := choose(row)
	for more && err == nil {
		id, more, err = g.step(ctx, id, n-g.Stats.Generated, choose)
	}
	return err
}

// begin feeds what the engine does not hold of a prompt, at least its last
// token, and returns the logits after it.
func (g *Generator) begin(ctx context.Context, prompt []int) (row []float32, err error) {
	g.ids = g.ids[:min(commonPrefix(g.ids, prompt), max(0, len(prompt)-1))]
	g.Stats.Cached = len(g.ids)
	err = Feed(ctx, chunked{g.Engine, g.PromptChunk}, Tokens(prompt[len(g.ids):]), len(g.ids), func(pos int, logits []float32) error {
		g.ids = append(g.ids[:pos], prompt[pos])
		row = logits
		return nil
	})
	return row, err
}

// chunked is an engine whose chunks have at most that many tokens, if any.
type chunked struct {
	Engine
	most int
}

// Chunk implements Engine.
func (c chunked) Chunk() int {
	if c.most > 0 {
		return min(c.most, c.Engine.Chunk())
	}
	return c.Engine.Chunk()
}

// step feeds a chosen token and a guess of what follows it, and chooses tokens
// as long as the guess is right. It returns the last one, which is not fed yet.
// left is how many may be chosen; less than 0 is no limit.
func (g *Generator) step(ctx context.Context, id, left int, choose func([]float32) (int, bool, error)) (int, bool, error) {
	if err := ctx.Err(); err != nil {
		return 0, false, err
	}
	pos, vocab := len(g.ids), g.Engine.Vocab()
	g.ids = append(g.ids, id)
	guess := g.guess(left)
	logits, err := g.Engine.Prefill(Tokens(append([]int{id}, guess...)), pos)
	if err != nil {
		g.ids = g.ids[:pos]
		return 0, false, err
	}
	g.Stats.Calls++
	g.Stats.Guessed += len(guess)
	for i := 0; ; i++ {
		next, more, err := choose(logits[i*vocab : (i+1)*vocab])
		if err != nil || !more || i == len(guess) || guess[i] != next {
			return next, more, err
		}
		g.Stats.Accepted++
		g.ids = append(g.ids, next)
	}
}

// guess returns what may follow the tokens, one less than may be chosen.
func (g *Generator) guess(left int) []int {
	most := min(g.Lookup, g.Engine.Chunk()-1, g.Engine.Context()-len(g.ids))
	if left >= 0 {
		most = min(most, left-1)
	}
	return lookup(g.ids, most)
}

// longestMatch and shortestMatch are how many of the last tokens must have
// occurred before for a guess.
const longestMatch, shortestMatch = 3, 2

// lookup returns n tokens that followed the last ones of ids where they occurred
// before, or none: the longest match, and of those the latest. Where ids end, a
// repetition is taken to go on.
func lookup(ids []int, n int) []int {
	for length := longestMatch; length >= shortestMatch && n > 0; length-- {
		if len(ids) <= length {
			continue
		}
		last := ids[len(ids)-length:]
		for end := len(ids) - 1; end >= length; end-- {
			if slices.Equal(ids[end-length:end], last) {
				return repeat(ids[end:], n)
			}
		}
	}
	return nil
}

// repeat returns the first n tokens of ids repeated without end.
func repeat(ids []int, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = ids[i%len(ids)]
	}
	return out
}

func commonPrefix(a, b []int) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}
