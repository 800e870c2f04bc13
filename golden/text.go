package golden

import (
	"bytes"
	"fmt"
	"io"
)

// maxLines is how many problems or flips of a check are written one by one; JSON has all of them.
const maxLines = 10

// WriteReport writes the report for a person: a line for each check, its figures below, then the sum.
func (r *Report) WriteReport(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: %s\n", r.Title, r.headline())
	for _, v := range r.Verdicts {
		v.text(&b)
	}
	fmt.Fprintf(&b, "%d passed, %d failed, %d not checked\n", r.Passed, r.Failed, r.NotChecked)
	_, err := w.Write(b.Bytes())
	return err
}

// headline returns the outcome in words that do not hide what passed when something was not checked.
func (r *Report) headline() string {
	if r.Outcome == NotChecked && r.Passed > 0 {
		return "not everything checked"
	}
	return r.Outcome.String()
}

// WriteReport writes the verdict for a person, as one check of a [Report].
func (v *Verdict) WriteReport(w io.Writer) error {
	var b bytes.Buffer
	v.text(&b)
	_, err := w.Write(b.Bytes())
	return err
}

func (v *Verdict) text(b *bytes.Buffer) {
	b.WriteString("  " + v.Check)
	if v.Got != "" {
		fmt.Fprintf(b, " of %s against %s", v.Got, v.Ref)
	}
	fmt.Fprintf(b, ": %s\n", v.Outcome)
	if v.Reason != "" {
		fmt.Fprintf(b, "    %s\n", v.Reason)
	}
	switch {
	case v.Bitwise != nil:
		v.Bitwise.text(b, v.Ref, v.Got)
	case v.Logits != nil:
		v.Logits.text(b)
	case v.Hidden != nil:
		v.Hidden.text(b)
	}
}

func (s *BitwiseStats) text(b *bytes.Buffer, ref, got string) {
	fmt.Fprintf(b, "    %d values in %d records compared, %d identical\n", s.Values, s.Records, s.Identical)
	if m := s.First; m != nil {
		fmt.Fprintf(b, "    first difference: %s at position %d, index %d, %d ULP\n", m.Path, m.Pos, m.Index, m.ULPs)
		fmt.Fprintf(b, "      %s: %s\n      %s: %s\n", ref, m.Ref, got, m.Got)
	}
	lines(b, len(s.Problems), func(i int) {
		p := s.Problems[i]
		fmt.Fprintf(b, "    %s at position %d: %s\n", p.Path, p.Pos, p.Detail)
	})
}

func (s *LogitStats) text(b *bytes.Buffer) {
	fmt.Fprintf(b, "    %d of %d positions compared, policy %s\n", s.Compared, s.Recorded, s.Policy.Name)
	fmt.Fprintf(b, "    relative L2 %.2e (limit %.2g), worst %.2e at position %d (limit %.2g), at most %.3g ULP\n",
		s.RelativeL2, s.Policy.RelativeL2, s.Positions[s.Worst].RelativeL2, s.Worst, s.Policy.PositionL2, s.MaxULPs)
	fmt.Fprintf(b, "    KL divergence %.1e nats, top-1 %.2f %%, top-5 %.2f %%\n", s.MeanKL, 100*s.Top1, 100*s.Top5)
	outside := s.outside()
	fmt.Fprintf(b, "    %d of %d positions within the limit\n", s.Compared-len(outside), s.Compared)
	lines(b, len(outside), func(i int) {
		p := s.Positions[outside[i]]
		fmt.Fprintf(b, "    position %d: relative L2 %.2e, KL divergence %.1e nats\n", outside[i], p.RelativeL2, p.KL)
	})
	lines(b, len(s.Flips), func(i int) { s.Flips[i].text(b, s.Policy) })
}

// outside are the positions that leave the policy.
func (s *LogitStats) outside() []int {
	var all []int
	for pos, p := range s.Positions {
		if !(p.RelativeL2 <= s.Policy.PositionL2) {
			all = append(all, pos)
		}
	}
	return all
}

// lines writes the first of n lines and how many there are more.
func lines(b *bytes.Buffer, n int, line func(i int)) {
	for i := range min(n, maxLines) {
		line(i)
	}
	if n > maxLines {
		fmt.Fprintf(b, "    and %d more\n", n-maxLines)
	}
}

func (f Flip) text(b *bytes.Buffer, p Policy) {
	kind := "not a near tie"
	if f.NearTie {
		kind = "a near tie"
	}
	fmt.Fprintf(b, "    position %d: id %d instead of %d, %s (gap %.2g standard deviations, limit %.2g)\n",
		f.Pos, f.Got, f.Ref, kind, f.Gap, p.NearTie)
}

func (s *HiddenStats) text(b *bytes.Buffer) {
	fmt.Fprintf(b, "    %d of %d positions compared, policy %s\n", s.Compared, s.Recorded, s.Policy.Name)
	for i, l := range s.Layers {
		fmt.Fprintf(b, "    %s: relative L2 %.2e, worst %.2e at position %d, at most %.3g ULP\n",
			layerName(i), l.RelativeL2, l.WorstL2, l.Worst, l.MaxULPs)
	}
}
