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
)

// ExitCode is the exit code of lpuctl for the failure.
func (f Failure) ExitCode() int {
	return map[Failure]int{
		None: 0, Refused: 12, Limited: 11, Broken: 13, Idle: 14, Truncated: 15, Stopped: 15,
	}[f]
}

// A Scenario is one behaviour of a server and the outcome that a client must
// have. The client asks for a stream. A command prints Text on stdout, what
// Says has on stderr, and exits with the code of Failure.
type Scenario struct {
	Name  string
	Serve func(*Exchange) // answers each request of the client

	// IdleTimeout and MaxWait are what the client is to be configured with,
	// if not zero.
	IdleTimeout time.Duration
	MaxWait     time.Duration
	// BreakAfter is the number of chunks after which the client leaves, 0
	// for never. A command leaves when its reader or its user does.
	BreakAfter int

	Failure  Failure
	Text     string        // what must have been delivered, in part or whole
	Calls    []Call        // tool calls that must have been put together
	Requests int           // that the server must have seen
	Wait     time.Duration // that a Limited error must state
	Says     string        // what the error must contain
}

// A Call is a tool call of the model.
type Call struct{ ID, Name, Arguments string }

// text is a scenario that must deliver the whole text whatever the bytes are.
func text(name string, serve func(*Exchange)) Scenario {
	return Scenario{Name: name, Serve: serve, Text: Text, Requests: 1}
}

// bytes answers with an event stream of exactly these bytes.
func bytes(stream string) func(*Exchange) {
	return func(x *Exchange) {
		x.SSE()
		x.Send(stream)
	}
}

// Scenarios returns the table. Every widely used client that was tried on them
// fails at least one.
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
			Name: "tool-call fragments", Serve: bytes(toolCalls()), Requests: 1,
			Calls: []Call{{"call_a", "add", `{"x":1,"y":2}`}, {"call_b", "mul", `{"x":3}`}},
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
		Name: name, Serve: bytes(Frames(Chunk(long), LastChunk(), "[DONE]")), Text: long, Requests: 1,
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
		return Scenario{Name: name, Serve: bytes(begun + tail), Failure: Stopped, Text: Text, Requests: 1, Says: says}
	}
	return []Scenario{
		stopped("event: error", "event: error\ndata: {\"error\":{\"message\":\"bad tool\",\"type\":\"invalid_request_error\","+
			"\"code\":\"tool_use_failed\",\"failed_generation\":\"<f>\"}}\n\n", "tool_use_failed"),
		stopped("error object in data", Frames(`{"error":{"message":"over capacity","code":503}}`), "503: over capacity"),
		stopped("x_groq.error", Frames(chunk(`{}`, "null", `{"id":"`+GroqID+`","error":"over capacity"}`), "[DONE]"), "over capacity"),
		{
			Name: "end without DONE or finish_reason", Serve: bytes(begun),
			Failure: Truncated, Text: Text, Requests: 1, Says: "truncated",
		},
		{
			Name: "connection cut in the middle", Serve: func(x *Exchange) { x.SSE(); x.Send(begun); x.Cut() },
			Failure: Truncated, Text: Text, Requests: 1, Says: "truncated",
		},
		{
			Name: "JSON instead of a stream", Text: Text, Requests: 1,
			Serve: func(x *Exchange) { x.Answer(200, "application/json", Completion(Text)) },
		},
		{
			Name: "usage timings and id", Serve: bytes(Frames(whole()...)), Text: Text, Requests: 1,
		},
	}
}

func timing() []Scenario {
	return []Scenario{
		{
			Name: "active stream longer than the timeout", Serve: slowly, IdleTimeout: time.Second,
			Text: Text, Requests: 1,
		},
		{
			Name: "idle stream", Serve: silent, IdleTimeout: 200 * time.Millisecond,
			Failure: Idle, Text: Text, Requests: 1, Says: "idle timeout",
		},
		{
			Name: "client leaves after 3 chunks", Serve: endless, BreakAfter: 3,
			Text: strings.Repeat("x", 3), Requests: 1,
		},
	}
}

// slowly sends a good stream, each event in halves, that lasts longer than its
// idle timeout.
func slowly(x *Exchange) {
	x.SSE()
	for _, p := range whole() {
		frame := Frames(p)
		for _, half := range []string{frame[:len(frame)/2], frame[len(frame)/2:]} {
			if !x.Pause(100*time.Millisecond) || !x.Send(half) {
				return
			}
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
