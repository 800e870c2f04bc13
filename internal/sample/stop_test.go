package sample

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStopper(t *testing.T) {
	for _, c := range []struct {
		stops   []string
		pieces  []string
		want    []string // of each piece, then of Flush
		matched string
	}{
		{nil, []string{"ab", "c"}, []string{"ab", "c", ""}, ""},
		{[]string{"\n\n"}, []string{"a\n", "b\n", "\nc", "d"}, []string{"a", "\nb", "", "", ""}, "\n\n"},
		{[]string{"STOP"}, []string{"xST", "ST", "OPy"}, []string{"x", "ST", "", ""}, "STOP"},
		{[]string{"STOP"}, []string{"xSTO"}, []string{"x", "STO"}, ""},
		{[]string{"aab"}, []string{"aa", "a", "b"}, []string{"", "a", "", ""}, "aab"},
		{[]string{"bc", "abcd"}, []string{"abcd"}, []string{"a", ""}, "bc"},
		{[]string{"c", "abc"}, []string{"xab", "c"}, []string{"x", "", ""}, "abc"},
		{[]string{"é"}, []string{"caf\xc3", "\xa9 au lait"}, []string{"caf", "", ""}, "é"},
	} {
		s, err := NewStopper(c.stops)
		require.NoError(t, err)
		var got []string
		for _, piece := range c.pieces {
			got = append(got, s.Push(piece))
		}
		require.Equal(t, c.want, append(got, s.Flush()), "%q", c.pieces)
		require.Equal(t, c.matched, s.Matched())
	}
	_, err := NewStopper([]string{"a", ""})
	require.EqualError(t, err, "sample: a stop string is empty")
}

// firstStop is what Stopper must do to a whole text, in the plainest way.
func firstStop(text string, stops []string) (before, matched string) {
	for end := range len(text) + 1 {
		for _, stop := range stops {
			if strings.HasSuffix(text[:end], stop) && len(stop) > len(matched) {
				before, matched = text[:end-len(stop)], stop
			}
		}
		if matched != "" {
			return before, matched
		}
	}
	return text, ""
}

func FuzzStopper(f *testing.F) {
	f.Add("aabaabcaab", "aabc", "ca", uint64(0b1011))
	f.Add("one\n\ntwo", "\n\n", "x", uint64(1))
	f.Fuzz(func(t *testing.T, text, a, b string, cuts uint64) {
		s, err := NewStopper([]string{a, b})
		if a == "" || b == "" {
			require.Error(t, err)
			return
		}
		var got strings.Builder
		from := 0
		for i := range text {
			if cuts>>(i%64)&1 == 1 {
				got.WriteString(s.Push(text[from:i]))
				from = i
			}
		}
		got.WriteString(s.Push(text[from:]))
		got.WriteString(s.Flush())
		before, matched := firstStop(text, []string{a, b})
		require.Equal(t, before, got.String())
		require.Equal(t, matched, s.Matched())
	})
}
