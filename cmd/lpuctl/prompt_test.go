package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/groqclient/groqtest"
)

// sent is the latest request that the server saw.
func sent(t *testing.T, server *groqtest.Server) groqclient.ChatRequest {
	t.Helper()
	bodies := server.Bodies()
	require.NotEmpty(t, bodies)
	var req groqclient.ChatRequest
	require.NoError(t, json.Unmarshal([]byte(bodies[len(bodies)-1]), &req))
	return req
}

// texts are the messages as "role: text".
func texts(req groqclient.ChatRequest) []string {
	var all []string
	for _, m := range req.Messages {
		all = append(all, m.Role+": "+m.Content.Text())
	}
	return all
}

func TestPromptInputs(t *testing.T) {
	newHome(t)
	server := serveGroq(t, says("Hi."))
	a, b := writeFile(t, "a.txt", "file a\n"), writeFile(t, "b.txt", "file b")
	for _, c := range []struct {
		stdin string
		args  []string
		want  string
	}{
		{"", []string{"text"}, "text"},
		{"piped\n", nil, "piped"},
		{"piped\n", []string{"text"}, "piped\n\ntext"},
		{"piped", []string{"text", "-f", a, "-f", b}, "file a\n\nfile b\n\npiped\n\ntext"},
		{"piped", []string{"text", "-f", "-", "-f", a}, "piped\n\nfile a\n\ntext"},
		{canary, []string{"text", "--api-key-file", "-"}, "text"},
	} {
		o := runCLI(t, c.stdin, askArgs(server, c.args...)...)
		require.Equal(t, result{0, "Hi.\n", ""}, o, "%q", c.args)
		require.Equal(t, []string{"user: " + c.want}, texts(sent(t, server)))
	}
}

func TestPromptParameters(t *testing.T) {
	newHome(t)
	server := serveGroq(t, says("Hi."))
	require.Zero(t, runCLI(t, "", askArgs(server, "q")...).code)
	require.JSONEq(t, `{"model":"test-model","messages":[{"role":"user","content":"q"}],"stream":true}`, server.Bodies()[0],
		"nothing is sent that was not asked for")

	system := writeFile(t, "system", "Be brief.")
	o := runCLI(t, "", askArgs(server, "q", "--system-file", system, "--temp", "0", "--top-p", "0.5", "--seed", "0", "-n", "7",
		"--effort", "low", "--service-tier", "flex", "--no-stream", "--tool-choice", "none")...)
	require.Equal(t, result{0, "Hi.\n", ""}, o)
	require.JSONEq(t, `{"model":"test-model","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"q"}],
		"temperature":0,"top_p":0.5,"seed":0,"max_completion_tokens":7,"reasoning_effort":"low","service_tier":"flex",
		"tool_choice":"none"}`, server.Bodies()[1])
}

func TestPromptImages(t *testing.T) {
	newHome(t)
	server := serveGroq(t, says("A dot."))
	png := writeFile(t, "dot.png", "\x89PNG\r\n\x1a\nrest")
	o := runCLI(t, "", askArgs(server, "What?", "--image", png, "--image", "https://example.org/a.png")...)
	require.Equal(t, result{0, "A dot.\n", ""}, o)
	parts := sent(t, server).Messages[0].Content.Parts()
	require.Len(t, parts, 3)
	require.Equal(t, "What?", parts[0].Text.Or(""))
	require.Equal(t, "data:image/png;base64,iVBORw0KGgpyZXN0", parts[1].ImageURL.URL)
	require.Equal(t, "https://example.org/a.png", parts[2].ImageURL.URL)
}

const personSchema = `{"type":"object","properties":{"name":{"type":"string"}},"required":["name"],"additionalProperties":false}`

