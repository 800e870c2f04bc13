package batch

import (
	"encoding/json"
	"math"
	"time"

	"github.com/lpuctl/lpuctl/groqclient"
)

// A bucket is a limit that refills evenly until it is full. Groq's are such: a
// 429 asks to wait for the minute's share of what is missing. The zero value
// has no limit.
type bucket struct {
	limit float64
	level float64 // at the time at
	at    time.Time
	full  time.Time // when the level has come to the limit
}

// set takes what the answer at a time to a request states, if it does. Answers
// to requests that were under way together come in any order; of those the
// lowest level counts, as it knows of the most requests.
func (b *bucket) set(l groqclient.Limit, sent, at time.Time) {
	const year = 365 * 24 * time.Hour // keeps sums of times in range
	if !l.Known || sent.Before(b.at) && float64(l.Remaining) > b.levelAt(at) {
		return
	}
	limit := float64(max(l.Limit, l.Remaining))
	*b = bucket{limit: limit, level: float64(l.Remaining), at: at, full: at.Add(min(l.Reset, year))}
}

// minuteBucket is one of limit a minute that will have room for one after wait.
func minuteBucket(limit float64, wait time.Duration, now time.Time) bucket {
	b := bucket{limit: limit, at: now}
	b.lower(1 - wait.Minutes()*limit)
	return b
}

// lower sets the level of a bucket that refills within a minute.
func (b *bucket) lower(level float64) {
	b.level = level
	b.full = b.at.Add(time.Duration((b.limit - level) / b.limit * float64(time.Minute)))
}

// spend takes one out of a bucket that refills within a minute.
func (b *bucket) spend(now time.Time) {
	if b.limit > 0 {
		level := b.levelAt(now) - 1
		b.at = now
		b.lower(level)
	}
}

func (b *bucket) levelAt(now time.Time) float64 {
	if !now.Before(b.full) {
		return b.limit
	}
	return b.level + (b.limit-b.level)*float64(now.Sub(b.at))/float64(b.full.Sub(b.at))
}

// wait is the time until there is room for need beside what is reserved; what
// needs more than the limit gets a full bucket. It is forever if that cannot be
// until less is reserved.
func (b *bucket) wait(now time.Time, reserved, need float64) time.Duration {
	want := min(need, b.limit) + reserved
	level := b.levelAt(now)
	switch {
	case b.limit == 0 || level >= want:
		return 0
	case want > b.limit:
		return forever
	}
	// The millisecond is more than what rounding takes.
	return time.Duration((want-level)/(b.limit-level)*float64(b.full.Sub(now))) + time.Millisecond
}

// usage adds up the answers of a model, to estimate what the next will cost.
type usage struct {
	answers, bytes     float64 // bytes of request bodies
	prompt, completion float64 // tokens
}

// estimate is the tokens that the server counts for the request: those of its
// prompt, and the most that its answer may have, which Groq counts before it
// answers. Without such a limit the answer is taken to be like those before.
// It is a whole number, and sums of some are exact.
func (u *usage) estimate(q request) float64 {
	perByte, answer := 0.25, float64(q.limit)
	if u.prompt > 0 {
		perByte = u.prompt / u.bytes
	}
	if q.limit == 0 && u.answers > 0 {
		answer = u.completion / u.answers
	}
	return min(math.Ceil(perByte*float64(q.bytes)+answer), 1<<40)
}

// learn adds an answer, if it says what it cost.
func (u *usage) learn(q request, reply json.RawMessage) {
	var r struct {
		Usage struct {
			Prompt     float64 `json:"prompt_tokens"`
			Input      float64 `json:"input_tokens"` // in the responses API
			Completion float64 `json:"completion_tokens"`
			Output     float64 `json:"output_tokens"`
		} `json:"usage"`
	}
	if json.Unmarshal(reply, &r) != nil {
		return
	}
	const most = 1e9 // more is no count of tokens
	prompt, completion := max(r.Usage.Prompt, r.Usage.Input), max(r.Usage.Completion, r.Usage.Output, 0)
	if prompt <= 0 || prompt > most || completion > most {
		return
	}
	u.answers++
	u.bytes += float64(q.bytes)
	u.prompt += prompt
	u.completion += completion
}
