package groqclient_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/groqclient/groqtest"
)

// canary is the key of every test; it must never be seen anywhere.
const canary = "gsk_canary0123456789"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestScenarios runs the table of groqtest: each outcome is the one that the
// table demands, and no connection is left.
func TestScenarios(t *testing.T) {
	require.Len(t, groqtest.Scenarios(), 33)
	for _, s := range groqtest.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			runScenario(t, s)
		})
	}
}

func runScenario(t *testing.T, s groqtest.Scenario) {
	server := groqtest.Start(s)
	defer server.Close()
	client := scenarioClient(t, server.URL, s)
	stream := client.ChatStream(t.Context(), request())
	text, err := readScenario(stream, s.BreakAfter)

	require.Equal(t, s.Text, text)
	require.Equal(t, s.Requests, server.Requests())
	checkFailure(t, s, err)
	checkDetails(t, s, stream)
	if s.BreakAfter > 0 {
		select {
		case <-server.Gone():
		case <-time.After(10 * time.Second):
			require.Fail(t, "the server did not see the client leave")
		}
	}
	client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, server.AwaitNoConns(ctx))
}

func scenarioClient(t *testing.T, url string, s groqtest.Scenario) *groqclient.Client {
	policy := groqclient.DefaultRetryPolicy()
	if s.MaxWait > 0 {
		policy.MaxWait = s.MaxWait
	}
	opts := []groqclient.Option{groqclient.WithBaseURL(url), groqclient.WithRetry(policy)}
	if s.IdleTimeout > 0 {
		opts = append(opts, groqclient.WithIdleTimeout(s.IdleTimeout))
	}
	client, err := groqclient.New(canary, opts...)
	require.NoError(t, err)
	return client
}

func request() *groqclient.ChatRequest {
	return &groqclient.ChatRequest{
		Model:    "test-model",
		Messages: []groqclient.Message{groqclient.UserMessage("Say hello.")},
	}
}

func readScenario(stream *groqclient.ChatStream, breakAfter int) (text string, err error) {
	chunks := 0
	for chunk, err := range stream.Chunks() {
		if err != nil {
			return text, err
		}
		text += chunk.Text()
		if chunks++; chunks == breakAfter {
			return text, nil
		}
	}
	return text, nil
}

func checkFailure(t *testing.T, s groqtest.Scenario, err error) {
	if s.Failure == groqtest.None {
		require.NoError(t, err)
		return
	}
	require.Error(t, err)
	require.Contains(t, err.Error(), s.Says)
	var limit *groqclient.RateLimitError
	var api *groqclient.APIError
	switch s.Failure {
	case groqtest.Limited:
		require.ErrorAs(t, err, &limit)
		require.Equal(t, s.Wait, limit.Wait)
		require.Equal(t, "TPM", limit.Dimension)
		require.EqualValues(t, 6000, limit.Limit)
	case groqtest.Refused, groqtest.Broken:
		require.ErrorAs(t, err, &api)
		require.False(t, errors.As(err, &limit))
	default:
		checkStreamError(t, s, err)
	}
}

func checkStreamError(t *testing.T, s groqtest.Scenario, err error) {
	kinds := map[groqtest.Failure]error{
		groqtest.Idle:      groqclient.ErrIdleTimeout,
		groqtest.Truncated: groqclient.ErrStreamTruncated,
		groqtest.Stopped:   groqclient.ErrStreamStopped,
	}
	require.ErrorIs(t, err, kinds[s.Failure])
	var broken *groqclient.StreamError
	require.ErrorAs(t, err, &broken)
	require.Equal(t, s.Text, broken.Partial.Text(), "the partial result")
	require.NotEmpty(t, broken.RequestID)
}

// checkDetails looks at what single scenarios are about.
func checkDetails(t *testing.T, s groqtest.Scenario, stream *groqclient.ChatStream) {
	resp := stream.Response()
	var calls []groqtest.Call
	for _, c := range resp.ToolCalls() {
		calls = append(calls, groqtest.Call{ID: c.ID, Name: c.Function.Name, Arguments: c.Function.Arguments})
	}
	require.Equal(t, s.Calls, calls)
	if s.Failure == groqtest.None && s.BreakAfter == 0 {
		require.NotEmpty(t, resp.FinishReason())
	}
	switch s.Name {
	case "usage timings and id":
		require.Equal(t, groqtest.GroqID, resp.GroqID())
		require.EqualValues(t, 4, resp.Usage.CachedTokens())
		require.InDelta(t, 0.05, resp.Usage.QueueTime, 0)
		require.InDelta(t, 500, resp.Usage.TokensPerSecond(), 1e-9) // 3 tokens in 0.006 s
		require.EqualValues(t, 5000, stream.Meta().RateLimits.Tokens.Remaining)
		require.Equal(t, 7660*time.Millisecond, stream.Meta().RateLimits.Tokens.Reset)
		require.Positive(t, stream.Timings().FirstToken)
	case "connection reset at first":
		require.Equal(t, 2, stream.Meta().Attempts)
	}
}
