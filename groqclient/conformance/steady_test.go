package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
)

// A verdicts middleware demands that steady found nothing wrong with a request
// and keeps which operation it took it for.
type verdicts struct {
	t    *testing.T
	seen map[string]bool
	next http.RoundTripper
}

func (v *verdicts) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := v.next.RoundTrip(r)
	if err != nil {
		return resp, err
	}
	h := resp.Header
	require.Equal(v.t, "true", h.Get("X-Steady-Request-Valid"), "%s %s: %v", r.Method, r.URL, h)
	require.Equal(v.t, "0", h.Get("X-Steady-Error-Count"), "%s %s: %v", r.Method, r.URL, h)
	v.seen[r.Method+" "+h.Get("X-Steady-Matched-Path")] = true
	return resp, nil
}

// TestSteady sends a request of every operation, with every field, to a server
// that checks them against the description and answers by it at random. It does
// not stream: it answers a stream request with one document.
func TestSteady(t *testing.T) {
	program := named(t, "LPUCTL_STEADY")
	path, d := describe(t)
	port := freePort(t)
	start(t, `"type":"startup"`, program, "--host", "127.0.0.1", "-p", port, "--log-format", "json",
		"--validator-form-array-format=brackets", path)
	v := &verdicts{t: t, seen: map[string]bool{}}
	judge := func(next http.RoundTripper) http.RoundTripper { v.next = next; return v }
	for seed := range 30 {
		client := newClient(t, "http://127.0.0.1:"+port, groqclient.WithMiddleware(judge),
			groqclient.WithHeaders(http.Header{"X-Steady-Seed": {strconv.Itoa(seed)}}))
		for name, call := range operations(t) {
			require.NoError(t, call(t.Context(), client), "%s with seed %d", name, seed)
		}
	}
	var seen []string
	for operation := range v.seen {
		seen = append(seen, operation)
	}
	slices.Sort(seen)
	require.Equal(t, d.operations(), seen, "every operation was called")
}

// fromFile reads a request.
func fromFile[T any](t *testing.T, path string) *T {
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	v := new(T)
	require.NoError(t, json.Unmarshal(raw, v))
	sent, err := json.Marshal(v)
	require.NoError(t, err)
	require.JSONEq(t, string(raw), string(sent))
	return v
}

// An operation calls one method of the client.
type operation func(context.Context, *groqclient.Client) error

// does makes an operation of a method that takes a request and answers it.
func does[Req, Resp any](method func(*groqclient.Client, context.Context, Req) (Resp, error), req Req) operation {
	return func(ctx context.Context, c *groqclient.Client) error {
		_, err := method(c, ctx, req)
		return err
	}
}

// lists makes one of a method that takes nothing.
func lists[Resp any](method func(*groqclient.Client, context.Context) (Resp, error)) operation {
	return func(ctx context.Context, c *groqclient.Client) error {
		_, err := method(c, ctx)
		return err
	}
}

func operations(t *testing.T) map[string]operation {
	set := groqclient.Set[float64]
	audio := func() *groqclient.Upload { return groqclient.UploadBytes("a.wav", []byte("RIFF")) }
	type c = groqclient.Client
	return map[string]operation{
		"stream a chat": func(ctx context.Context, client *groqclient.Client) error {
			_, err := read(client.ChatStream(ctx, fromFile[groqclient.ChatRequest](t, "testdata/chat.json")))
			return err
		},
		"stream a response": func(ctx context.Context, client *groqclient.Client) error {
			for _, err := range client.RespondStream(ctx, fromFile[groqclient.ResponseRequest](t, "testdata/response.json")).Events() {
				if err != nil {
					return err
				}
			}
			return nil
		},
		"chat":    does((*c).Chat, fromFile[groqclient.ChatRequest](t, "testdata/chat.json")),
		"respond": does((*c).Respond, fromFile[groqclient.ResponseRequest](t, "testdata/response.json")),
		"embed": does((*c).Embed, &groqclient.EmbeddingRequest{
			Model: "nomic-embed-text-v1_5", Input: []string{"a", "b"}, EncodingFormat: groqclient.EncodingFloat, User: groqclient.Set("ann"),
		}),
		"rerank": does((*c).Rerank, &groqclient.RerankRequest{
			Model: "qwen3-reranker-4b", Query: "q", Docs: []string{"a", "b"}, Instruction: groqclient.Set("i"),
		}),
		"transcribe a file": does((*c).Transcribe, &groqclient.TranscriptionRequest{
			Model: "whisper-large-v3", File: audio(), Language: "en", Prompt: "p", ResponseFormat: groqclient.TranscriptVerboseJSON,
			Temperature: set(0.5), Granularities: []string{"word", "segment"},
		}),
		"transcribe a URL": does((*c).Transcribe, &groqclient.TranscriptionRequest{Model: "whisper-large-v3", URL: "https://example.com/a.wav"}),
		"translate": does((*c).Translate, &groqclient.TranslationRequest{
			Model: "whisper-large-v3", File: audio(), Prompt: "p", ResponseFormat: groqclient.TranscriptJSON, Temperature: set(0),
		}),
		"speak": func(ctx context.Context, client *groqclient.Client) error {
			_, _, err := client.Speak(ctx, &groqclient.SpeechRequest{
				Model: "playai-tts", Input: "hi", Voice: "v", ResponseFormat: "wav", SampleRate: groqclient.Set(16000), Speed: set(1.5),
			}, io.Discard)
			return err
		},
		"models": lists((*c).Models), "model": does((*c).Model, "openai/gpt-oss-120b"), "delete model": does((*c).DeleteModel, "ft/1"),
		"files": lists((*c).Files), "file": does((*c).File, "file_1"), "delete file": does((*c).DeleteFile, "file_1"),
		"upload": func(ctx context.Context, client *groqclient.Client) error {
			_, err := client.UploadFile(ctx, groqclient.UploadBytes("in.jsonl", []byte("{}\n")), groqclient.PurposeBatch)
			return err
		},
		"content": func(ctx context.Context, client *groqclient.Client) error {
			var out bytes.Buffer
			_, err := client.FileContent(ctx, "file_1", &out)
			return err
		},
		"create batch": does((*c).CreateBatch, &groqclient.BatchRequest{
			InputFileID: "file_1", Endpoint: groqclient.BatchChatEndpoint, CompletionWindow: "24h", Metadata: map[string]string{"a": "b"},
		}),
		"batches": lists((*c).Batches), "batch": does((*c).Batch, "batch_1"), "cancel": does((*c).CancelBatch, "batch_1"),
		"fine-tune":    does((*c).CreateFineTuning, &groqclient.FineTuningRequest{BaseModel: "b", InputFileID: "file_1", Name: "n", Type: "lora"}),
		"fine-tunings": lists((*c).FineTunings), "fine-tuning": does((*c).FineTuning, "ft_1"), "delete fine-tuning": does((*c).DeleteFineTuning, "ft_1"),
	}
}
