package sample

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func newSampler(t testing.TB, p Params) *Sampler {
	s, err := New(p)
	require.NoError(t, err)
	return s
}

// distribution returns the probability of each token that Pick draws with.
func distribution(s *Sampler, logits []float32) []float64 {
	best, _ := argmax(logits)
	s.weigh(logits, logits[best])
	kept := s.keep(logits)
	total := 0.0
	for _, id := range kept {
		total += s.weights[id]
	}
	p := make([]float64, len(logits))
	for _, id := range kept {
		p[id] = s.weights[id] / total
	}
	return p
}

// The oracle is testdata/record.py. Both sides are float64 and differ only in
// the last bits of exp and of sums of at most 24 terms.
func TestDistributionGoldens(t *testing.T) {
	data, err := os.ReadFile("testdata/processors.jsonl")
	require.NoError(t, err)
	cases := 0
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); cases++ {
		var c struct {
			Logits        []float32 `json:"logits"`
			Temperature   float64   `json:"temperature"`
			TopK          int       `json:"top_k"`
			TopP          float64   `json:"top_p"`
			MinP          float64   `json:"min_p"`
			Probabilities []float64 `json:"probabilities"`
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &c))
		got := distribution(newSampler(t, Params{c.Temperature, c.TopK, c.TopP, c.MinP, 0}), c.Logits)
		for i, want := range c.Probabilities {
			require.Equal(t, want == 0, got[i] == 0, "case %d, token %d: want %v, got %v", cases, i, want, got[i])
			require.InDelta(t, want, got[i], 1e-14, "case %d, token %d", cases, i)
		}
	}
	require.Equal(t, 150, cases)
}

func TestGreedy(t *testing.T) {
	inf := float32(math.Inf(-1))
	for _, c := range []struct {
		logits []float32
		want   int
	}{
		{[]float32{-3}, 0},
		{[]float32{1, 3, 2, 3}, 1},
		{[]float32{inf, -5, inf}, 1},
		{[]float32{float32(math.Copysign(0, -1)), 0}, 0},
	} {
		got, err := newSampler(t, Params{}).Pick(c.logits)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%v", c.logits)
	}
}

func TestTopKKeepsTies(t *testing.T) {
	logits := []float32{1, 2, 3, 2, 0, 2}
	for k, want := range map[int]int{1: 1, 2: 4, 3: 4, 4: 4, 5: 5, 6: 6, 7: 6, 0: 6} {
		kept := newSampler(t, Params{Temperature: 1, TopP: 1, TopK: k})
		require.Len(t, nonZero(distribution(kept, logits)), want, "k = %d", k)
	}
}

// Probabilities 1/2, 1/4, 1/8, 1/8: of the equal ones the last goes first, and
// a tail of exactly 1-p goes.
func TestTopPRemoval(t *testing.T) {
	ln2 := float32(math.Ln2)
	logits := []float32{ln2, 0, 2 * ln2, 0}
	for p, want := range map[float64][]int{
		1:     {0, 1, 2, 3},
		0.9:   {0, 1, 2, 3},
		0.87:  {0, 1, 2},
		0.76:  {0, 1, 2},
		0.74:  {0, 2},
		0.51:  {0, 2},
		0.49:  {2},
		1e-30: {2},
	} {
		s := newSampler(t, Params{Temperature: 1, TopP: p})
		require.Equal(t, want, nonZero(distribution(s, logits)), "p = %v", p)
	}
	s := newSampler(t, Params{Temperature: 1, TopP: 0.5})
	require.Equal(t, []int{1}, nonZero(distribution(s, []float32{-7, 0})))
	require.Equal(t, []int{0}, nonZero(distribution(s, []float32{0, 0})), "the cut tail is exactly 1-p")
}

func nonZero(p []float64) (tokens []int) {
	for i, x := range p {
		if x > 0 {
			tokens = append(tokens, i)
		}
	}
	return tokens
}

// With equal logits the running sum is exact, so a draw is floor(u*n).
func TestPickUsesOneChaCha8NumberEach(t *testing.T) {
	const n = 1000
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], 42)
	want := rand.NewChaCha8(seed)
	s := newSampler(t, Params{Temperature: 0.5, TopP: 1, Seed: 42})
	for range 1000 {
		got, err := s.Pick(make([]float32, n))
		require.NoError(t, err)
		require.Equal(t, int(float64(want.Uint64()>>11)/(1<<53)*n), got)
	}
}