func TestPromptSchema(t *testing.T) {
	newHome(t)
	server := serveGroq(t, says(`{"name":"Ada"}`))
	good := writeFile(t, "good.json", personSchema)
	o := runCLI(t, "", askArgs(server, "q", "--schema", good)...)
	require.Equal(t, result{0, "{\"name\":\"Ada\"}\n", ""}, o)
	require.NotContains(t, server.Bodies()[0], `"stream"`)
	format := sent(t, server).ResponseFormat
	require.JSONEq(t, personSchema, string(format.JSONSchema.Schema))
	require.True(t, format.JSONSchema.Strict.Or(false))

	loose := writeFile(t, "loose.json", `{"type":"object","properties":{"name":{"type":"string"}}}`)
	o = runCLI(t, "", askArgs(server, "q", "--schema", loose)...)
	require.Equal(t, exitUsage, o.code)
	require.Contains(t, o.err, loose+": groqclient: strict schema: #: additionalProperties must be false")
	require.Equal(t, 1, server.Requests(), "nothing was sent")
	o = runCLI(t, "", askArgs(server, "q", "--schema", loose, "--strict=false")...)
	require.Zero(t, o.code)
	require.False(t, sent(t, server).ResponseFormat.JSONSchema.Strict.Or(true))
}

// callsReply answers with a tool call, unless the request has its result.
func callsReply(x *groqtest.Exchange) {
	if strings.Contains(x.Body, `"role":"tool"`) {
		x.Reply("It is 3.")
		return
	}
	x.SSE()
	x.Send(groqtest.Frames(
		`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function",`+
			`"function":{"name":"add","arguments":"{\"x\":1,\"y\":2}"}}]},"finish_reason":null}]}`,
		`{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}`, "[DONE]"))
}

func TestPromptTools(t *testing.T) {
	newHome(t)
	server := serveGroq(t, callsReply)
	tools := writeFile(t, "tools.json", `[{"name":"add","description":"adds","parameters":{"type":"object"}},
		{"type":"function","function":{"name":"sub"}}, {"type":"browser_search"}]`)
	o := runCLI(t, "", askArgs(server, "1+2?", "--tools", tools)...)
	want := `[{"id":"call_1","type":"function","function":{"name":"add","arguments":"{\"x\":1,\"y\":2}"}}]` + "\n"
	require.Equal(t, result{0, want, ""}, o)
	types := []string{}
	for _, tool := range sent(t, server).Tools {
		types = append(types, tool.Type)
	}
	require.Equal(t, []string{"function", "function", "browser_search"}, types)

	o = runCLI(t, "", askArgs(server, "-c", "and now?")...)
	require.Equal(t, exitUsage, o.code)
	require.Contains(t, o.err, "waits for the result of add: add --tool-result call_1=TEXT")
	o = runCLI(t, "", askArgs(server, "-c", "--tool-result", "call_2=3", "--tool-result", "call_1=3")...)
	require.Equal(t, exitUsage, o.code)
	o = runCLI(t, "", askArgs(server, "-c", "--tool-result", "call_1=3")...)
	require.Equal(t, result{0, "It is 3.\n", ""}, o)
	require.Equal(t, []string{"user: 1+2?", "assistant: ", "tool: 3"}, texts(sent(t, server)))
	require.Equal(t, "call_1", sent(t, server).Messages[2].ToolCallID)
}

// TestPromptCutCall breaks off in the middle of a tool call, which must not be
// sent back.
func TestPromptCutCall(t *testing.T) {
	newHome(t)
	server := serveGroq(t, func(x *groqtest.Exchange) {
		if x.N > 1 {
			x.Reply("Hi.")
			return
		}
		x.SSE()
		x.Send(groqtest.Frames(groqtest.Chunk("Let me add."), `{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1",`+
			`"type":"function","function":{"name":"add","arguments":"{\"x\":"}}]}}]}`))
	})
	o := runCLI(t, "", askArgs(server, "1+2?")...)
	require.Equal(t, exitStream, o.code)
	require.Equal(t, "Let me add.\n", o.out)
	require.Equal(t, result{0, "Hi.\n", ""}, runCLI(t, "", askArgs(server, "-c", "go on")...))
	require.Equal(t, []string{"user: 1+2?", "assistant: Let me add.", "user: go on"}, texts(sent(t, server)))
	require.Empty(t, sent(t, server).Messages[1].ToolCalls)
}

