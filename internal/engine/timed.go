package engine

import (
	"slices"
	"time"
)

// Timed is an engine that measures its decode steps.
type Timed struct {
	Engine
	steps []time.Duration
}

// Decode implements Engine.
func (t *Timed) Decode(token int32, pos int) ([]float32, error) {
	start := time.Now()
	logits, err := t.Engine.Decode(token, pos)
	t.steps = append(t.steps, t.took(start))
	return logits, err
}

// Prefill implements Engine; one token counts as a decode step.
func (t *Timed) Prefill(tokens []int32, pos int) ([]float32, error) {
	if len(tokens) == 1 {
		return t.Decode(tokens[0], pos)
	}
	return t.Engine.Prefill(tokens, pos)
}

// took is the time inside the compiled entry where the engine can tell, so that
// the pipe to the child does not count.
func (t *Timed) took(start time.Time) time.Duration {
	if e, ok := t.Engine.(interface{ Elapsed() time.Duration }); ok {
		return e.Elapsed()
	}
	return time.Since(start)
}

// Step is the median time of a decode step, 0 before the first.
func (t *Timed) Step() time.Duration {
	if len(t.steps) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t.steps))
	return sorted[len(sorted)/2]
}
