// Package sample chooses the next token from logits, and says where a text
// stops.
//
// The order of operations is that of Hugging Face transformers or that of
// llama.cpp, as [Params].Order says. The second applies the temperature last, so
// the same numbers give another distribution there.
//
// One seed gives one sequence of tokens on every platform and in every release:
// the uniform numbers are those of ChaCha8 as C2SP's chacha8rand specifies it,
// and all arithmetic is float64 in a fixed order. No other engine uses the same
// generator, so sequences are not comparable with theirs.
package sample

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Sampler draws tokens. It is not safe for concurrent use.
type Sampler struct {
	params     Params
	random     *rand.ChaCha8
	history    []int // the prompt and what was picked, if there are penalties
	prompt     int   // tokens of the prompt in history
	scores     []float64
	counts     []int       // work space of penalize: zero between calls
	candidates []candidate // of one Pick
	scratch    []candidate // work space of typical
	mass       [masses]float64
	heap       []float64 // work space of topK
}

// candidate is a token that may be drawn.
type candidate struct {
	id     int
	score  float64 // minus the highest score, over the temperature
	weight float64 // e**score: the probability over the highest one
}

// New returns a sampler, or an error that names the parameter out of range.
func New(p Params) (*Sampler, error) {
	if err := p.validate(); err != nil {
		return nil, err
	}
	p.Order = cmp.Or(p.Order, HF)
	p.Bias = slices.Clone(p.Bias)
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], p.Seed)
	return &Sampler{params: p, random: rand.NewChaCha8(seed)}, nil
}

// Params returns what the sampler was made with, with Order set.
func (s *Sampler) Params() Params { return s.params }

// Begin says that the tokens to be picked follow those of a prompt, which the
// penalties look at. Without it the prompt is empty.
func (s *Sampler) Begin(prompt []int) {
	s.prompt = len(prompt)
	s.history = append(s.history[:0], prompt...)
}

// Pick returns the index of the chosen logit. Logits of -Inf are never chosen;
// NaN and +Inf are errors, and so is a vector without any finite logit. Unless
// greedy, each successful call uses one number of the generator. Bias and
// penalties that make a logit too large for a float64 are an error too.
func (s *Sampler) Pick(logits []float32) (int, error) {
	if err := s.score(logits); err != nil {
		return 0, err
	}
	id := argmax(s.scores)
	if id < 0 {
		return 0, fmt.Errorf("sample: none of %d logits is finite", len(logits))
	}
	if s.params.Temperature > 0 {
		id = s.draw(s.keep(s.scores[id]))
	}
	if s.params.penalizes() {
		s.history = append(s.history, id)
	}
	return id, nil
}

// score sets the scores: logits with bias and penalties.
func (s *Sampler) score(logits []float32) error {
	s.scores = slices.Grow(s.scores[:0], len(logits))
	for i, l := range logits {
		if l != l || l > math.MaxFloat32 {
			return fmt.Errorf("sample: logit %d of %d is %v", i, len(logits), l)
		}
		s.scores = append(s.scores, float64(l))
	}
	for _, b := range s.params.Bias {
		if b.ID >= len(logits) {
			return fmt.Errorf("sample: bias of token %d, and there are %d logits", b.ID, len(logits))
		}
		s.scores[b.ID] += b.Value
	}
	if s.params.penalizes() {
		s.penalize()
	}
	return s.overflow()
}

// overflow reports a score that bias and penalties have made too large for a
// number.
func (s *Sampler) overflow() error {
	if len(s.params.Bias) == 0 && !s.params.penalizes() {
		return nil
	}
	for id, x := range s.scores {
		if x != x || math.IsInf(x, 1) {
			return fmt.Errorf("sample: bias and penalties make logit %d of %d %v", id, len(s.scores), x)
		}
	}
	return nil
}

// argmax returns the first index of the highest score, or -1 if all are -Inf.
func argmax(scores []float64) int {
	best, top := -1, math.Inf(-1)
	for i, x := range scores {
		if x > top {
			best, top = i, x
		}
	}
	return best
}

// keep returns the tokens that may be drawn, in index order. top is the highest
// score.
func (s *Sampler) keep(top float64) []candidate {
	p := &s.params
	kept := s.topK(top)
	if p.Order == HF {
		cool(kept, p.Temperature)
		kept = s.filter(kept)
	} else {
		cool(kept, 1)
		kept = s.filter(kept)
		cool(kept, p.Temperature)
	}
	slices.SortFunc(kept, func(a, b candidate) int { return a.id - b.id })
	return kept
}

// filter applies what comes after top-k to candidates in any order.
func (s *Sampler) filter(kept []candidate) []candidate {
	p := &s.params
	if p.Order == HF {
		return s.typical(minP(s.topP(kept), p.MinP))
	}
	if p.TopK > 0 && p.TopK < len(kept) { // without the equals of the Kth
		slices.SortFunc(kept, byScore)
		kept = kept[:p.TopK]
	}
	return minP(s.topP(s.typical(kept)), p.MinP)
}

// byScore orders candidates by falling score, then by index.
func byScore(a, b candidate) int {
	switch {
	case a.score > b.score:
		return -1
	case a.score < b.score:
		return 1
	}
	return a.id - b.id
}

// cool divides the scores by a temperature and sets the weights.
func cool(c []candidate, temperature float64) {
	for i := range c {
		c[i].score /= temperature
		c[i].weight = exp(c[i].score)
	}
}

// draw returns the first of the tokens at which the running sum of weights
// exceeds a uniform share of the total.
func (s *Sampler) draw(kept []candidate) int {
	target := s.uniform() * total(kept)
	chosen, sum := kept[0].id, 0.0
	for _, c := range kept {
		if c.weight == 0 {
			continue
		}
		chosen = c.id // and stays so if rounding made target the whole total
		sum += c.weight
		if sum > target {
			break
		}
	}
	return chosen
}

// total is the sum of the weights, in their order.
func total(kept []candidate) (sum float64) {
	for _, c := range kept {
		sum += c.weight
	}
	return sum
}

// uniform returns a multiple of 2^-53 in [0, 1).
func (s *Sampler) uniform() float64 {
	return float64(s.random.Uint64()>>11) * 0x1p-53
}