func TestPromptUsageErrors(t *testing.T) {
	newHome(t)
	server := serveGroq(t, says("Hi."))
	bad, binary := writeFile(t, "bad.json", "{"), writeFile(t, "binary", "\xff\xfe")
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{exitUsage, "nothing to ask", nil},
		{exitUsage, "nothing to ask", []string{" \n"}},
		{exitUsage, "exclude each other", []string{"q", "--json", "-x"}},
		{exitUsage, "exclude each other", []string{"q", "-c", "--conversation", "a"}},
		{exitUsage, "exclude each other", []string{"q", "-s", "a", "--system-file", bad}},
		{exitUsage, "exclude each other", []string{"q", "--schema", bad, "--tools", bad}},
		{exitUsage, "exclude each other", []string{"q", "-f", "-", "--api-key-file", "-"}},
		{exitUsage, "want show, hide or stderr", []string{"q", "--reasoning", "loud"}},
		{exitUsage, "--temp -0.5: want a number from 0 on", []string{"q", "--temp", "-0.5"}},
		{exitUsage, "--top-p NaN", []string{"q", "--top-p", "nan"}},
		{exitUsage, "--tokens -2", []string{"q", "-n", "-2"}},
		{exitUsage, bad + ": not JSON", []string{"q", "--schema", bad}},
		{exitUsage, bad + ": want a JSON array", []string{"q", "--tools", bad}},
		{exitUsage, "tool 1: neither a type nor a name", []string{"q", "--tools", writeFile(t, "t.json", `[{"name":"a"},{}]`)}},
		{exitUsage, "want CALL_ID=TEXT", []string{"q", "--tool-result", "x"}},
		{exitUsage, "does not wait", []string{"q", "--tool-result", "x=1"}},
		{exitUsage, "unknown flag", []string{"q", "--key", "x"}},
		{exitUsage, "want scheme://host:port", []string{"q", "--proxy", "nonsense"}},
		{exitError, "no such file", []string{"-f", "/no/such/file"}},
		{exitError, "not UTF-8", []string{"-f", binary}},
		{exitError, "not an image", []string{"q", "--image", bad}},
		{exitError, "nothing has been said", []string{"q", "-c"}},
		{exitError, "no such conversation", []string{"q", "--conversation", "zzz"}},
	} {
		o := runCLI(t, "", askArgs(server, c.args...)...)
		require.Equal(t, c.code, o.code, "%q: %s", c.args, o.err)
		require.Contains(t, o.err, c.says, "%q", c.args)
		require.Empty(t, o.out, "%q", c.args)
	}
	require.Zero(t, server.Requests())
	o := runCLI(t, "", "prompt", "q", "--base-url", server.URL)
	require.Equal(t, exitUsage, o.code)
	require.Contains(t, o.err, "no model")
}

const thinkingAnswer = "<think>\nHm.\n</think>\n\nYes."

func TestPromptReasoning(t *testing.T) {
	newHome(t)
	server := serveGroq(t, func(x *groqtest.Exchange) {
		if strings.Contains(x.Body, "raw") {
			x.Reply(thinkingAnswer)
			return
		}
		x.SSE()
		x.Send(groqtest.Frames(`{"choices":[{"index":0,"delta":{"reasoning":"\nHm.\n"}}]}`, groqtest.Chunk("Yes."), groqtest.LastChunk(), "[DONE]"))
	})
	for _, form := range []string{"raw", "parsed"} {
		for _, c := range []struct{ where, out, stderr string }{
			{"hide", "Yes.\n", ""},
			{"show", "\nHm.\n\n\nYes.\n", ""},
			{"stderr", "Yes.\n", "\nHm.\n\n"},
		} {
			o := runCLI(t, "", askArgs(server, form, "--reasoning", c.where)...)
			require.Equal(t, result{0, c.out, c.stderr}, o, "%s %s", form, c.where)
		}
		o := runCLI(t, "", askArgs(server, "-c", form)...)
		require.Zero(t, o.code)
		require.Equal(t, "assistant: Yes.", texts(sent(t, server))[1], "reasoning is not sent back")
		require.NotContains(t, server.Bodies()[len(server.Bodies())-1], "Hm.")
	}
}

