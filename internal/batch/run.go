package batch

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/lpuctl/lpuctl/groqclient"
)

// Run sends what is left of the job and returns when all of it is on disk.
// recorded, unless nil, is called each time that n more lines are. When
// ctx ends, no more requests go, those in flight are waited for and kept, and
// the error is the cause of ctx. Run also ends early if the key is refused, if
// limits ask for too long a wait (*groqclient.RateLimitError, *WaitError), if
// nothing answers any more (*groqclient.TransportError), and if the output
// cannot be written. A line that fails by itself is no error of the run.
func (j *Job) Run(ctx context.Context, s Sender, recorded func(n int)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := &run{
		job: j, sender: s, pace: newPacer(j.o.MaxWait), stop: stop,
		results: make(chan *groqclient.BatchResult, j.o.Concurrency),
	}
	var workers sync.WaitGroup
	for range j.o.Concurrency {
		workers.Go(func() { r.work(ctx) })
	}
	go func() {
		workers.Wait()
		close(r.results)
	}()
	r.record(ctx, recorded)
	j.summary.PromptTokens, j.summary.CompletionTokens = r.pace.spent()
	if j.Summary().Remaining > 0 {
		return context.Cause(ctx)
	}
	return nil
}

// A run is a job while requests are sent.
type run struct {
	job     *Job
	sender  Sender
	pace    *pacer
	stop    context.CancelCauseFunc // no more requests
	next    atomic.Int64            // index of the next request
	replies atomic.Int64            // answers of any kind
	results chan *groqclient.BatchResult
	failure error // of the journal
}

// record commits results until there are no more and tells recorded. What comes
// while a commit is made goes into the next one together.
func (r *run) record(ctx context.Context, recorded func(n int)) {
	done := ctx.Done()
	for {
		select {
		case <-done:
			done = nil // says it once
			r.job.o.Logger.WarnContext(ctx, "sending no more, waiting for what is under way")
		case first, ok := <-r.results:
			if !ok {
				return
			}
			r.commit(append([]*groqclient.BatchResult{first}, waiting(r.results)...), recorded)
		}
	}
}

// commit writes the results. After a failure there are no more commits.
func (r *run) commit(results []*groqclient.BatchResult, recorded func(n int)) {
	if r.failure != nil {
		return
	}
	if r.failure = r.job.journal.commit(results); r.failure != nil {
		r.stop(r.failure)
		return
	}
	r.job.summary.Recorded += len(results)
	if recorded != nil {
		recorded(len(results))
	}
}

// waiting takes what is in the channel already.
func waiting(c <-chan *groqclient.BatchResult) []*groqclient.BatchResult {
	var all []*groqclient.BatchResult
	for {
		select {
		case r, ok := <-c:
			if !ok {
				return all
			}
			all = append(all, r)
		default:
			return all
		}
	}
}

// work takes requests until there are no more or ctx ends.
func (r *run) work(ctx context.Context) {
	for ctx.Err() == nil {
		i := r.next.Add(1) - 1
		if i >= int64(len(r.job.todo)) {
			return
		}
		q := r.job.todo[i]
		result, err := r.answer(ctx, q)
		if result != nil {
			r.results <- result
		}
		if err != nil {
			r.stop(fmt.Errorf("line %d (custom_id %q): %w", q.line, q.id, err))
		}
	}
}

// answer sends the request until there is a result to keep. An error ends the
// run; there may be a result beside it.
func (r *run) answer(ctx context.Context, q request) (*groqclient.BatchResult, error) {
	body, err := r.job.body(q)
	if err != nil {
		return nil, err
	}
	replies := r.replies.Load()
	for try := 1; ; try++ {
		o, err := r.send(ctx, q, body)
		if err != nil {
			return nil, err
		}
		result := resultOf(q, o)
		if succeeded(result) || !transient(result) || try > r.job.o.MaxRetries || r.final(o) {
			return result, r.silence(o.err, replies)
		}
		wait := waitOf(o.err, try)
		r.job.o.Logger.WarnContext(ctx, "retrying", "custom_id", q.id, "wait", wait, "error", o.err)
		if err := sleep(ctx, wait, nil); err != nil {
			return nil, err
		}
	}
}

// send waits for room and sends the request, again and again while the answer
// is that there was no room. What has been sent is waited for even if ctx ends.
func (r *run) send(ctx context.Context, q request, body json.RawMessage) (outcome, error) {
	for {
		t, err := r.pace.admit(ctx, q)
		if err != nil {
			return outcome{}, err
		}
		var o outcome
		o.reply, o.meta, o.err = r.sender.Post(context.WithoutCancel(ctx), q.path, body)
		if endsRun(o.err) {
			return o, o.err // without settling, which would let others go
		}
		if !unanswered(o.err) {
			r.replies.Add(1)
		}
		again, err := r.pace.settle(t, o)
		if !again {
			return o, err
		}
		r.job.o.Logger.DebugContext(ctx, "held back by limits", "custom_id", q.id, "error", o.err)
	}
}

// final reports whether the server says that the request is not to be repeated,
// or not before a time that is too far off.
func (r *run) final(o outcome) bool {
	return o.meta.Header.Get("X-Should-Retry") == "false" || statedWait(o.err) > r.job.o.MaxWait
}

// silence returns err, to end the run, if it means that there was no answer and
// nothing else was answered either since there had been so many replies.
func (r *run) silence(err error, replies int64) error {
	if unanswered(err) && r.replies.Load() == replies {
		return err
	}
	return nil
}
