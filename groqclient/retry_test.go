package groqclient_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/groqclient/groqtest"
)

const good = `{"choices":[{"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}`

func TestRetryByStatus(t *testing.T) {
	for _, tt := range []struct {
		status   int
		headers  []string
		body     string
		requests int
	}{
		{400, nil, `{}`, 1},
		{401, nil, `{}`, 1},
		{404, nil, `{}`, 1},
		{408, nil, `{}`, 2},
		{409, nil, `{}`, 2},
		{422, nil, `{}`, 1},
		{424, nil, `{}`, 1},
		{429, nil, `{}`, 2},
		{498, nil, `{}`, 2},
		{499, nil, `{}`, 1},
		{500, nil, `{}`, 2},
		{501, nil, `{}`, 2},
		{504, nil, `{}`, 2},
		{500, []string{"X-Should-Retry", "false"}, `{}`, 1},
		{400, []string{"X-Should-Retry", "true"}, `{}`, 2},
		{413, nil, `{"error":{"code":"rate_limit_exceeded"}}`, 1},
		{413, []string{"X-Should-Retry", "true"}, `{"error":{"code":"rate_limit_exceeded"}}`, 1},
		{429, []string{"Retry-After-Ms", "1.5"}, `{}`, 2},
		{429, []string{"Retry-After", "0.002"}, `{}`, 2},
		{429, []string{"Retry-After", "61"}, `{}`, 1},
		{429, []string{"Retry-After", "1e300"}, `{}`, 1},
		{429, []string{"Retry-After", "NaN"}, `{}`, 2},
		{429, []string{"Retry-After", "-5"}, `{}`, 2},
		{429, nil, `{"error":{"message":"Please try again in 2m59.56s."}}`, 1},
		{429, nil, `{"error":{"message":"Please try again in 1.5ms."}}`, 2},
		{429, []string{"X-Ratelimit-Remaining-Tokens", "0", "X-Ratelimit-Reset-Tokens", "2m0s"}, `{}`, 1},
		{429, []string{"X-Ratelimit-Remaining-Tokens", "9", "X-Ratelimit-Reset-Tokens", "2m0s"}, `{}`, 2},
	} {
		client, rec := serve(t, nil, answer(tt.status, tt.body, tt.headers...), answer(200, good))
		resp, err := client.Chat(t.Context(), request())
		require.Equal(t, tt.requests, rec.count(), "%+v", tt)
		if tt.requests == 2 {
			require.NoError(t, err)
			require.Equal(t, 2, resp.Meta.Attempts)
			require.Equal(t, rec.seen[0].body, rec.seen[1].body, "the body is sent again")
			continue
		}
		var api *groqclient.APIError
		require.ErrorAs(t, err, &api)
		require.Equal(t, tt.status, api.StatusCode)
	}
}

func TestRetryAfterDate(t *testing.T) {
	date := time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat)
	client, rec := serve(t, nil, answer(503, "", "Retry-After", date))
	_, err := client.Chat(t.Context(), request())
	var api *groqclient.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, 1, rec.count())
	require.InDelta(t, 90, api.Wait.Seconds(), 5)
	require.ErrorContains(t, err, "the server asks to wait 1m")
	client, rec = serve(t, nil, answer(429, "", "Retry-After", date))
	_, err = client.Chat(t.Context(), request())
	var limit *groqclient.RateLimitError
	require.ErrorAs(t, err, &limit)
	require.Equal(t, 1, rec.count())
	require.InDelta(t, 90, limit.Wait.Seconds(), 5)
}

// TestWaits measures on a fake clock how long each answer is waited for.
func TestWaits(t *testing.T) {
	for _, tt := range []struct {
		status  int
		headers []string
		body    string
		want    time.Duration
	}{
		{429, []string{"Retry-After", "20"}, "", 20 * time.Second},
		{429, []string{"Retry-After", "0.25"}, "", 250 * time.Millisecond},
		{429, []string{"Retry-After", "Sat, 01 Jan 2000 00:00:30 GMT"}, "", 30 * time.Second}, // the fake clock begins at midnight
		{429, []string{"Retry-After-Ms", "300", "Retry-After", "20"}, "", 300 * time.Millisecond},
		{429, nil, `{"error":{"message":"Please try again in 5.289s. Upgrade"}}`, 5289 * time.Millisecond},
		{429, []string{"X-Ratelimit-Remaining-Tokens", "0", "X-Ratelimit-Reset-Tokens", "7.66s"}, "", 7660 * time.Millisecond},
		{503, []string{"Retry-After", "3"}, "", 3 * time.Second},
		{498, []string{"Retry-After", "60"}, "", time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) { require.Equal(t, tt.want, waited(t, answer(tt.status, tt.body, tt.headers...))) })
	}
	synctest.Test(t, func(t *testing.T) {
		own := waited(t, answer(500, ""))
		require.GreaterOrEqual(t, own, 375*time.Millisecond)
		require.LessOrEqual(t, own, 500*time.Millisecond)
	})
}

// waited is the time that a call takes whose first attempt is answered so, in
// a world where all else takes none.
func waited(t *testing.T, first func(http.ResponseWriter)) time.Duration {
	answers := []func(http.ResponseWriter){first, answer(200, good)}
	network := roundTrip(func(*http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		answers[0](w)
		answers = answers[1:]
		return w.Result(), nil
	})
	client, err := groqclient.New(canary, groqclient.WithHTTPClient(&http.Client{Transport: network}))
	require.NoError(t, err)
	begin := time.Now()
	_, err = client.Chat(t.Context(), request())
	require.NoError(t, err)
	return time.Since(begin)
}