// TestPromptUnfinishedMark ends answers in the middle of a mark.
func TestPromptUnfinishedMark(t *testing.T) {
	newHome(t)
	server := serveGroq(t, func(x *groqtest.Exchange) {
		if strings.Contains(x.Body, "thinking") {
			x.Reply("<think>a </thi")
			return
		}
		x.Reply("<thin")
	})
	require.Equal(t, result{0, "<thin\n", ""}, runCLI(t, "", askArgs(server, "q")...))
	require.Equal(t, result{0, "a </thi\n", ""}, runCLI(t, "", askArgs(server, "thinking", "--reasoning", "show")...))
}

func TestPromptExtract(t *testing.T) {
	newHome(t)
	server := serveGroq(t, func(x *groqtest.Exchange) {
		if strings.Contains(x.Body, "code, please") {
			x.Reply("Here:\n```go\npackage a\n```\nand\n```\nmore\n```\n")
			return
		}
		x.Reply("No code.")
	})
	require.Equal(t, result{0, "package a\n", ""}, runCLI(t, "", askArgs(server, "code, please", "-x")...))
	o := runCLI(t, "", askArgs(server, "q", "-x")...)
	require.Equal(t, result{exitError, "", "No code.\nlpuctl: the answer has no code block; it is printed above\n"}, o)
}

func TestFirstCodeBlock(t *testing.T) {
	for text, want := range map[string]string{
		"```\na\n```":                   "a\n",
		"  ~~~~ sh\na\n~~~\nb\n~~~~~\n": "a\n~~~\nb\n",
		"````md\n```\na\n```\n````\n":   "```\na\n```\n",
		"```\n```":                      "",
	} {
		got, ok := firstCodeBlock(text)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "`a`", "```\nnot closed", "a\n``\nb\n``"} {
		_, ok := firstCodeBlock(text)
		require.False(t, ok, text)
	}
}

func TestPromptJSON(t *testing.T) {
	newHome(t)
	server := serveGroq(t, says("<b> & more"))
	o := runCLI(t, "", askArgs(server, "q", "--json", "-m", "openai/gpt-oss-20b")...)
	require.Zero(t, o.code)
	var r map[string]any
	require.NoError(t, json.Unmarshal([]byte(o.out), &r))
	require.Equal(t, "<b> & more", r["text"])
	require.Equal(t, "stop", r["finish_reason"])
	require.Equal(t, false, r["partial"])
	require.Equal(t, "req_01header", r["request_id"])
	require.InDelta(t, 10, r["usage"].(map[string]any)["prompt_tokens"], 0)
	cost := r["cost"].(map[string]any)
	require.InDelta(t, (10*0.075+3*0.30)/1e6, cost["dollars"], 1e-12)
	require.Equal(t, true, cost["at_most"])
	require.Len(t, r["conversation"], 10)
	require.Contains(t, o.out, "<b> & more", "not escaped")
}

