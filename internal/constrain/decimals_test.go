package constrain

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// randomNumbers returns a set with bounds and a step, or without, that has a number.
func randomNumbers(random *rand.Rand) numbers {
	rat := func() *big.Rat {
		r, _ := new(big.Rat).SetString(fmt.Sprintf("%de%d", random.IntN(400)-200, random.IntN(12)-6))
		return r
	}
	var set numbers
	if random.IntN(3) > 0 {
		set.lo, set.loOpen = rat(), random.IntN(2) == 0
	}
	if random.IntN(3) > 0 {
		set.hi, set.hiOpen = rat(), random.IntN(2) == 0
	}
	if step := rat(); random.IntN(2) == 0 && step.Sign() != 0 {
		set.step = step.Abs(step)
	}
	if !set.has() {
		return randomNumbers(random)
	}
	return set
}

func requireDecimals(t *testing.T, set numbers) *decimals {
	d, err := newDecimals(set, &budget{maxDFAStates, maxDFAWork})
	require.NoError(t, err)
	return d
}

func about(d *decimals) string {
	return fmt.Sprint(d.set.lo, d.set.loOpen, d.set.hi, d.set.hiOpen, d.set.step)
}

// shortNumbers returns the number texts of at most size bytes, with e for an
// exponent.
func shortNumbers(size int) []string {
	var texts []string
	var grow func(text string, at uint8)
	grow = func(text string, at uint8) {
		if text != "" && numberLeft[at] == 0 {
			texts = append(texts, text)
		}
		for _, b := range "0123456789.-e" {
			if next, ok := nextNumber(at, byte(b)); ok && len(text) < size {
				grow(text+string(b), next)
			}
		}
	}
	grow("", numberStart)
	return texts
}

// TestCostsOfShortNumbers compares the cost of each beginning of a short number
// with the shortest rest that math/big finds in the set. Digits before the point
// may be a byte fewer than what is found for an exponent.
func TestCostsOfShortNumbers(t *testing.T) {
	const size = 4
	random := rand.New(rand.NewPCG(1, 6))
	texts := shortNumbers(size)
	require.Equal(t, 15300, len(texts))
	found := 0
	for range 8 {
		d := requireDecimals(t, randomNumbers(random))
		rest := map[string]int64{"": infinite}
		for _, text := range texts {
			value, ok := new(big.Rat).SetString(text)
			require.True(t, ok)
			in := d.set.meets(numbers{lo: value, hi: value})
			for at := range len(text) + 1 {
				left, ok := rest[text[:at]]
				if !ok {
					left = infinite
				}
				if in {
					left = min(left, int64(len(text)-at))
				}
				rest[text[:at]] = left
			}
		}
		for text, want := range rest {
			got := d.costOf(text)
			if want == infinite {
				require.Greater(t, got+int64(len(text)), int64(size), "%s: %q", about(d), text)
				continue
			}
			require.GreaterOrEqual(t, got, want, "%s: %q", about(d), text)
			require.LessOrEqual(t, got, want+1, "%s: %q", about(d), text)
			found++
		}
	}
	require.Greater(t, found, 10_000)
}

// costOf is the cost of any beginning of a number.
func (d *decimals) costOf(text string) int64 {
	text, digits, ok := strings.Cut(text, "e")
	if !ok {
		return d.cost(text)
	}
	e := exponent{}
	for _, b := range []byte(digits) {
		e, _ = e.next(b)
	}
	return e.cost(d.exponents(readPrefix(text)))
}

// TestDigitsThatAreSkipped: no number of few digits is passed over.
func TestDigitsThatAreSkipped(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 6))
	for range 500 {
		d := requireDecimals(t, randomNumbers(random))
		for range 30 {
			p := prefix{negative: random.IntN(3) == 0}
			if random.IntN(8) > 0 {
				p.whole = fmt.Sprint(random.IntN(pow10(random.IntN(6)) + 1))
			}
			want := infinite
			for more := range d.digits + 2 {
				interval := p.interval(more)
				if (p.whole != "0" || more == 0) && (p.whole != "" || more > 0) && d.set.meets(interval) {
					want = min(want, add(int64(more), d.morePlaces(p, interval, 0)))
				}
			}
			require.Equal(t, want, d.costOfDigits(p), "%s: %v", about(d), p)
		}
	}
}
