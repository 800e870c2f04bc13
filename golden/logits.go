package golden

import (
	"fmt"
	"strings"
)

// LogitStats is what [Logits] measured over the positions whose ids agree. Means are over positions.
type LogitStats struct {
	Policy     Policy          `json:"policy"`
	Recorded   int             `json:"recorded"` // positions in the golden
	Compared   int             `json:"compared"` // of these, positions before the first id that differs
	RelativeL2 float64         `json:"relative_l2"`
	MaxULPs    float64         `json:"max_ulps"`     // see [PositionStats]
	MeanKL     float64         `json:"mean_kl"`      // nats, of got from the golden
	Top1       float64         `json:"top1"`         // fraction of positions with the same most likely id
	Top5       float64         `json:"top5"`         // mean overlap of the five most likely ids
	Worst      int             `json:"worst"`        // position with the largest relative L2
	Flips      []Flip          `json:"flips"`        // positions whose most likely id differs
	Positions  []PositionStats `json:"per_position"` // Compared of them
	identical  bool
}

// PositionStats compares the logits of one position.
type PositionStats struct {
	RelativeL2 float64 `json:"relative_l2"`
	MaxULPs    float64 `json:"max_ulps"` // largest difference in float32 ULPs of the golden's largest magnitude
	KL         float64 `json:"kl"`       // nats
	Top1       bool    `json:"top1"`
	Top5       float64 `json:"top5"`
}

// Flip is a position at which the two engines prefer different ids.
type Flip struct {
	Pos     int     `json:"position"`
	Ref     int     `json:"reference_id"`
	Got     int     `json:"got_id"`
	Gap     float64 `json:"gap"`      // how far below its own choice the golden puts got's, in standard deviations of its row
	NearTie bool    `json:"near_tie"` // Gap is below the policy's: the golden leaves the choice open
}

// Logits holds a run against a recorded golden. The run may be fed the golden's ids or its own greedy choices; positions
// after the first choice that differs have another context and are not compared.
//
// NotChecked if the golden is malformed; Differs if the run is, if it has another prompt, length or vocabulary, or if it
// leaves the policy; NearTie if only choices that the golden leaves open differ.
func Logits(p Policy, recorded, got *Recorded) *Verdict {
	v := &Verdict{Check: "logits", Ref: recorded.Engine, Got: got.Engine}
	if v.Outcome, v.Reason = precheck(recorded, got); v.Reason != "" {
		return v
	}
	s := measure(p, recorded, got, commonPrefix(recorded.IDs, got.IDs))
	v.Logits = s
	v.Outcome, v.Reason = s.judge(recorded, got)
	return v
}

// precheck returns why two runs cannot be compared; no reason if both are well formed and of one prompt, length and
// vocabulary.
func precheck(recorded, got *Recorded) (Outcome, string) {
	if err := recorded.Check(); err != nil {
		return NotChecked, err.Error()
	}
	if err := got.Check(); err != nil {
		return Differs, err.Error()
	}
	if len(got.IDs) != len(recorded.IDs) {
		return Differs, fmt.Sprintf("%d positions, recorded %d", len(got.IDs), len(recorded.IDs))
	}
	if recorded.Vocab != got.Vocab {
		return Differs, fmt.Sprintf("vocabulary of %d, recorded %d", got.Vocab, recorded.Vocab)
	}
	if n := commonPrefix(recorded.IDs, got.IDs); n < recorded.Prompt {
		return Differs, fmt.Sprintf("another prompt: id %d at position %d, recorded %d", got.IDs[n], n, recorded.IDs[n])
	}
	return Identical, ""
}

func commonPrefix(a, b []int) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// measure compares the first n positions.
func measure(p Policy, recorded, got *Recorded, n int) *LogitStats {
	s := &LogitStats{Policy: p, Recorded: len(recorded.IDs), Compared: n, Flips: []Flip{}, identical: true}
	var total l2
	for pos := range n {
		ref, row := recorded.row(pos), got.row(pos)
		total.add(ref, row)
		s.identical = s.identical && equalBits(ref, row)
		s.position(pos, ref, row)
	}
	s.RelativeL2 = total.relative()
	s.MeanKL /= float64(n)
	s.Top1 /= float64(n)
	s.Top5 /= float64(n)
	return s
}

func (s *LogitStats) position(pos int, ref, got []float32) {
	var d l2
	d.add(ref, got)
	refTop, gotTop := topK(ref, 5), topK(got, 5)
	ps := PositionStats{
		RelativeL2: d.relative(),
		MaxULPs:    maxULPs(ref, got),
		KL:         klDivergence(ref, got),
		Top1:       refTop[0] == gotTop[0],
		Top5:       overlap(refTop, gotTop),
	}
	s.Positions = append(s.Positions, ps)
	s.MaxULPs = max(s.MaxULPs, ps.MaxULPs)
	s.MeanKL += ps.KL
	s.Top5 += ps.Top5
	if ps.RelativeL2 > s.Positions[s.Worst].RelativeL2 {
		s.Worst = pos
	}
	if ps.Top1 {
		s.Top1++
		return
	}
	s.Flips = append(s.Flips, s.Policy.flip(pos, refTop[0], gotTop[0], ref))
}

// flip judges the choice of got by the golden's own row: it is open if the golden puts it near its own.
func (p Policy) flip(pos, ref, got int, row []float32) Flip {
	f := Flip{Pos: pos, Ref: ref, Got: got}
	if gap := float64(row[ref]) - float64(row[got]); gap > 0 {
		f.Gap = gap / stddev(row)
	}
	f.NearTie = f.Gap < p.NearTie
	return f
}

// judge applies the policy.
func (s *LogitStats) judge(recorded, got *Recorded) (Outcome, string) {
	var reasons []string
	fail := func(format string, args ...any) { reasons = append(reasons, fmt.Sprintf(format, args...)) }
	if !(s.RelativeL2 <= s.Policy.RelativeL2) {
		fail("relative L2 %.2g, limit %.2g", s.RelativeL2, s.Policy.RelativeL2)
	}
	if worst := s.Positions[s.Worst].RelativeL2; !(worst <= s.Policy.PositionL2) {
		fail("relative L2 %.2g at position %d, limit %.2g", worst, s.Worst, s.Policy.PositionL2)
	}
	for _, f := range s.Flips {
		if !f.NearTie {
			fail("prefers id %d to %d at position %d, where the gap is %.2g standard deviations", f.Got, f.Ref, f.Pos, f.Gap)
			break
		}
	}
	if n := s.Compared; n < s.Recorded && s.Positions[n-1].Top1 {
		fail("id %d at position %d, recorded %d, though the logits before it prefer the same id", got.IDs[n], n, recorded.IDs[n])
	}
	if len(reasons) > 0 {
		return Differs, strings.Join(reasons, "; ")
	}
	return s.passed(), ""
}

func (s *LogitStats) passed() Outcome {
	switch {
	case len(s.Flips) > 0:
		return NearTie
	case s.identical:
		return Identical
	}
	return WithinTolerance
}