func TestPromptJSONLines(t *testing.T) {
	newHome(t)
	server := serveGroq(t, func(x *groqtest.Exchange) {
		x.SSE()
		x.Send(groqtest.Frames(`{"choices":[{"index":0,"delta":{"reasoning":"Hm."}}]}`, groqtest.Chunk("a"), groqtest.Chunk("b\n")))
	})
	o := runCLI(t, "", askArgs(server, "q", "--jsonl", "--reasoning", "show")...)
	require.Equal(t, exitStream, o.code, "the stream is cut short")
	lines := strings.Split(strings.TrimSuffix(o.out, "\n"), "\n")
	require.Len(t, lines, 4)
	require.Equal(t, []string{
		`{"event":"reasoning","text":"Hm."}`, `{"event":"text","text":"a"}`, `{"event":"text","text":"b\n"}`,
	}, lines[:3])
	var end promptEvent
	require.NoError(t, json.Unmarshal([]byte(lines[3]), &end))
	require.True(t, end.Result.Partial)
	require.Equal(t, "ab\n", end.Result.Text)
	require.Contains(t, end.Result.Error, "truncated")
}

func TestPromptStats(t *testing.T) {
	newHome(t)
	server := serveGroq(t, says("Hi."))
	o := runCLI(t, "", askArgs(server, "q", "--stats", "--no-save")...)
	require.Equal(t, "Hi.\n", o.out)
	require.Regexp(t, `^tokens: 10 prompt \(4 cached\), 3 completion \(0 reasoning\)
time: queue 50\.0 ms and work 8\.0 ms by the server, first token after [0-9.]+ ms, total [0-9.]+ ms
speed: 500\.0 tokens/s by the server, [0-9.]+ tokens/s by the clock after the first token
cost: unknown: no price for test-model
request: req_01header, attempts: 1
limits: 14370 of 14400 requests a day left, 5000 of 6000 tokens a minute left
$`, o.err)
	o = runCLI(t, "", askArgs(server, "q", "--stats", "-m", "openai/gpt-oss-20b")...)
	require.Contains(t, o.err, "cost: at most $0.000002 (price of 2026-08-18; cached tokens may cost less)\n")
	require.Regexp(t, "conversation: [a-z2-7]{10}\n", o.err)

	path, err := configFile("prices.json")
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(`{"date":"2030-01-01","models":{"test-model":{"input":1000000,"cached_input":0,"output":2}}}`), 0o600))
	o = runCLI(t, "", askArgs(server, "q", "--stats")...)
	require.Contains(t, o.err, "cost: $6.000006 (price of 2030-01-01)\n")
}

// TestPromptAsksForUsage checks that servers other than Groq's are asked for
// the tokens, if they are to be shown.
func TestPromptAsksForUsage(t *testing.T) {
	newHome(t)
	for _, c := range []struct {
		args  []string
		asked bool
	}{
		{[]string{"--base-url", "http://localhost:8080/v1", "--stats"}, true},
		{[]string{"--base-url", "http://localhost:8080/v1", "--json"}, true},
		{[]string{"--base-url", "http://localhost:8080/v1", "--json", "--no-stream"}, false},
		{[]string{"--base-url", "http://localhost:8080/v1"}, false},
		{[]string{"--base-url", "https://api.groq.com/openai/v1", "--stats"}, false},
		{[]string{"--stats"}, false},
	} {
		o := runCLI(t, "", append([]string{"prompt", "q", "-m", "m", "--dry-run"}, c.args...)...)
		require.Zero(t, o.code, o.err)
		require.Equal(t, c.asked, strings.Contains(o.out, `"include_usage": true`), "%q", c.args)
	}
}

func TestPromptDryRun(t *testing.T) {
	newHome(t)
	t.Setenv("GROQ_CUSTOM_HEADERS", "X-Team: blue\nX-Team-Token: "+canary)
	o := runCLI(t, "", "prompt", "Why?", "-s", "Be brief.", "-m", "openai/gpt-oss-20b", "--temp", "0", "--dry-run")
	require.Zero(t, o.code)
	require.Empty(t, o.err)
	golden, err := os.ReadFile("testdata/dry-run.json")
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(string(golden), "VERSION", buildVersion()), o.out)
	require.NoFileExists(t, historyPath(t), "a dry run keeps nothing")
}

