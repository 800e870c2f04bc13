package groqtest

import (
	"encoding/json"
	"fmt"
	"strings"
)

// What the well-behaved part of every scenario says.
const (
	Text      = "Hello wörld!"
	GroqID    = "req_01scenario"
	requestID = "req_01header"
)

// FinalUsage is the x_groq object of the last chunk.
const FinalUsage = `{"id":"` + GroqID + `","usage":{"queue_time":0.05,"prompt_tokens":10,"prompt_time":0.002,` +
	`"completion_tokens":3,"completion_time":0.006,"total_tokens":13,"total_time":0.008,` +
	`"prompt_tokens_details":{"cached_tokens":4}}}`

// Chunk is the JSON of a chunk that adds text.
func Chunk(text string) string {
	return chunk(fmt.Sprintf(`{"content":%s}`, quote(text)), "null", "")
}

// LastChunk is the JSON of the chunk that ends a completion.
func LastChunk() string { return chunk(`{}`, `"stop"`, FinalUsage) }

func chunk(delta, finish, xGroq string) string {
	if xGroq != "" {
		xGroq = `,"x_groq":` + xGroq
	}
	return `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1750000000,"model":"test-model",` +
		`"system_fingerprint":"fp_1","choices":[{"index":0,"delta":` + delta + `,"logprobs":null,"finish_reason":` +
		finish + `}]` + xGroq + `}`
}

func quote(s string) string {
	b, _ := json.Marshal(s) // a string always marshals
	return string(b)
}

// opening are the chunks that say Text, without the last one.
func opening() []string {
	return []string{
		chunk(`{"role":"assistant","content":""}`, "null", `{"id":"`+GroqID+`"}`),
		Chunk("Hello"), Chunk(" wörld"), Chunk("!"),
	}
}

// whole are all payloads of a good stream.
func whole() []string { return append(opening(), LastChunk(), "[DONE]") }

// Frames writes each payload as an event of one data line.
func Frames(payloads ...string) string {
	var b strings.Builder
	for _, p := range payloads {
		b.WriteString("data: " + p + "\n\n")
	}
	return b.String()
}

// Completion is the JSON of a whole completion that says text.
func Completion(text string) string {
	return `{"id":"chatcmpl-1","object":"chat.completion","created":1750000000,"model":"test-model",` +
		`"choices":[{"index":0,"message":{"role":"assistant","content":` + quote(text) + `},"logprobs":null,` +
		`"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":3,"total_tokens":13},` +
		`"x_groq":{"id":"` + GroqID + `"}}`
}

// Reply answers a chat request well: streamed if it asks for that.
func (x *Exchange) Reply(text string) {
	if !x.Streams() {
		setLimits(x.W.Header(), 14370, 5000)
		x.Answer(200, "application/json", Completion(text))
		return
	}
	x.SSE()
	x.Send(Frames(Chunk(text), LastChunk(), "[DONE]"))
}
