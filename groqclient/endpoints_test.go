package groqclient_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"mime/multipart"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
)

// fields reads a multipart body: name=value, and name=filename:type:content.
func fields(t *testing.T, r recorded) []string {
	_, params, err := mime.ParseMediaType(r.header.Get("Content-Type"))
	require.NoError(t, err)
	form := multipart.NewReader(strings.NewReader(r.body), params["boundary"])
	var all []string
	for part, err := form.NextPart(); err == nil; part, err = form.NextPart() {
		var content bytes.Buffer
		_, err := content.ReadFrom(part)
		require.NoError(t, err)
		value := content.String()
		if part.FileName() != "" {
			value = part.FileName() + ":" + part.Header.Get("Content-Type") + ":" + value
		}
		all = append(all, part.FormName()+"="+value)
	}
	return all
}

func TestTranscribe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b.wav")
	require.NoError(t, os.WriteFile(path, []byte("RIFF"), 0o600))
	file, err := groqclient.UploadPath(path)
	require.NoError(t, err)
	client, rec := serve(t, nil, answer(200, `{"text":"hi","language":"en","duration":"1.5","x_groq":{"id":"r"},
		"words":[{"word":"hi","start":0,"end":0.5}],"segments":[{"id":0,"text":"hi","tokens":[1],"audio_text":"hi"}]}`),
		answer(200, `{"text":"hi","duration":1.5}`), answer(200, "plain text\n"))
	got, err := client.Transcribe(t.Context(), &groqclient.TranscriptionRequest{
		Model: "whisper-large-v3", File: file, Language: "en", ResponseFormat: groqclient.TranscriptVerboseJSON,
		Temperature: groqclient.Set(0.0), Granularities: []string{"word", "segment"},
	})
	require.NoError(t, err)
	require.Equal(t, "/openai/v1/audio/transcriptions", rec.last().path)
	require.Equal(t, []string{
		"model=whisper-large-v3", "response_format=verbose_json", "temperature=0", "language=en",
		"timestamp_granularities[]=word", "timestamp_granularities[]=segment", "file=a b.wav:audio/wav:RIFF",
	}, fields(t, rec.last()))
	require.EqualValues(t, 1.5, got.Duration)
	require.Equal(t, "hi", got.Words[0].Word)
	require.Equal(t, "hi", got.Segments[0].AudioText)
	require.JSONEq(t, `{"id":"r"}`, string(got.Extra["x_groq"]))

	got, err = client.Translate(t.Context(), &groqclient.TranslationRequest{Model: "m", URL: "https://example.com/a.mp3", Prompt: "names"})
	require.NoError(t, err)
	require.Equal(t, "/openai/v1/audio/translations", rec.last().path)
	require.Equal(t, []string{"model=m", "url=https://example.com/a.mp3", "prompt=names"}, fields(t, rec.last()))
	require.EqualValues(t, 1.5, got.Duration)

	got, err = client.Transcribe(t.Context(), &groqclient.TranscriptionRequest{Model: "m", File: file, ResponseFormat: groqclient.TranscriptText})
	require.NoError(t, err)
	require.Equal(t, "plain text\n", got.Text)
}

func TestAudioRefuses(t *testing.T) {
	client, rec := serve(t, nil, answer(200, `{}`))
	file := groqclient.UploadBytes("a.wav", nil)
	for _, req := range []groqclient.TranscriptionRequest{
		{File: file}, {Model: "m"}, {Model: "m", File: file, URL: "u"}, {Model: "m", File: file, Granularities: []string{"word"}},
	} {
		_, err := client.Transcribe(t.Context(), &req)
		require.Error(t, err)
	}
	_, _, err := client.Speak(t.Context(), &groqclient.SpeechRequest{Model: "m"}, nil)
	require.Error(t, err)
	require.Zero(t, rec.count())
	_, err = groqclient.UploadPath(t.TempDir())
	require.ErrorContains(t, err, "not a regular file")
}

func TestSpeak(t *testing.T) {
	client, rec := serve(t, nil, answer(200, "RIFF....", "Content-Type", "audio/wav"),
		answer(200, `{"error":{"message":"no voice"}}`), answer(400, `{"error":{"message":"bad voice"}}`))
	var out bytes.Buffer
	req := &groqclient.SpeechRequest{Model: "m", Input: "hi", Voice: "v", SampleRate: groqclient.Set(8000)}
	n, _, err := client.Speak(t.Context(), req, &out)
	require.NoError(t, err)
	require.EqualValues(t, 8, n)
	require.Equal(t, "RIFF....", out.String())
	require.JSONEq(t, `{"model":"m","input":"hi","voice":"v","sample_rate":8000}`, rec.last().body)
	for _, want := range []string{"no voice", "bad voice"} {
		_, _, err = client.Speak(t.Context(), req, &out)
		require.ErrorContains(t, err, want)
	}
	require.Equal(t, "RIFF....", out.String(), "an error is not audio")
}

