package engine

import (
	"github.com/lpuctl/lpuctl/internal/toolchain"
)

// Compiled is a compiled module as an Engine. Prefill runs whole chunks by the
// prefill entry and anything shorter token by token: the bits are the same.
type Compiled struct {
	*toolchain.Process
	abi    toolchain.ABI
	logits []float32
}

// NewCompiled wraps a process that was started with that ABI.
func NewCompiled(p *toolchain.Process, abi toolchain.ABI) *Compiled {
	return &Compiled{Process: p, abi: abi}
}

// Chunk implements Engine.
func (c *Compiled) Chunk() int { return max(c.abi.Chunk, 1) }

// Context implements Engine.
func (c *Compiled) Context() int { return c.abi.Positions() }

// Vocab implements Engine.
func (c *Compiled) Vocab() int { return c.abi.Vocab }

// Prefill implements Engine.
func (c *Compiled) Prefill(tokens []int32, pos int) ([]float32, error) {
	if len(tokens) == c.abi.Chunk {
		return c.Process.Prefill(tokens, pos)
	}
	c.logits = c.logits[:0]
	for i, token := range tokens {
		row, err := c.Decode(token, pos+i)
		if err != nil {
			return nil, err
		}
		c.logits = append(c.logits, row...)
	}
	return c.logits, nil
}
