package groqclient

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzStatedWait: whatever a server says, the wait is not negative, and plain
// seconds are taken as they are.
func FuzzStatedWait(f *testing.F) {
	f.Add("300", "", "")
	f.Add("", "1.5", "")
	f.Add("NaN", "-Inf", "Please try again in 2m59.56s.")
	f.Add("", "Wed, 25 Nov 2026 00:00:10 GMT", "")
	f.Add("1e999", "99999999999999999999", "try again in 9999999999h.")
	now := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, ms, after, message string) {
		h := http.Header{"Retry-After-Ms": {ms}, "Retry-After": {after}}
		got := statedWait(h, message, now)
		require.GreaterOrEqual(t, got, time.Duration(0))
		h.Del("Retry-After-Ms")
		if n, err := strconv.ParseUint(after, 10, 31); err == nil && n > 0 {
			require.Equal(t, time.Duration(n)*time.Second, statedWait(h, message, now))
		}
	})
}

// FuzzTryAgainIn writes every duration into Groq's sentence and reads it back.
func FuzzTryAgainIn(f *testing.F) {
	for _, d := range []time.Duration{1, 1500, 577500 * time.Microsecond, 50597142857, 179560 * time.Millisecond, 3723 * time.Second} {
		f.Add(int64(d), "Limit 6000, Used 5900")
	}
	f.Add(int64(-1), "try again in ")
	f.Fuzz(func(t *testing.T, n int64, words string) {
		require.GreaterOrEqual(t, tryAgainIn(words), time.Duration(0))
		if n > 0 {
			d := time.Duration(n)
			require.Equal(t, d, tryAgainIn("Please try again in "+d.String()+". "+words))
		}
	})
}

var errDialled = errors.New("dialled")

// FuzzParseHeaders: headers that are taken from the environment can really be
// sent. net/http checks them before it dials.
func FuzzParseHeaders(f *testing.F) {
	for _, s := range []string{"X-Team: a: b\n\nX-Two:2\r\n", "no colon", "a b: c", ": x", "X\x00: y", "X-\u00e9: y", "X: a\x7fb", "X(Y): z"} {
		f.Add(s)
	}
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, errDialled }}
	f.Fuzz(func(t *testing.T, lines string) {
		h, err := ParseHeaders(lines)
		if err != nil {
			return
		}
		o := defaultOptions()
		if WithHeaders(h)(&o) != nil {
			return
		}
		req, err := http.NewRequest(http.MethodGet, "http://groq.invalid", nil)
		require.NoError(t, err)
		req.Header = o.headers
		_, err = transport.RoundTrip(req)
		require.ErrorIs(t, err, errDialled)
	})
}
