// Package engine runs sequences of tokens on anything that executes a model:
// the CPU reference or a compiled module in its child process.
package engine

import (
	"context"
	"fmt"
)

// Engine executes one model for one sequence at a time.
type Engine interface {
	// Prefill runs 1 to Chunk tokens at positions pos, pos+1, … and returns
	// their logits [len(tokens), Vocab], valid until the next call.
	Prefill(tokens []int32, pos int) ([]float32, error)
	// Decode runs one token at position pos and returns its logits [Vocab],
	// valid until the next call.
	Decode(token int32, pos int) ([]float32, error)
	Chunk() int   // most tokens of a Prefill
	Context() int // positions that a sequence can have
	Vocab() int   // logits of a position
}

// Feed runs tokens at positions pos, pos+1, … in chunks and calls each with
// the logits [Vocab] of every position in order, valid until the next call of
// the engine.
func Feed(ctx context.Context, e Engine, tokens []int32, pos int, each func(pos int, logits []float32) error) error {
	if n := e.Context(); pos+len(tokens) > n {
		return fmt.Errorf("%d tokens from position %d on do not fit the context of %d", len(tokens), pos, n)
	}
	for len(tokens) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(e.Chunk(), len(tokens))
		logits, err := e.Prefill(tokens[:n], pos)
		if err != nil {
			return err
		}
		for i := range n {
			if err := each(pos+i, logits[i*e.Vocab():(i+1)*e.Vocab()]); err != nil {
				return err
			}
		}
		tokens, pos = tokens[n:], pos+n
	}
	return nil
}

// Picker chooses the next token from logits.
type Picker interface {
	Pick(logits []float32) (int, error)
}

// Run is a sequence that an engine computed.
type Run struct {
	IDs    []int     // the prompt and every token that was fed after it
	Prompt int       // tokens of the prompt
	Logits []float32 // [len(IDs), vocab]
	Vocab  int
}

// Record feeds a prompt and then n tokens that pick chooses, and keeps the
// logits of every position. Row Prompt-1+k chooses token Prompt+k.
func Record(ctx context.Context, e Engine, prompt []int, n int, pick Picker) (*Run, error) {
	r := &Run{Prompt: len(prompt), Vocab: e.Vocab()}
	if err := r.feed(ctx, e, prompt); err != nil {
		return nil, err
	}
	for range n {
		id, err := pick.Pick(r.Logits[len(r.Logits)-e.Vocab():])
		if err != nil {
			return nil, err
		}
		if err := r.feed(ctx, e, []int{id}); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// feed runs the next ids of the sequence and keeps their logits.
func (r *Run) feed(ctx context.Context, e Engine, ids []int) error {
	pos := len(r.IDs)
	r.IDs = append(r.IDs, ids...)
	return Feed(ctx, e, Tokens(ids), pos, func(_ int, logits []float32) error {
		r.Logits = append(r.Logits, logits...)
		return nil
	})
}

// Replay feeds ids, the first prompt of them in chunks, and keeps the logits of
// every position.
func Replay(ctx context.Context, e Engine, ids []int, prompt int) (*Run, error) {
	r := &Run{Prompt: prompt, Vocab: e.Vocab()}
	if err := r.feed(ctx, e, ids[:prompt]); err != nil {
		return nil, err
	}
	for _, id := range ids[prompt:] {
		if err := r.feed(ctx, e, []int{id}); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Tokens converts ids to the integers that engines take.
func Tokens(ids []int) []int32 {
	out := make([]int32, len(ids))
	for i, id := range ids {
		out[i] = int32(id)
	}
	return out
}
