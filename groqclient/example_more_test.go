package groqclient_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/groqclient/groqtest"
)

// serving starts a server that answers each path by its JSON, and a client of
// it.
func serving(answers map[string]string) (*groqclient.Client, func()) {
	server := groqtest.StartHandler(func(x *groqtest.Exchange) {
		x.Answer(200, "application/json", answers[x.R.Method+" "+x.R.URL.Path])
	})
	client, err := groqclient.New("gsk_example", groqclient.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}
	return client, func() { client.CloseIdleConnections(); server.Close() }
}

func ExampleStreamError() {
	server := groqtest.StartHandler(func(x *groqtest.Exchange) {
		x.SSE()
		x.Send(groqtest.Frames(groqtest.Chunk("It was a dark and"))) // and the connection ends here
	})
	defer server.Close()
	client, err := groqclient.New("gsk_example", groqclient.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()
	for _, err := range client.ChatStream(context.Background(), &groqclient.ChatRequest{
		Model: "openai/gpt-oss-20b", Messages: []groqclient.Message{groqclient.UserMessage("Tell me a story.")},
	}).Text() {
		var broken *groqclient.StreamError
		if errors.As(err, &broken) {
			fmt.Printf("truncated: %v; kept %q\n", errors.Is(err, groqclient.ErrStreamTruncated), broken.Partial.Text())
		}
	}
	// Output: truncated: true; kept "It was a dark and"
}

func ExampleClient_Transcribe() {
	client, stop := serving(map[string]string{
		"POST /openai/v1/audio/transcriptions": `{"text":"Good morning.","duration":1.25,"words":[{"word":"Good","start":0.1,"end":0.4}]}`,
	})
	defer stop()
	path := filepath.Join(os.TempDir(), "morning.wav")
	if err := os.WriteFile(path, []byte("RIFF"), 0o600); err != nil {
		log.Fatal(err)
	}
	defer os.Remove(path)

	file, err := groqclient.UploadPath(path)
	if err != nil {
		log.Fatal(err)
	}
	heard, err := client.Transcribe(context.Background(), &groqclient.TranscriptionRequest{
		Model: "whisper-large-v3-turbo", File: file,
		ResponseFormat: groqclient.TranscriptVerboseJSON, Granularities: []string{"word"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(heard.Text, heard.Duration, "s;", heard.Words[0].Word, "at", heard.Words[0].Start, "s")
	// Output: Good morning. 1.25 s; Good at 0.1 s
}

// A batch is a file of requests that Groq works off within a day, for less.
func ExampleClient_CreateBatch() {
	client, stop := serving(map[string]string{
		"POST /openai/v1/files":                 `{"id":"file_in"}`,
		"POST /openai/v1/batches":               `{"id":"batch_1","status":"validating"}`,
		"GET /openai/v1/batches/batch_1":        `{"id":"batch_1","status":"completed","output_file_id":"file_out"}`,
		"GET /openai/v1/files/file_out/content": `{"custom_id":"sky","response":{"status_code":200,"body":` + groqtest.Completion("Blue.") + `}}`,
	})
	defer stop()
	ctx := context.Background()
	var input bytes.Buffer
	line, err := groqclient.NewBatchLine("sky", &groqclient.ChatRequest{
		Model: "openai/gpt-oss-20b", Messages: []groqclient.Message{groqclient.UserMessage("Of what colour is the sky?")},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(&input).Encode(line); err != nil {
		log.Fatal(err)
	}
	file, err := client.UploadFile(ctx, groqclient.UploadBytes("questions.jsonl", input.Bytes()), groqclient.PurposeBatch)
	if err != nil {
		log.Fatal(err)
	}
	batch, err := client.CreateBatch(ctx, &groqclient.BatchRequest{
		InputFileID: file.ID, Endpoint: groqclient.BatchChatEndpoint, CompletionWindow: "24h",
	})
	if err != nil {
		log.Fatal(err)
	}
	for batch, err = range client.PollBatch(ctx, batch.ID, 30*time.Second) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(batch.Status)
	}
	var output bytes.Buffer
	if _, err := client.FileContent(ctx, batch.OutputFileID, &output); err != nil {
		log.Fatal(err)
	}
	for result, err := range groqclient.BatchResults(&output) {
		if err != nil {
			log.Fatal(err)
		}
		answer, err := result.Chat()
		if err != nil {
			log.Fatal(err) // of this line only
		}
		fmt.Println(result.CustomID+":", answer.Text())
	}
	// Output:
	// completed
	// sky: Blue.
}