// failingWriter is a full disk.
type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestFiles(t *testing.T) {
	client, rec := serve(t, nil,
		answer(200, `{"id":"file_1","bytes":3,"purpose":"batch","filename":"in.jsonl","new":true}`),
		answer(200, `{"object":"list","data":[{"id":"file_1"},{"id":"file_2"}]}`),
		answer(200, `{"id":"file_1"}`), answer(200, `{"id":"file_1","deleted":true}`), answer(200, "line\n"))
	info, err := client.UploadFile(t.Context(), groqclient.UploadBytes("in.jsonl", []byte("{}\n")), groqclient.PurposeBatch)
	require.NoError(t, err)
	require.Equal(t, []string{"purpose=batch", "file=in.jsonl:application/jsonl:{}\n"}, fields(t, rec.last()))
	sameJSON(t, `{"id":"file_1","bytes":3,"purpose":"batch","filename":"in.jsonl","new":true}`, info)
	files, err := client.Files(t.Context())
	require.NoError(t, err)
	require.Len(t, files, 2)
	_, err = client.File(t.Context(), "file_1")
	require.NoError(t, err)
	require.Equal(t, "/openai/v1/files/file_1", rec.last().path)
	deleted, err := client.DeleteFile(t.Context(), "file_1")
	require.NoError(t, err)
	require.True(t, deleted.Deleted)
	require.Equal(t, "DELETE", rec.last().method)
	var out bytes.Buffer
	n, err := client.FileContent(t.Context(), "file_1", &out)
	require.NoError(t, err)
	require.EqualValues(t, 5, n)
	require.Equal(t, "/openai/v1/files/file_1/content", rec.last().path)

	full := errors.New("disk full")
	_, err = client.FileContent(t.Context(), "file_1", failingWriter{full})
	require.Equal(t, full, err, "not an error of the transport")
}

func TestIDsAreEscaped(t *testing.T) {
	client, rec := serve(t, nil, answer(200, `{"id":"openai/gpt-oss-120b","context_window":131072,"pricing":{"in":0.15}}`))
	m, err := client.Model(t.Context(), "openai/gpt-oss-120b")
	require.NoError(t, err)
	require.Equal(t, "/openai/v1/models/openai%2Fgpt-oss-120b", rec.last().path)
	require.Equal(t, 131072, m.ContextWindow)
	require.JSONEq(t, `{"in":0.15}`, string(m.Extra["pricing"]))
	_, err = client.DeleteModel(t.Context(), "../files/x?y")
	require.NoError(t, err)
	require.Equal(t, "/openai/v1/models/..%2Ffiles%2Fx%3Fy", rec.last().path)
	before := rec.count()
	for _, id := range []string{"", ".", ".."} {
		_, err = client.DeleteFile(t.Context(), id)
		require.Error(t, err)
		_, err = client.DeleteFineTuning(t.Context(), id)
		require.Error(t, err)
	}
	require.Equal(t, before, rec.count())
}

func TestBatches(t *testing.T) {
	running := `{"id":"batch_1","status":"in_progress","request_counts":{"total":2,"completed":1,"failed":0}}`
	done := `{"id":"batch_1","status":"completed","output_file_id":"file_2","errors":{"data":[{"code":1,"message":"m","line":3}]}}`
	client, rec := serve(t, nil, answer(200, running), answer(200, running), answer(200, done), answer(200, done))
	b, err := client.CreateBatch(t.Context(), &groqclient.BatchRequest{
		InputFileID: "file_1", Endpoint: groqclient.BatchChatEndpoint, CompletionWindow: "24h", Metadata: map[string]string{"a": "b"},
	})
	require.NoError(t, err)
	require.JSONEq(t, `{"input_file_id":"file_1","endpoint":"/v1/chat/completions","completion_window":"24h","metadata":{"a":"b"}}`, rec.last().body)
	require.False(t, b.Done())
	var states []string
	for b, err := range client.PollBatch(t.Context(), "batch_1", time.Millisecond) {
		require.NoError(t, err)
		states = append(states, b.Status)
	}
	require.Equal(t, []string{"in_progress", "completed"}, states)
	b, err = client.CancelBatch(t.Context(), "batch_1")
	require.NoError(t, err)
	require.Equal(t, "POST", rec.last().method)
	require.Equal(t, "/openai/v1/batches/batch_1/cancel", rec.last().path)
	require.Equal(t, []groqclient.LineError{{Code: "1", Message: "m", Line: 3}}, b.Errors.Data)
}