func TestPromptErrors(t *testing.T) {
	newHome(t)
	server := serveGroq(t, func(x *groqtest.Exchange) {
		if strings.Contains(x.Body, "call") {
			x.Answer(400, "application/json", `{"error":{"message":"bad call","code":"tool_use_failed","failed_generation":"<function=a\u0007>"}}`)
			return
		}
		x.Answer(404, "application/json", `{"error":{"message":"no\u001b[2J such","code":"model_not_found"}}`)
	})
	o := runCLI(t, "", askArgs(server, "q")...)
	require.Equal(t, exitRefused, o.code)
	require.Contains(t, o.err, "model_not_found: no[2J such")
	require.NotContains(t, o.err, "\x1b", "a server cannot drive the terminal")
	o = runCLI(t, "", askArgs(server, "call")...)
	require.Equal(t, exitRefused, o.code)
	require.Contains(t, o.err, "\nfailed_generation: <function=a>\n")

	t.Setenv("GROQ_API_KEY", "gsk_wrong")
	o = runCLI(t, "", askArgs(server, "q")...)
	require.Equal(t, exitKey, o.code)
	require.NotContains(t, o.err, "gsk_wrong")
	require.Contains(t, o.err, "[redacted]")
	t.Setenv("GROQ_API_KEY", "")
	o = runCLI(t, "", "prompt", "q", "-m", "m")
	require.Equal(t, result{exitKey, "", "lpuctl: no API key: set GROQ_API_KEY, or run `lpuctl login`\n"}, o)
	require.Empty(t, runCLI(t, "", "conversations", "list").out, "failures are not kept")
}

func TestPromptNetworkError(t *testing.T) {
	newHome(t)
	o := runCLI(t, "", "prompt", "q", "-m", "m", "--base-url", "http://127.0.0.1:1", "--max-retries", "0")
	require.Equal(t, exitNetwork, o.code)
	require.Contains(t, o.err, "127.0.0.1:1")
	silent := serveGroq(t, func(x *groqtest.Exchange) { <-x.R.Context().Done() })
	o = runCLI(t, "", askArgs(silent, "q", "--timeout", "50ms", "--max-retries", "0")...)
	require.Equal(t, exitNetwork, o.code)
}

// TestPromptInterrupted cancels the command in the middle of an answer.
func TestPromptInterrupted(t *testing.T) {
	newHome(t)
	ctx, cancel := context.WithCancel(t.Context())
	server := serveGroq(t, func(x *groqtest.Exchange) {
		x.SSE()
		x.Send(groqtest.Frames(groqtest.Chunk("so far")))
		<-x.R.Context().Done()
	})
	r, w := io.Pipe()
	go func() {
		buf := make([]byte, 100)
		for {
			if _, err := r.Read(buf); err != nil {
				return
			}
			cancel() // once the text is there
		}
	}()
	var stderr strings.Builder
	code := execute(ctx, askArgs(server, "q"), streams{in: strings.NewReader(""), out: w, err: &stderr})
	w.Close()
	require.Equal(t, exitInterrupted, code)
	require.Equal(t, "lpuctl: interrupted\n", stderr.String())
	o := runCLI(t, "", "conversations", "export")
	require.Contains(t, o.out, `"text":"so far","model":"test-model","partial":true`)
}

// TestPromptInterruptedWhileWaiting cancels the command during the wait of a
// rate limit.
func TestPromptInterruptedWhileWaiting(t *testing.T) {
	newHome(t)
	ctx, cancel := context.WithCancel(t.Context())
	server := serveGroq(t, func(x *groqtest.Exchange) {
		x.W.Header().Set("Retry-After", "50")
		x.Error(429, "tokens", "rate_limit_exceeded", "wait")
	})
	stderr := &onWrite{do: cancel} // the wait is told when it begins
	var out strings.Builder
	code := execute(ctx, askArgs(server, "q"), streams{in: strings.NewReader(""), out: &out, err: stderr})
	require.Equal(t, exitInterrupted, code)
	require.Contains(t, stderr.String(), "wait=50s")
	require.True(t, strings.HasSuffix(stderr.String(), "\nlpuctl: interrupted\n"), stderr.String())
	require.Empty(t, out.String())
	require.Equal(t, 1, server.Requests())
	require.Empty(t, listed(t), "a question without an answer is not kept")
}

