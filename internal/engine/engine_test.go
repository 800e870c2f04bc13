package engine

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// counter is an engine whose logits favour the token after the last one fed;
// it notes its calls.
type counter struct {
	calls [][]int32
	rows  []float32
	fail  error
}

func (c *counter) Chunk() int   { return 3 }
func (c *counter) Context() int { return 8 }
func (c *counter) Vocab() int   { return 10 }

func (c *counter) Prefill(tokens []int32, pos int) ([]float32, error) {
	c.calls = append(c.calls, append([]int32{int32(pos)}, tokens...))
	c.rows = c.rows[:0]
	for _, t := range tokens {
		row := make([]float32, 10)
		row[(t+1)%10] = 1
		c.rows = append(c.rows, row...)
	}
	return c.rows, c.fail
}

func (c *counter) Decode(token int32, pos int) ([]float32, error) {
	return c.Prefill([]int32{token}, pos)
}

// greedy picks the largest logit.
type greedy struct{}

func (greedy) Pick(logits []float32) (int, error) {
	for i, v := range logits {
		if v == 1 {
			return i, nil
		}
	}
	return 0, errors.New("no choice")
}

func TestRecord(t *testing.T) {
	c := &counter{}
	r, err := Record(t.Context(), c, []int{4, 5, 6, 7}, 2, greedy{})
	require.NoError(t, err)
	require.Equal(t, []int{4, 5, 6, 7, 8, 9}, r.IDs)
	require.Equal(t, 4, r.Prompt)
	require.Len(t, r.Logits, 6*10)
	require.Equal(t, [][]int32{{0, 4, 5, 6}, {3, 7}, {4, 8}, {5, 9}}, c.calls, "whole chunks, then the rest; position first")

	again := &counter{}
	replayed, err := Replay(t.Context(), again, r.IDs, r.Prompt)
	require.NoError(t, err)
	require.Equal(t, r, replayed)
	require.Equal(t, c.calls, again.calls)
}

func TestGenerate(t *testing.T) {
	generate := func(n, stopAt int) (got []int, c *counter) {
		c = &counter{}
		err := Generate(t.Context(), c, []int{1}, n, greedy{}, func(id int) bool {
			got = append(got, id)
			return id != stopAt
		})
		require.NoError(t, err)
		return got, c
	}
	got, c := generate(3, -1)
	require.Equal(t, []int{2, 3, 4}, got)
	require.Equal(t, [][]int32{{0, 1}, {1, 2}, {2, 3}}, c.calls, "the last token is not fed")
	got, _ = generate(-1, 3)
	require.Equal(t, []int{2, 3}, got)
	got, c = generate(-1, -1)
	require.Equal(t, []int{2, 3, 4, 5, 6, 7, 8, 9}, got, "one more than the context holds")
	require.Len(t, c.calls, 8)
	got, _ = generate(0, -1)
	require.Empty(t, got)
}

func TestFeedRefuses(t *testing.T) {
	none := func(int, []float32) error { return nil }
	err := Feed(t.Context(), &counter{}, make([]int32, 5), 4, none)
	require.EqualError(t, err, "5 tokens from position 4 on do not fit the context of 8")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, Feed(ctx, &counter{}, []int32{1}, 0, none), context.Canceled)
	broken := errors.New("broken")
	require.ErrorIs(t, Feed(t.Context(), &counter{fail: broken}, []int32{1}, 0, none), broken)
	require.ErrorIs(t, Feed(t.Context(), &counter{}, []int32{1}, 0, func(int, []float32) error { return broken }), broken)
}

func TestTimed(t *testing.T) {
	timed := &Timed{Engine: &counter{}}
	require.Zero(t, timed.Step())
	_, err := timed.Prefill([]int32{1, 2}, 0)
	require.NoError(t, err)
	require.Zero(t, timed.Step(), "a prefill is not a decode step")
	_, err = timed.Prefill([]int32{1}, 2)
	require.NoError(t, err)
	require.Positive(t, timed.Step())
}