// TestRetryNotPastDeadline fails at once with the 429 instead of sleeping into
// the deadline and losing it.
func TestRetryNotPastDeadline(t *testing.T) {
	client, rec := serve(t, nil, answer(429, `{}`, "Retry-After", "30"))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := client.Chat(ctx, request())
	var limit *groqclient.RateLimitError
	require.ErrorAs(t, err, &limit)
	require.Equal(t, 30*time.Second, limit.Wait)
	require.Equal(t, 1, rec.count())
	require.NoError(t, ctx.Err())
}

// TestCancelWhileWaiting keeps the 429 that was being waited for.
func TestCancelWhileWaiting(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	client, _ := serve(t, nil, func(w http.ResponseWriter) {
		answer(429, `{"error":{"message":"slow down"}}`, "Retry-After", "30")(w)
		time.AfterFunc(50*time.Millisecond, cancel)
	})
	_, err := client.Chat(ctx, request())
	require.ErrorIs(t, err, context.Canceled)
	var broken *groqclient.TransportError
	require.ErrorAs(t, err, &broken)
	require.Equal(t, "slow down", broken.Last.Message)
}

func TestRetriesRunOut(t *testing.T) {
	client, rec := serve(t, nil, answer(429, `{"error":{"message":"no","code":"rate_limit_exceeded"}}`, "Retry-After-Ms", "2"))
	_, err := client.Chat(t.Context(), request())
	var limit *groqclient.RateLimitError
	require.ErrorAs(t, err, &limit)
	require.Equal(t, 3, rec.count())
	require.Equal(t, 3, limit.API.Attempts)
	require.Equal(t, 2*time.Millisecond, limit.Wait)
}

// TestCreationIsNotRepeated: after a reset or a 5xx nobody knows whether the
// file or batch exists; a refused connection and a 429 are certain.
func TestCreationIsNotRepeated(t *testing.T) {
	upload := func(c *groqclient.Client) error {
		_, err := c.UploadFile(t.Context(), groqclient.UploadBytes("a.jsonl", []byte("{}\n")), groqclient.PurposeBatch)
		return err
	}
	batch := func(c *groqclient.Client) error {
		_, err := c.CreateBatch(t.Context(), &groqclient.BatchRequest{
			InputFileID: "f", Endpoint: groqclient.BatchChatEndpoint, CompletionWindow: "24h",
		})
		return err
	}
	for _, create := range []func(*groqclient.Client) error{upload, batch} {
		server := groqtest.StartHandler((*groqtest.Exchange).Reset)
		client := newClient(t, server.URL)
		require.Error(t, create(client))
		require.Equal(t, 1, server.Requests())
		server.Close()

		client, rec := serve(t, nil, answer(503, ""), answer(200, `{"id":"x"}`))
		require.Error(t, create(client))
		require.Equal(t, 1, rec.count())

		client, rec = serve(t, nil, answer(429, ""), answer(200, `{"id":"x"}`))
		require.NoError(t, create(client))
		require.Equal(t, 2, rec.count())
		require.Equal(t, len(rec.seen[0].body), len(rec.seen[1].body), "the body is sent again")
	}
}

func TestRefusedConnectionIsRetried(t *testing.T) {
	dials := 0
	refuse := func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			dials++
			return next.RoundTrip(r)
		})
	}
	client := newClient(t, "http://127.0.0.1:1", groqclient.WithMiddleware(refuse))
	_, err := client.UploadFile(t.Context(), groqclient.UploadBytes("a", nil), groqclient.PurposeBatch)
	var broken *groqclient.TransportError
	require.ErrorAs(t, err, &broken)
	require.Equal(t, 3, dials)
	require.Equal(t, 3, broken.Attempts)
	require.False(t, broken.Timeout())
}

func TestOnlyUnsent(t *testing.T) {
	server := groqtest.StartHandler((*groqtest.Exchange).Reset)
	defer server.Close()
	policy := fast()
	policy.OnlyUnsent = true
	client := newClient(t, server.URL, groqclient.WithRetry(policy))
	_, err := client.Chat(t.Context(), request())
	require.Error(t, err)
	require.Equal(t, 1, server.Requests())
}

// TestNoRetryAfterFirstByte: a stream that broke off is never asked for again.
func TestNoRetryAfterFirstByte(t *testing.T) {
	client, rec := serve(t, nil, answer(200, `{"id":`))
	_, err := client.Chat(t.Context(), request())
	require.Error(t, err)
	require.Equal(t, 1, rec.count())
}

// A counter counts how often it is closed.
type counter struct{ n atomic.Int32 }

func (c *counter) Close() error { c.n.Add(1); return nil }

// TestUploadIsStreamed reopens the file for the second attempt.
func TestUploadIsStreamed(t *testing.T) {
	opened, closed := 0, &counter{}
	file := groqclient.UploadBytes("a.jsonl", []byte("{}\n"))
	file.Open = func() (io.ReadCloser, error) {
		opened++
		return struct {
			io.Reader
			io.Closer
		}{strings.NewReader("{}\n"), closed}, nil
	}
	client, rec := serve(t, nil, answer(429, ""), answer(200, `{"id":"file_1"}`))
	info, err := client.UploadFile(t.Context(), file, groqclient.PurposeBatch)
	require.NoError(t, err)
	require.Equal(t, "file_1", info.ID)
	require.Equal(t, 2, opened)
	require.EqualValues(t, 2, closed.n.Load())
	require.Contains(t, rec.last().body, "{}\n")
}
