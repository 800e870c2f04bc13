package golden

import "fmt"

// HiddenStats is what [Hidden] measured over the positions whose ids agree.
type HiddenStats struct {
	Policy    Policy       `json:"policy"`
	Recorded  int          `json:"recorded"`  // positions in the golden
	Compared  int          `json:"compared"`  // of these, positions before the first id that differs
	Layers    []LayerStats `json:"per_layer"` // the embeddings, then one for each layer
	identical bool
}

// LayerStats compares the residual stream after one layer.
type LayerStats struct {
	RelativeL2 float64 `json:"relative_l2"` // over all positions
	WorstL2    float64 `json:"worst_l2"`    // at the worst position
	Worst      int     `json:"worst"`       // that position
	MaxULPs    float64 `json:"max_ulps"`    // largest difference in float32 ULPs of the golden's largest magnitude at its position
}

// Hidden holds the hidden states of a run against those of a recorded golden and names the first layer that leaves the
// policy. NotChecked if either side has none or the golden is malformed; Differs as for [Logits].
func Hidden(p Policy, recorded, got *Recorded) *Verdict {
	v := &Verdict{Check: "hidden states", Ref: recorded.Engine, Got: got.Engine}
	if v.Outcome, v.Reason = precheckHidden(recorded, got); v.Reason != "" {
		return v
	}
	n := commonPrefix(recorded.IDs, got.IDs)
	s := &HiddenStats{Policy: p, Recorded: len(recorded.IDs), Compared: n, identical: true}
	for layer := range recorded.layers() {
		s.layer(recorded, got, layer)
	}
	v.Hidden = s
	v.Outcome, v.Reason = s.judge()
	return v
}

// precheckHidden is precheck for the hidden states.
func precheckHidden(recorded, got *Recorded) (Outcome, string) {
	for _, r := range []*Recorded{recorded, got} {
		if len(r.Hidden) == 0 {
			return NotChecked, r.Engine + " has no hidden states"
		}
	}
	if o, reason := precheck(recorded, got); reason != "" {
		return o, reason
	}
	if recorded.layers() != got.layers() || recorded.HiddenSize != got.HiddenSize {
		return Differs, fmt.Sprintf("%d hidden states of %d, recorded %d of %d",
			got.layers(), got.HiddenSize, recorded.layers(), recorded.HiddenSize)
	}
	return Identical, ""
}

func (s *HiddenStats) layer(recorded, got *Recorded, layer int) {
	var total l2
	var ls LayerStats
	for pos := range s.Compared {
		ref, row := recorded.hidden(layer, pos), got.hidden(layer, pos)
		var d l2
		d.add(ref, row)
		total.add(ref, row)
		if rel := d.relative(); rel > ls.WorstL2 {
			ls.Worst, ls.WorstL2 = pos, rel
		}
		ls.MaxULPs = max(ls.MaxULPs, maxULPs(ref, row))
		s.identical = s.identical && equalBits(ref, row)
	}
	ls.RelativeL2 = total.relative()
	s.Layers = append(s.Layers, ls)
}

func (s *HiddenStats) judge() (Outcome, string) {
	for i, l := range s.Layers {
		if !(l.RelativeL2 <= s.Policy.RelativeL2 && l.WorstL2 <= s.Policy.PositionL2) {
			return Differs, fmt.Sprintf("first outside the tolerance: %s, relative L2 %.2g (limit %.2g), %.2g at position %d (limit %.2g)",
				layerName(i), l.RelativeL2, s.Policy.RelativeL2, l.WorstL2, l.Worst, s.Policy.PositionL2)
		}
	}
	if s.identical {
		return Identical, ""
	}
	return WithinTolerance, ""
}

// layerName returns the words for a row of the hidden states; layers count from 0 as in graph paths.
func layerName(i int) string {
	if i == 0 {
		return "the embeddings"
	}
	return fmt.Sprintf("the output of layers.%d", i-1)
}
