package checkpoint

import (
	"fmt"
	"math"
)

// Config is the architecture of a checkpoint, the same whatever the format.
type Config struct {
	Architecture string // the family, as Hugging Face's model_type names it: "llama", "mistral", "qwen2" …

	Layers       int
	Hidden       int // hidden size
	Intermediate int // intermediate size of the MLP
	Heads        int // query heads
	KVHeads      int
	HeadDim      int // even; Heads*HeadDim need not be Hidden
	Vocab        int // rows of the embedding
	Context      int // positions the model was made for

	NormEps   float64 // added to the mean square in RMSNorm
	Rope      Rope
	LocalRope *Rope // of the layers with a window; nil: Rope
	RotaryDim int   // leading elements of a head that rotate, even; 0: all

	Windows          []int   // by layer, how many positions a query sees, its own included: 0 for all; nil if all layers see all
	ScoreScale       float64 // multiplies attention scores; 0: 1/sqrt(HeadDim)
	AttentionSoftcap float64 // soft limit of attention scores; 0 for none
	LogitSoftcap     float64 // soft limit of logits; 0 for none
	EmbedScale       float64 // multiplies embeddings; 0 for none
	QKVBias          bool    // q, k and v have biases
	OutBias          bool    // the output projection of attention has one
	MLPBias          bool    // gate, up and down have biases
	Sinks            bool    // each query head has a sink, a score without a value
	QKNorm           bool    // each head of q and k is normalized before it rotates
	PostNorms        bool    // attention and MLP are normalized after, too
	GELU             bool    // the MLP has gelu in its tanh form, not silu

	Experts Experts

	TieEmbeddings bool   // lm_head is the embedding
	BOS           int    // -1 if there is none
	EOS           []int  // each ends generation; may be empty
	DType         string // type of the weights as declared, or else the one that most elements have
}

// maxSize bounds every number of a Config, so that products of three do not
// overflow.
const maxSize = 1 << 20

// Rotated is the number of leading elements of a head that rotate.
func (c *Config) Rotated() int {
	if c.RotaryDim == 0 {
		return c.HeadDim
	}
	return c.RotaryDim
}

// Window is how many positions a query of layer i sees, 0 for all.
func (c *Config) Window(i int) int {
	if c.Windows == nil {
		return 0
	}
	return c.Windows[i]
}

// Check refuses numbers that no model can have.
func (c *Config) Check() error {
	for _, n := range []struct {
		name  string
		value int
	}{
		{"layers", c.Layers}, {"hidden size", c.Hidden}, {"intermediate size", c.Intermediate},
		{"query heads", c.Heads}, {"KV heads", c.KVHeads}, {"head dimension", c.HeadDim}, {"vocabulary", c.Vocab},
	} {
		if n.value < 1 || n.value > maxSize {
			return fmt.Errorf("%s is %d, not 1 to %d", n.name, n.value, maxSize)
		}
	}
	switch {
	case c.Context < 1 || c.Context > math.MaxInt32:
		return fmt.Errorf("context is %d positions, not 1 to %d", c.Context, math.MaxInt32)
	case c.Heads%c.KVHeads != 0:
		return fmt.Errorf("%d query heads do not divide among %d KV heads", c.Heads, c.KVHeads)
	case c.HeadDim%2 != 0:
		return fmt.Errorf("head dimension %d is odd", c.HeadDim)
	case c.RotaryDim < 0 || c.RotaryDim > c.HeadDim || c.RotaryDim%2 != 0:
		return fmt.Errorf("%d elements of heads of %d rotate: not an even number of them", c.RotaryDim, c.HeadDim)
	case !(c.NormEps > 0 && c.NormEps < 1):
		return fmt.Errorf("epsilon of RMSNorm is %v, not between 0 and 1", c.NormEps)
	}
	if err := c.checkAttention(); err != nil {
		return err
	}
	if err := c.Experts.check(c.Layers); err != nil {
		return err
	}
	if c.LocalRope != nil {
		if err := c.LocalRope.check(c.Rotated() / 2); err != nil {
			return fmt.Errorf("layers with a window: %w", err)
		}
	}
	return c.Rope.check(c.Rotated() / 2)
}

func (c *Config) checkAttention() error {
	for _, n := range []struct {
		name  string
		value float64
	}{
		{"scale of the scores", c.ScoreScale}, {"soft cap of the scores", c.AttentionSoftcap},
		{"soft cap of the logits", c.LogitSoftcap}, {"scale of the embeddings", c.EmbedScale},
	} {
		if n.value != 0 && !finite(n.value) {
			return fmt.Errorf("%s is %v, not a positive number", n.name, n.value)
		}
	}
	if c.Windows != nil && len(c.Windows) != c.Layers {
		return fmt.Errorf("%d windows for %d layers", len(c.Windows), c.Layers)
	}
	for i, w := range c.Windows {
		if w < 0 || w > math.MaxInt32 {
			return fmt.Errorf("window of layer %d is %d positions", i, w)
		}
	}
	return nil
}

// finite says whether v is a positive finite number.
func finite(v float64) bool { return v > 0 && !math.IsInf(v, 1) }