// onWrite keeps what is written and does something each time.
type onWrite struct {
	text strings.Builder
	do   func()
}

func (w *onWrite) Write(p []byte) (int, error) {
	w.do()
	return w.text.Write(p)
}

func (w *onWrite) String() string { return w.text.String() }

func TestPromptTokenLimit(t *testing.T) {
	newHome(t)
	server := serveGroq(t, func(x *groqtest.Exchange) {
		x.SSE()
		x.Send(groqtest.Frames(groqtest.Chunk("cut"), `{"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}`, "[DONE]"))
	})
	o := runCLI(t, "", askArgs(server, "q")...)
	require.Equal(t, result{0, "cut\n", "level=WARN msg=\"the answer ends at the limit of tokens\"\n"}, o)
}

func TestThoughts(t *testing.T) {
	for text, want := range map[string][2]string{
		"":                              {"", ""},
		"plain":                         {"", "plain"},
		"<thin":                         {"", "<thin"},
		"<thing>":                       {"", "<thing>"},
		" \n<think>a</think>\n\nb":      {"a", "b"},
		"<think>a</thi":                 {"a</thi", ""},
		"<think>a < b</think>c</think>": {"a < b", "c</think>"},
		"a<think>b</think>":             {"", "a<think>b</think>"},
		"<think></think>":               {"", ""},
	} {
		for size := 1; size <= len(text)+1; size++ {
			require.Equal(t, want, inPieces(text, size), "%q in pieces of %d", text, size)
		}
	}
}

// inPieces splits a text that comes in pieces of the size.
func inPieces(text string, size int) (got [2]string) {
	var th thoughts
	add := func(reasoning, answer string) { got[0] += reasoning; got[1] += answer }
	for text != "" {
		n := min(size, len(text))
		add(th.split(text[:n]))
		text = text[n:]
	}
	add(th.rest())
	return got
}

// FuzzThoughts holds pieces of every size against a text that comes at once, as
// a regular expression takes it apart.
func FuzzThoughts(f *testing.F) {
	f.Add("<think>a</think>\n\nb", 1)
	f.Add(" <think>a</thi", 4)
	f.Add("<thin", 2)
	whole := regexp.MustCompile(`(?s)^[ \t\r\n]*<think>(.*?)(</think>[\r\n]*(.*))?$`)
	f.Fuzz(func(t *testing.T, text string, size int) {
		if !utf8.ValidString(text) { // regular expressions do not keep bytes that are no text
			return
		}
		want := [2]string{"", text}
		if m := whole.FindStringSubmatch(text); m != nil {
			want = [2]string{m[1], m[3]}
		}
		require.Equal(t, want, inPieces(text, max(size, 1)))
	})
}

// FuzzReadTools reads damaged lists of tools: an error, or tools with a type.
func FuzzReadTools(f *testing.F) {
	f.Add([]byte(`[{"name":"a","parameters":{}},{"type":"x","y":1}]`))
	f.Add([]byte(`[null]`))
	f.Add([]byte(`[{"type":7}]`))
	path := filepath.Join(f.TempDir(), "tools.json")
	f.Fuzz(func(t *testing.T, data []byte) {
		require.NoError(t, os.WriteFile(path, data, 0o600))
		tools, err := readTools(path)
		if err != nil {
			require.Equal(t, exitUsage, exitCode(err))
			require.Nil(t, tools)
			return
		}
		for _, tool := range tools {
			require.NotEmpty(t, tool.Type)
		}
	})
}
