package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
)

// aimock starts the server and returns its URL.
func aimock(t *testing.T) string {
	program := named(t, "LPUCTL_AIMOCK")
	t.Setenv("AIMOCK_API_KEYS", key)
	port := freePort(t)
	start(t, "listening on", program, "-p", port, "-f", "testdata/aimock.json")
	return "http://127.0.0.1:" + port
}

const hello = "Hello wörld, it is a fine day for a test of streams."

func TestAimock(t *testing.T) {
	url := aimock(t)
	for name, test := range map[string]func(*testing.T, string){
		"chat": aimockChat, "tools": aimockTools, "errors": aimockErrors, "chaos": aimockChaos,
		"files and batches": aimockBatches, "audio": aimockAudio, "embeddings": aimockEmbeddings, "responses": aimockResponses,
	} {
		t.Run(name, func(t *testing.T) { test(t, url) })
	}
}

func aimockChat(t *testing.T, url string) {
	for _, base := range []string{url, url + "/openai/v1", url + "/v1/"} {
		client := newClient(t, base)
		resp, err := client.Chat(t.Context(), ask("hello"))
		require.NoError(t, err)
		require.Equal(t, hello, resp.Text())
		require.Equal(t, groqclient.FinishStop, resp.FinishReason())
		require.NotEmpty(t, resp.Meta.RequestID)

		req := ask("hello")
		req.StreamOptions = &groqclient.StreamOptions{IncludeUsage: true}
		stream := client.ChatStream(t.Context(), req)
		text, err := read(stream)
		require.NoError(t, err)
		require.Equal(t, hello, text)
		require.Equal(t, hello, stream.Response().Text())
		require.Positive(t, stream.Response().Usage.CompletionTokens)
	}
	models, err := newClient(t, url).Models(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, models)
}

func aimockTools(t *testing.T, url string) {
	type place struct {
		City string `json:"city"`
	}
	var asked []string
	weather, err := groqclient.NewToolFunc("weather", "tells the weather", func(_ context.Context, p place) (string, error) {
		asked = append(asked, p.City)
		return "snow", nil
	})
	require.NoError(t, err)
	client := newClient(t, url)
	run, err := client.RunTools(t.Context(), ask("weather"), []groqclient.ToolFunc{weather}, groqclient.RunToolsOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{"Oslo", "Rome"}, asked)
	require.Equal(t, "Snow in Oslo, sun in Rome.", run.Response.Text())

	stream := client.ChatStream(t.Context(), ask("weather"))
	_, err = read(stream)
	require.NoError(t, err)
	calls := stream.Response().ToolCalls()
	require.Len(t, calls, 2)
	require.Equal(t, "call_2", calls[1].ID)
	require.JSONEq(t, `{"city":"Rome"}`, calls[1].Function.Arguments)
}

func aimockErrors(t *testing.T, url string) {
	client := newClient(t, url)
	_, err := client.Chat(t.Context(), ask("refuse"))
	var api *groqclient.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, "tool_use_failed", api.Code)

	text, err := read(client.ChatStream(t.Context(), ask("cut")))
	require.ErrorIs(t, err, groqclient.ErrStreamTruncated)
	require.NotEmpty(t, text)
	require.True(t, strings.HasPrefix("one two three four five six seven eight nine ten", text), text)
	var broken *groqclient.StreamError
	require.ErrorAs(t, err, &broken)
	require.Equal(t, text, broken.Partial.Text())

	stranger, err := groqclient.New("gsk_stranger", groqclient.WithBaseURL(url))
	require.NoError(t, err)
	_, err = stranger.Chat(t.Context(), ask("hello"))
	stranger.CloseIdleConnections()
	require.ErrorAs(t, err, &api)
	require.Equal(t, 401, api.StatusCode)
	require.NotContains(t, err.Error(), "gsk_stranger")
}

// aimockChaos asks the server to misbehave.
func aimockChaos(t *testing.T, url string) {
	misbehaving := func(mode string) *groqclient.Client {
		return newClient(t, url, groqclient.WithHeaders(http.Header{"X-Aimock-Chaos-" + mode: {"1"}}))
	}
	var api *groqclient.APIError
	_, err := misbehaving("Drop").Chat(t.Context(), ask("hello"))
	require.ErrorAs(t, err, &api)
	require.Equal(t, []any{500, "chaos_drop", 3}, []any{api.StatusCode, api.Code, api.Attempts})

	_, err = misbehaving("Malformed").Chat(t.Context(), ask("hello"))
	require.ErrorAs(t, err, &api)
	require.Contains(t, string(api.Body), "malformed json")
	_, err = read(misbehaving("Malformed").ChatStream(t.Context(), ask("hello")))
	require.ErrorIs(t, err, groqclient.ErrNotStream)

	var lost *groqclient.TransportError
	_, err = read(misbehaving("Disconnect").ChatStream(t.Context(), ask("hello")))
	require.ErrorAs(t, err, &lost)
	require.Equal(t, 3, lost.Attempts)

	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	var limit *groqclient.RateLimitError
	_, err = misbehaving("Ratelimit").Chat(ctx, ask("hello"))
	require.ErrorAs(t, err, &limit)
	require.Equal(t, time.Second, limit.Wait, "longer than the deadline, so not waited for")
	require.NoError(t, ctx.Err())
}

