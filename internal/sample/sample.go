// Package sample chooses the next token from logits.
//
// The order of operations is that of Hugging Face transformers: temperature,
// top-k, top-p, min-p, then one draw from what is left. (llama.cpp applies the
// temperature last, so the same numbers give another distribution there.)
//
// One seed gives one sequence of tokens on every platform and in every release:
// the uniform numbers are those of ChaCha8 as C2SP's chacha8rand specifies it,
// and all arithmetic is float64 in a fixed order. No other engine uses the same
// generator, so sequences are not comparable with theirs.
package sample

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Params says how to sample. The zero value is greedy.
type Params struct {
	// Temperature divides the logits. 0 is greedy: the token with the highest
	// logit, the first of equals, and nothing below matters.
	Temperature float64
	// TopK keeps the K highest logits and all that equal the Kth; 0 keeps all.
	TopK int
	// TopP, in (0, 1], removes the least probable tokens whose probabilities
	// sum to at most 1-TopP; 1 keeps all. Of equal logits the last go first.
	TopP float64
	// MinP, in [0, 1], removes tokens less probable than MinP times the most
	// probable one; 0 keeps all.
	MinP float64
	// Seed starts the generator: the first 8 bytes of ChaCha8's 32-byte seed,
	// little-endian; the others are zero.
	Seed uint64
}

// validate reports a parameter that is out of range or not a number.
func (p Params) validate() error {
	switch {
	case !(p.Temperature >= 0) || math.IsInf(p.Temperature, 1):
		return fmt.Errorf("sample: temperature %v is not a finite number of at least 0", p.Temperature)
	case p.TopK < 0:
		return fmt.Errorf("sample: top_k %d is negative; 0 keeps every token", p.TopK)
	case !(p.TopP >= 0 && p.TopP <= 1):
		return fmt.Errorf("sample: top_p %v is outside (0, 1]; 1 keeps every token", p.TopP)
	case p.TopP == 0 && p.Temperature > 0:
		return errors.New("sample: top_p 0 is outside (0, 1]; 1 keeps every token, temperature 0 is greedy")
	case !(p.MinP >= 0 && p.MinP <= 1):
		return fmt.Errorf("sample: min_p %v is outside [0, 1]; 0 keeps every token", p.MinP)
	}
	return nil
}

// Sampler draws tokens. It is not safe for concurrent use.
type Sampler struct {
	params  Params
	random  *rand.ChaCha8
	weights []float64 // of each token: its probability over the highest one
	order   []int     // tokens; the kept ones come first
	heap    []float32 // work space of topK
}

// New returns a sampler, or an error that names the parameter out of range.
func New(p Params) (*Sampler, error) {
	if err := p.validate(); err != nil {
		return nil, err
	}
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], p.Seed)
	return &Sampler{params: p, random: rand.NewChaCha8(seed)}, nil
}

// Pick returns the index of the chosen logit. Logits of -Inf are never chosen;
// NaN and +Inf are errors, and so is a vector without any finite logit. Unless
// greedy, each successful call uses one number of the generator.
func (s *Sampler) Pick(logits []float32) (int, error) {
	best, err := argmax(logits)
	if err != nil || s.params.Temperature == 0 {
		return best, err
	}
	s.weigh(logits, logits[best])
	return s.draw(s.keep(logits)), nil
}

// argmax returns the first index of the highest logit.
func argmax(logits []float32) (int, error) {
	best, top := -1, float32(math.Inf(-1))
	for i, l := range logits {
		if l != l || l > math.MaxFloat32 {
			return 0, fmt.Errorf("sample: logit %d of %d is %v", i, len(logits), l)
		}
		if l > top {
			best, top = i, l
		}
	}
	if best < 0 {
		return 0, fmt.Errorf("sample: none of %d logits is finite", len(logits))
	}
	return best, nil
}

// weigh sets the weights, exp((logit-top)/temperature), and lists all tokens.
func (s *Sampler) weigh(logits []float32, top float32) {
	s.weights = slices.Grow(s.weights[:0], len(logits))
	s.order = slices.Grow(s.order[:0], len(logits))
	for i, l := range logits {
		s.weights = append(s.weights, exp((float64(l)-float64(top))/s.params.Temperature))
		s.order = append(s.order, i)
	}
}

// keep returns the tokens that may be drawn, in index order.
func (s *Sampler) keep(logits []float32) []int {
	p := s.params
	kept := s.topK(logits)
	if p.TopP == 1 && p.MinP == 0 {
		return kept
	}
	slices.SortFunc(kept, func(a, b int) int {
		return cmp.Or(cmp.Compare(logits[b], logits[a]), a-b)
	})
	kept = topP(kept, s.weights, p.TopP)
	kept = minP(kept, s.weights, p.MinP)
	slices.Sort(kept)
	return kept
}

// draw returns the first of tokens at which the running sum of weights exceeds
// a uniform share of the total.
func (s *Sampler) draw(tokens []int) int {
	total := 0.0
	for _, id := range tokens {
		total += s.weights[id]
	}
	target := s.uniform() * total
	chosen, sum := tokens[0], 0.0
	for _, id := range tokens {
		if s.weights[id] == 0 {
			continue
		}
		chosen = id // and stays so if rounding made target the whole total
		sum += s.weights[id]
		if sum > target {
			break
		}
	}
	return chosen
}

// uniform returns a multiple of 2^-53 in [0, 1).
func (s *Sampler) uniform() float64 {
	return float64(s.random.Uint64()>>11) * 0x1p-53
}