// These ids are a promise: a seed means the same in every release.
func TestSeedIsForever(t *testing.T) {
	s := newSampler(t, Params{Temperature: 0.8, TopK: 40, TopP: 0.95, Seed: 1})
	logits := make([]float32, 100)
	for i := range logits {
		logits[i] = float32(i*37%100) / 16
	}
	var got []int
	for range 12 {
		id, err := s.Pick(logits)
		require.NoError(t, err)
		got = append(got, id)
	}
	require.Equal(t, []int{10, 27, 24, 83, 78, 70, 8, 8, 81, 86, 81, 27}, got)
}

// Pearson's chi-squared over 200,000 draws with a fixed seed, 5 degrees of
// freedom: 20.5 is exceeded once in a thousand seeds.
func TestPickDrawsTheDistribution(t *testing.T) {
	logits := []float32{0.5, -1, 2, 1.25, 0, -0.5}
	s := newSampler(t, Params{Temperature: 1.3, TopP: 1, Seed: 7})
	total := 0.0
	for _, l := range logits {
		total += math.Exp(float64(l) / 1.3)
	}
	const draws = 200_000
	count := make([]float64, len(logits))
	for range draws {
		id, err := s.Pick(logits)
		require.NoError(t, err)
		count[id]++
	}
	chi := 0.0
	for i, l := range logits {
		want := draws * math.Exp(float64(l)/1.3) / total
		chi += (count[i] - want) * (count[i] - want) / want
	}
	require.Less(t, chi, 20.5)
}

func TestPickNeverDrawsMinusInf(t *testing.T) {
	inf := float32(math.Inf(-1))
	s := newSampler(t, Params{Temperature: 100, TopP: 1, TopK: 3})
	for range 100 {
		id, err := s.Pick([]float32{inf, 1, inf, 1, inf})
		require.NoError(t, err)
		require.Contains(t, []int{1, 3}, id)
	}
}

func TestPickDoesNotAllocate(t *testing.T) {
	logits := make([]float32, 5000)
	for i := range logits {
		logits[i] = float32(i % 97)
	}
	s := newSampler(t, Params{Temperature: 1, TopK: 50, TopP: 0.9, MinP: 0.01})
	require.Zero(t, testing.AllocsPerRun(5, func() { _, _ = s.Pick(logits) }))
}

func TestPickErrors(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, p := range []Params{{}, {Temperature: 1, TopP: 1}} {
		s := newSampler(t, p)
		for _, c := range []struct {
			logits []float32
			want   string
		}{
			{nil, "sample: none of 0 logits is finite"},
			{[]float32{-inf, -inf}, "sample: none of 2 logits is finite"},
			{[]float32{1, 2, nan}, "sample: logit 2 of 3 is NaN"},
			{[]float32{1, inf}, "sample: logit 1 of 2 is +Inf"},
		} {
			_, err := s.Pick(c.logits)
			require.EqualError(t, err, c.want)
		}
	}
}

func TestNewErrors(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		params Params
		want   string
	}{
		{Params{Temperature: -0.1}, "temperature -0.1"},
		{Params{Temperature: nan}, "temperature NaN"},
		{Params{Temperature: math.Inf(1)}, "temperature +Inf"},
		{Params{TopK: -1}, "top_k -1"},
		{Params{TopP: -1}, "top_p -1"},
		{Params{TopP: 1.01}, "top_p 1.01"},
		{Params{TopP: nan}, "top_p NaN"},
		{Params{Temperature: 1}, "top_p 0"},
		{Params{MinP: -1}, "min_p -1"},
		{Params{MinP: 1.5}, "min_p 1.5"},
		{Params{MinP: nan}, "min_p NaN"},
	} {
		_, err := New(c.params)
		require.ErrorContains(t, err, "sample: "+c.want)
	}
}

// exp is within 1.5 ULP and math.Exp within 1, so they differ by at most 2.
func TestExp(t *testing.T) {
	require.Equal(t, 1.0, exp(0))
	require.Zero(t, exp(math.Inf(-1)))
	require.Zero(t, exp(-708.1))
	for x := 0.0; x > -708; x -= 0.00917 {
		got, want := int64(math.Float64bits(exp(x))), int64(math.Float64bits(math.Exp(x)))
		require.LessOrEqual(t, max(got-want, want-got), int64(2), "exp(%v)", x)
	}
}

func BenchmarkPick(b *testing.B) {
	logits := make([]float32, 128256)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range logits {
		logits[i] = float32(random.NormFloat64() * 3)
	}
	s := newSampler(b, Params{Temperature: 0.8, TopK: 40, TopP: 0.95})
	for b.Loop() {
		if _, err := s.Pick(logits); err != nil {
			b.Fatal(err)
		}
	}
}