func TestBatchLines(t *testing.T) {
	line, err := groqclient.NewBatchLine("a", request())
	require.NoError(t, err)
	sameJSON(t, `{"custom_id":"a","method":"POST","url":"/v1/chat/completions",
		"body":{"model":"test-model","messages":[{"role":"user","content":"Say hello."}]}}`, line)
	_, err = groqclient.NewBatchLine("", request())
	require.Error(t, err)

	in := `{"custom_id":"b","response":{"status_code":200,"request_id":"r","body":` + good + `},"error":null}

{"custom_id":"a","response":{"status_code":400,"body":{"error":{"message":"bad","code":"c"}}}}
{"custom_id":"c","response":null,"error":{"code":"batch_expired","message":"too late"}}
{"custom_id":"d"}
nonsense`
	var texts []string
	for r, err := range groqclient.BatchResults(strings.NewReader(in)) {
		if err != nil {
			texts = append(texts, err.Error()[:7])
			break
		}
		resp, err := r.Chat()
		if err != nil {
			texts = append(texts, r.CustomID+" "+err.Error())
			continue
		}
		texts = append(texts, r.CustomID+" "+resp.Text()+" "+resp.Meta.RequestID)
	}
	require.Equal(t, []string{
		"b hi r",
		"a groq: POST /v1/chat/completions: 400 Bad Request: c: bad",
		`c groq: batch line "c": batch_expired: too late`,
		`d groq: batch line "d": neither response nor error`,
		"line 6:",
	}, texts)
}

func TestEmbed(t *testing.T) {
	client, rec := serve(t, nil,
		answer(200, `{"object":"list","model":"m","data":[{"index":0,"embedding":[0.5,-1]}],"usage":{"prompt_tokens":2,"total_tokens":2}}`),
		answer(200, `{"data":[{"index":0,"embedding":"AAAAPwAAgL8="}]}`),
		answer(200, `{"data":[{"index":0,"embedding":"AAAAPw=A"}]}`), answer(200, `{"data":[{"index":0,"embedding":"AAAA"}]}`))
	req := &groqclient.EmbeddingRequest{Model: "m", Input: []string{"<a>"}, EncodingFormat: groqclient.EncodingBase64}
	for range 2 {
		e, err := client.Embed(t.Context(), req)
		require.NoError(t, err)
		require.Equal(t, groqclient.Vector{0.5, -1}, e.Data[0].Vector)
	}
	require.Equal(t, `{"model":"m","input":["<a>"],"encoding_format":"base64"}`, rec.last().body)
	for range 2 {
		_, err := client.Embed(t.Context(), req)
		require.ErrorContains(t, err, "embedding")
	}
}

