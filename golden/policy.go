package golden

// Policy is how far from a foreign engine a run may be. Correlation is not part of it: logits scaled by one half have a
// correlation of 1.
type Policy struct {
	Name       string  `json:"name"`
	RelativeL2 float64 `json:"relative_l2"`          // limit over all positions of a prompt, and of one layer's hidden states
	PositionL2 float64 `json:"position_relative_l2"` // limit at a single position
	NearTie    float64 `json:"near_tie"`             // a smaller gap between two logits, in standard deviations of the row, leaves the choice open
}

// Float32Policy holds two float32 engines of different summation order against each other.
//
// Measured on 33 tiny models of all families, float32 against float64 of the same Hugging Face code, the worst relative
// L2 is 1.3e-6 over a prompt and its cached decode and 2.8e-6 at a single position; thread count and vector width move
// it by 7e-7. The limits are about ten times that. The smallest real mistakes move the logits by 2.5e-5 (an epsilon of
// 1e-6 where the model says 1e-5) and 1.7e-4 (exact gelu for tanh), the next by 4e-3, so a limit of 2e-5 would already
// be too near to hide one. A greedy choice must agree wherever the gap is at least 0.5 % of the row's standard deviation.
func Float32Policy() Policy {
	return Policy{Name: "float32", RelativeL2: 1e-5, PositionL2: 3e-5, NearTie: 0.005}
}

// Activations15Policy holds an engine with 15-bit activations (kind a15) against a float32 one on the same weights.
//
// Measured on SmolLM2-135M, six texts: relative L2 1.8e-4 to 3.8e-4, at most 2e-3 at a single position; on the tiny models
// of golden/testdata below 1e-3. A wrong scale or zero point moves the logits by a hundred times that.
func Activations15Policy() Policy {
	return Policy{Name: "a15", RelativeL2: 1e-3, PositionL2: 3e-3, NearTie: 0.02}
}