func aimockBatches(t *testing.T, url string) {
	client := newClient(t, url)
	var input bytes.Buffer
	for _, id := range []string{"a", "b"} {
		line, err := groqclient.NewBatchLine(id, ask("hello"))
		require.NoError(t, err)
		require.NoError(t, json.NewEncoder(&input).Encode(line))
	}
	file, err := client.UploadFile(t.Context(), groqclient.UploadBytes("in.jsonl", input.Bytes()), groqclient.PurposeBatch)
	require.NoError(t, err)
	require.EqualValues(t, input.Len(), file.Bytes)
	var back bytes.Buffer
	_, err = client.FileContent(t.Context(), file.ID, &back)
	require.NoError(t, err)
	require.Equal(t, input.String(), back.String())

	batch, err := client.CreateBatch(t.Context(), &groqclient.BatchRequest{
		InputFileID: file.ID, Endpoint: groqclient.BatchChatEndpoint, CompletionWindow: "24h",
	})
	require.NoError(t, err)
	for batch, err = range client.PollBatch(t.Context(), batch.ID, time.Millisecond) {
		require.NoError(t, err)
	}
	require.Equal(t, groqclient.BatchCompleted, batch.Status)
	back.Reset()
	_, err = client.FileContent(t.Context(), batch.OutputFileID, &back)
	require.NoError(t, err)
	texts := map[string]string{}
	for result, err := range groqclient.BatchResults(&back) {
		require.NoError(t, err)
		resp, err := result.Chat()
		require.NoError(t, err)
		texts[result.CustomID] = resp.Text()
	}
	require.Equal(t, map[string]string{"a": "Mock batch completion", "b": "Mock batch completion"}, texts)
	deleted, err := client.DeleteFile(t.Context(), file.ID)
	require.NoError(t, err)
	require.True(t, deleted.Deleted)
}

func aimockAudio(t *testing.T, url string) {
	client := newClient(t, url)
	got, err := client.Transcribe(t.Context(), &groqclient.TranscriptionRequest{
		Model: "whisper-large-v3", File: groqclient.UploadBytes("a.wav", []byte("RIFF")), ResponseFormat: groqclient.TranscriptVerboseJSON,
	})
	require.NoError(t, err)
	require.Equal(t, "Hello world", got.Text)
	require.EqualValues(t, 2.5, got.Duration)
	require.Equal(t, "Hello", got.Words[0].Word)
	var audio bytes.Buffer
	_, _, err = client.Speak(t.Context(), &groqclient.SpeechRequest{Model: "m", Input: "hi", Voice: "v", ResponseFormat: "wav"}, &audio)
	require.NoError(t, err)
	require.Equal(t, "RIFF\x00\x00\x00\x00", audio.String())
}

// aimockEmbeddings gets the same vector in both forms.
func aimockEmbeddings(t *testing.T, url string) {
	client := newClient(t, url)
	var vectors []groqclient.Vector
	for _, form := range []string{groqclient.EncodingFloat, groqclient.EncodingBase64} {
		e, err := client.Embed(t.Context(), &groqclient.EmbeddingRequest{Model: "m", Input: []string{"a", "b"}, EncodingFormat: form})
		require.NoError(t, err)
		require.Len(t, e.Data, 2)
		vectors = append(vectors, e.Data[1].Vector)
	}
	require.NotEmpty(t, vectors[0])
	require.Equal(t, vectors[0], vectors[1])
}

func aimockResponses(t *testing.T, url string) {
	client := newClient(t, url)
	req := &groqclient.ResponseRequest{Model: "m", Input: groqclient.InputText("hello")}
	resp, err := client.Respond(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, hello, resp.OutputText())
	stream := client.RespondStream(t.Context(), req)
	text := ""
	for part, err := range stream.Text() {
		require.NoError(t, err)
		text += part
	}
	require.Equal(t, hello, text)
	require.Equal(t, hello, stream.Response().OutputText())
}