func TestRerankAndFineTuning(t *testing.T) {
	client, rec := serve(t, nil, answer(200, `{"results":[{"doc":"a","score":0.9}]}`),
		answer(200, `{"id":"x","object":"o","data":{"id":"ft_1","name":"n","created_at":1.5}}`),
		answer(200, `{"data":{"id":"ft_1"}}`), answer(200, `{"data":[{"id":"ft_1"}]}`), answer(200, `{"id":"ft_1","deleted":true}`))
	r, err := client.Rerank(t.Context(), &groqclient.RerankRequest{Model: "m", Query: "q", Docs: []string{"a", "b"}})
	require.NoError(t, err)
	require.Equal(t, []groqclient.RerankResult{{Doc: "a", Score: 0.9}}, r.Results)
	require.JSONEq(t, `{"model":"m","query":"q","docs":["a","b"]}`, rec.last().body)
	f, err := client.CreateFineTuning(t.Context(), &groqclient.FineTuningRequest{BaseModel: "b", Type: "lora"})
	require.NoError(t, err)
	require.Equal(t, "ft_1", f.ID)
	require.Equal(t, "/v1/fine_tunings", rec.last().path)
	_, err = client.FineTuning(t.Context(), "ft_1")
	require.NoError(t, err)
	require.Equal(t, "/v1/fine_tunings/ft_1", rec.last().path)
	all, err := client.FineTunings(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	d, err := client.DeleteFineTuning(t.Context(), "ft_1")
	require.NoError(t, err)
	require.True(t, d.Deleted)
}

// TestRoundTrip keeps nulls, zeros, order and unknown fields of whole documents.
func TestRoundTrip(t *testing.T) {
	for in, v := range map[string]any{
		`{"id":"i","object":"chat.completion","created":1,"model":"m","new":{"a":[1,"}"]},"choices":[{"index":0,"n1":null,
			"logprobs":null,"finish_reason":"stop","message":{"role":"assistant","content":null,"n2":"\"x\\"}}],
			"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"n3":1.5},"x_groq":{"id":"r","seed":7,"n4":[]}}`: new(groqclient.ChatResponse),
		`{"id":"i","object":"o","created":1,"model":"m","choices":[{"index":0,"finish_reason":"","delta":{"content":"","n":1}}],"n":2}`: new(groqclient.ChatChunk),
		`{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"","n":1}],"n":2}],"temperature":0,
			"seed":null,"stop":["a"],"debug":true,"tool_choice":{"type":"function","function":{"name":"f"}},
			"tools":[{"type":"mcp","server_label":"s"}]}`: new(groqclient.ChatRequest),
		`{"role":"assistant","content":null,"n\u00e9\"w":1}`:                         new(groqclient.Message),
		`{"id":"m","object":"model","created":1,"owned_by":"o","pricing":{"a":"b"}}`: new(groqclient.Model),
	} {
		require.NoError(t, json.Unmarshal([]byte(in), v))
		sameJSON(t, in, v)
	}
}

func TestNullUnsetEmpty(t *testing.T) {
	req := request()
	req.ReasoningEffort = groqclient.Null[string]()
	req.User = groqclient.Set("")
	req.Temperature = groqclient.Set(0.0)
	req.Messages = append(req.Messages, groqclient.Message{Role: "assistant", Content: groqclient.NullContent()},
		groqclient.AssistantMessage(""), groqclient.Message{Role: "assistant"})
	sameJSON(t, `{"model":"test-model","reasoning_effort":null,"user":"","temperature":0,"messages":[
		{"role":"user","content":"Say hello."},{"role":"assistant","content":null},{"role":"assistant","content":""},{"role":"assistant"}]}`, req)
	req.Extra = groqclient.Extra{"debug": json.RawMessage("true"), "model": json.RawMessage(`"other"`), "bad": json.RawMessage("{")}
	_, err := json.Marshal(req)
	require.ErrorContains(t, err, `"bad" is not valid JSON`)
	delete(req.Extra, "bad")
	raw, err := json.Marshal(req)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(raw), `"model"`), "the field of the struct wins")
	require.Contains(t, string(raw), `"debug":true`)
}

func TestHistoryIsWhatGroqTakes(t *testing.T) {
	var m groqclient.ResponseMessage
	require.NoError(t, json.Unmarshal([]byte(`{"role":"assistant","content":"4","reasoning":"2+2","annotations":[{"type":"document_citation"}],
		"executed_tools":[{"index":0,"type":"search","arguments":"{}"}]}`), &m))
	sameJSON(t, `{"role":"assistant","content":"4"}`, m.History())
	require.NoError(t, json.Unmarshal([]byte(`{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}`), &m))
	sameJSON(t, `{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}`, m.History())
}

func TestChatRefuses(t *testing.T) {
	client, rec := serve(t, nil, answer(200, good))
	broken := map[string]func(*groqclient.ChatRequest){
		"no model":    func(r *groqclient.ChatRequest) { r.Model = "" },
		"no messages": func(r *groqclient.ChatRequest) { r.Messages = nil },
		"exclude": func(r *groqclient.ChatRequest) {
			r.ReasoningFormat, r.IncludeReasoning = groqclient.Set("raw"), groqclient.Set(true)
		},
		"129 tools":    func(r *groqclient.ChatRequest) { r.Tools = make([]groqclient.Tool, 129) },
		"5 stop texts": func(r *groqclient.ChatRequest) { r.Stop = make(groqclient.Stop, 5) },
		"name \"a b\"": func(r *groqclient.ChatRequest) { r.ResponseFormat = groqclient.JSONSchema("a b", nil, false) },
		"strict schema": func(r *groqclient.ChatRequest) {
			r.ResponseFormat = groqclient.JSONSchema("a", json.RawMessage(`{}`), true)
		},
	}
	for want, change := range broken {
		req := request()
		change(req)
		_, err := client.Chat(t.Context(), req)
		require.ErrorContains(t, err, want)
		_, err = readScenario(client.ChatStream(t.Context(), req), 0)
		require.ErrorContains(t, err, want)
	}
	require.Zero(t, rec.count())
}
