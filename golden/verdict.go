// Package golden says whether two engines computed the same thing.
//
// [Bitwise] compares the traces of two engines that follow the same arithmetic contract (docs/numerics.md): every value
// of the graph must have the same bits, and the first one that does not is named. [Logits] compares a run with one
// recorded from a foreign engine, whose arithmetic is not ours, under a [Policy] that states the tolerance. Each returns a
// [Verdict]; a [Report] adds several up. What could not be checked is a verdict too, [NotChecked] with its reason, and
// never counts as passed.
package golden

import "fmt"

// Outcome is what a check found, from best to worst.
type Outcome uint8

const (
	Identical       Outcome = iota // every value has the same bits
	WithinTolerance                // inside the policy, every greedy choice the same
	NearTie                        // inside the policy but for greedy choices which the recorded logits leave open
	NotChecked                     // the check did not run
	Differs                        // a defect in one of the two
)

// String returns the outcome in words, "within tolerance".
func (o Outcome) String() string {
	switch o {
	case Identical:
		return "identical"
	case WithinTolerance:
		return "within tolerance"
	case NearTie:
		return "near tie"
	case NotChecked:
		return "not checked"
	case Differs:
		return "differs"
	}
	return fmt.Sprintf("Outcome(%d)", uint8(o))
}

// MarshalText returns the words of [Outcome.String]; JSON uses it.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// OK reports whether the check ran and passed: true for Identical, WithinTolerance and NearTie.
func (o Outcome) OK() bool { return o <= NearTie }

// Verdict is the result of one check. At most one of Bitwise, Logits and Hidden is set.
type Verdict struct {
	Check   string        `json:"check"`               // what was compared: "bitwise", "logits", or the caller's words
	Ref     string        `json:"reference,omitempty"` // engine that is taken to be right
	Got     string        `json:"got,omitempty"`       // engine under test
	Outcome Outcome       `json:"outcome"`
	Reason  string        `json:"reason,omitempty"` // why it differs or was not checked; empty when OK
	Bitwise *BitwiseStats `json:"bitwise,omitempty"`
	Logits  *LogitStats   `json:"logits,omitempty"`
	Hidden  *HiddenStats  `json:"hidden,omitempty"`
}

// OK reports whether the check ran and passed.
func (v *Verdict) OK() bool { return v.Outcome.OK() }

// Skip returns the verdict of a check that did not run: [NotChecked], for the reason given.
func Skip(check, reason string) *Verdict {
	return &Verdict{Check: check, Outcome: NotChecked, Reason: reason}
}

// Report adds up the verdicts of several checks.
type Report struct {
	Title      string     `json:"title"`
	Outcome    Outcome    `json:"outcome"` // the worst of the verdicts; NotChecked without any
	Passed     int        `json:"passed"`
	Failed     int        `json:"failed"`
	NotChecked int        `json:"not_checked"`
	Verdicts   []*Verdict `json:"checks"`
}

// NewReport adds up verdicts under a title, in the order given.
func NewReport(title string, verdicts ...*Verdict) *Report {
	r := &Report{Title: title, Verdicts: verdicts}
	for _, v := range verdicts {
		r.count(v.Outcome)
	}
	if len(verdicts) == 0 {
		r.Outcome = NotChecked
	}
	return r
}

func (r *Report) count(o Outcome) {
	r.Outcome = max(r.Outcome, o)
	switch {
	case o == NotChecked:
		r.NotChecked++
	case o.OK():
		r.Passed++
	default:
		r.Failed++
	}
}

// OK reports whether every check ran and passed. A caller that accepts missing tools, but no difference, asks for
// Failed == 0 instead.
func (r *Report) OK() bool { return r.Outcome.OK() }
