package reference

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestPool: each unit of each step runs once, whether the workers look for work,
// sleep or have ended.
func TestPool(t *testing.T) {
	p := newPool(4, 1, 1, 1)
	var times [1000]atomic.Int32
	s := &step{
		opsPerRow: parallelOps,
		units:     func(rows int) int { return rows },
		run: func(_ *scratch, lo, hi int) {
			for i := lo; i < hi; i++ {
				times[i].Add(1)
			}
		},
	}
	s.share = &share{run: s.run}
	run := func(rows int) {
		p.run(s, rows)
		for i := range times {
			if n := times[i].Swap(0); (n == 1) != (i < rows) || n > 1 {
				require.FailNow(t, "wrong count", "unit %d of %d ran %d times", i, rows, n)
			}
		}
	}
	for i := range 2000 {
		if i%50 == 0 {
			time.Sleep(time.Millisecond) // they fall asleep
		}
		run(1 + i*37%len(times))
	}
	p.close()
	p.close()
	run(len(times))
}
