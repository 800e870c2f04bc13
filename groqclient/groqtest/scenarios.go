package groqtest

import (
	"strings"
	"time"
)

// A Failure is the kind of error that a scenario must end in.
type Failure string

// The kinds of failure, with the exit code that lpuctl gives them.
const (
	None      Failure = ""          // 0
	Refused   Failure = "refused"   // 12: a 4xx
	Limited   Failure = "limited"   // 11: 429, 498, or 413 of the token budget
	Broken    Failure = "broken"    // 13: a 5xx
	Idle      Failure = "idle"      // 14: silence
	Truncated Failure = "truncated" // 15: the stream ended too early
	Stopped   Failure = "stopped"   // 15: the server stopped the stream
	NotStream Failure = "notstream" // 1: the reply is something else
)

// ExitCode is the exit code of lpuctl for the failure.
func (f Failure) ExitCode() int {
	return map[Failure]int{
		None: 0, Refused: 12, Limited: 11, Broken: 13, Idle: 14, Truncated: 15, Stopped: 15, NotStream: 1,
	}[f]
}

// A Scenario is one behaviour of a server and the outcome that a client must
// have. The client asks for a stream.
type Scenario struct {
	Name  string
	serve func(*Exchange)

	// IdleTimeout and MaxWait are what the client is to be configured with,
	// if not zero.
	IdleTimeout time.Duration
	MaxWait     time.Duration
	// BreakAfter is the number of chunks after which the client leaves, 0
	// for never. A command has no such wish and skips the scenario.
	BreakAfter int

	Failure  Failure
	Text     string        // what must have been delivered, in part or whole
	Requests int           // that the server must have seen
	Wait     time.Duration // that a Limited error must state
	Says     string        // what the error must contain
}

// text is a scenario that must deliver the whole text whatever the bytes are.
func text(name string, serve func(*Exchange)) Scenario {
	return Scenario{Name: name, serve: serve, Text: Text, Requests: 1}
}

// bytes answers with an event stream of exactly these bytes.
func bytes(stream string) func(*Exchange) {
	return func(x *Exchange) {
		x.SSE()
		x.Send(stream)
	}
}

// Scenarios returns the table. Those marked with a row of
// "LF / CRLF / ..." have been seen to fail in at least one other client.
func Scenarios() []Scenario {
	all := framing()
	all = append(all, streamErrors()...)
	all = append(all, timing()...)
	all = append(all, retries()...)
	return append(all, refusals()...)
}

func framing() []Scenario {
	good := Frames(whole()...)
	return []Scenario{
		text("line ends LF", bytes(good)),
		text("line ends CRLF", bytes(strings.ReplaceAll(good, "\n", "\r\n"))),
		text("line ends CR", bytes(strings.ReplaceAll(good, "\n", "\r"))),
		text("no space after the colon", bytes(strings.ReplaceAll(good, "data: ", "data:"))),
		text("id and retry fields", bytes(strings.ReplaceAll(good, "data: ", "id: 7\nretry: 10\ndata: "))),
		text("byte order mark", bytes("\xef\xbb\xbf"+good)),
		text("400 comments", bytes(strings.Repeat(": keep-alive\n\n", 400)+good)),
		text("JSON over two data lines", bytes(strings.ReplaceAll(good, `"choices":`, "\"choices\":\ndata: "))),
		text("no line feed after DONE", bytes(strings.TrimSpace(good))),
		text("UTF-8 split over writes", oneByOne(good)),
		longLine("line of 100 KB", 100<<10),
		longLine("line of 3 MB", 3<<20),
		{
			Name: "tool-call fragments", serve: bytes(toolCalls()), Requests: 1,
		},
	}
}

func oneByOne(stream string) func(*Exchange) {
	return func(x *Exchange) {
		x.SSE()
		for i := range len(stream) {
			x.Send(stream[i : i+1])
		}
	}
}

func longLine(name string, n int) Scenario {
	long := strings.Repeat("x", n)
	return Scenario{
		Name: name, serve: bytes(Frames(Chunk(long), LastChunk(), "[DONE]")), Text: long, Requests: 1,
	}
}

// toolCalls interleaves the fragments of two calls.
func toolCalls() string {
	part := func(calls string) string { return chunk(`{"tool_calls":[`+calls+`]}`, "null", "") }
	return Frames(
		part(`{"index":0,"id":"call_a","type":"function","function":{"name":"add","arguments":""}},`+
			`{"index":1,"id":"call_b","type":"function","function":{"name":"mul","arguments":"{\"x\""}}`),
		part(`{"index":0,"function":{"arguments":"{\"x\":1,"}}`),
		part(`{"index":1,"function":{"arguments":":3}"}},{"index":0,"function":{"arguments":"\"y\":2}"}}`),
		chunk(`{}`, `"tool_calls"`, FinalUsage), "[DONE]",
	)
}

func streamErrors() []Scenario {
	begun := Frames(opening()...)
	stopped := func(name, tail, says string) Scenario {
		return Scenario{Name: name, serve: bytes(begun + tail), Failure: Stopped, Text: Text, Requests: 1, Says: says}
	}
	return []Scenario{
		stopped("event: error", "event: error\ndata: {\"error\":{\"message\":\"bad tool\",\"type\":\"invalid_request_error\","+
			"\"code\":\"tool_use_failed\",\"failed_generation\":\"<f>\"}}\n\n", "tool_use_failed"),
		stopped("error object in data", Frames(`{"error":{"message":"over capacity","code":503}}`), "503: over capacity"),
		stopped("x_groq.error", Frames(chunk(`{}`, "null", `{"id":"`+GroqID+`","error":"over capacity"}`), "[DONE]"), "over capacity"),
		{
			Name: "end without DONE or finish_reason", serve: bytes(begun),
			Failure: Truncated, Text: Text, Requests: 1,
		},
		{
			Name: "connection cut in the middle", serve: func(x *Exchange) { x.SSE(); x.Send(begun); x.Cut() },
			Failure: Truncated, Text: Text, Requests: 1,
		},
		{
			Name: "JSON instead of a stream", Text: Text, Requests: 1,
			serve: func(x *Exchange) { x.Answer(200, "application/json", Completion(Text)) },
		},
		{
			Name: "usage timings and id", serve: bytes(Frames(whole()...)), Text: Text, Requests: 1,
		},
	}
}

func timing() []Scenario {
	return []Scenario{
		{
			Name: "active stream longer than the timeout", serve: slowly, IdleTimeout: 400 * time.Millisecond,
			Text: Text, Requests: 1,
		},
		{
			Name: "idle stream", serve: silent, IdleTimeout: 200 * time.Millisecond,
			Failure: Idle, Text: Text, Requests: 1,
		},
		{
			Name: "client leaves after 3 chunks", serve: endless, BreakAfter: 3,
			Text: strings.Repeat("x", 3), Requests: 1,
		},
	}
}

// slowly sends a good stream that lasts well over its idle timeout.
func slowly(x *Exchange) {
	x.SSE()
	for _, p := range whole() {
		if !x.Send(Frames(p)) || !x.Pause(120*time.Millisecond) {
			return
		}
	}
}

func silent(x *Exchange) {
	x.SSE()
	x.Send(Frames(opening()...))
	x.Pause(12 * time.Second)
}

func endless(x *Exchange) {
	x.SSE()
	x.UntilGone(Frames(Chunk("x")))
}
