package groqclient_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/groqclient/groqtest"
)

const (
	created   = `{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","status":"in_progress","output":[]}}`
	textDelta = `{"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":"hi","logprobs":[]}`
	itemDone  = `{"type":"response.output_item.done","item":{"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"hi"}]}}`
	completed = `{"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[{"type":"message","id":"msg_1",` +
		`"role":"assistant","content":[{"type":"output_text","text":"hi","annotations":[]}]}],"usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3}}}`
)

func TestRespond(t *testing.T) {
	client, rec := serve(t, nil, answer(200, `{"id":"resp_1","status":"completed","new":1,"output":[
		{"type":"reasoning","id":"r","summary":[]},
		{"type":"function_call","id":"f","call_id":"c","name":"add","arguments":"{}"},
		{"type":"message","id":"m","role":"assistant","content":[{"type":"output_text","text":"hi","annotations":[]}]}],
		"error":null,"previous_response_id":null,"tool_choice":"auto"}`, "X-Request-Id", "req_1"))
	req := &groqclient.ResponseRequest{
		Model: "m",
		Input: groqclient.InputItems(groqclient.InputMessage("user", "hello"), groqclient.FunctionOutput("c", "")),
		Tools: []groqclient.ResponseTool{{Type: "function", Name: "add", Parameters: json.RawMessage(`{"type":"object"}`)}},
	}
	r, err := client.Respond(t.Context(), req)
	require.NoError(t, err)
	require.JSONEq(t, `{"model":"m","input":[{"role":"user","content":"hello"},{"type":"function_call_output","call_id":"c","output":""}],
		"tools":[{"type":"function","name":"add","parameters":{"type":"object"}}]}`, rec.last().body)
	require.Equal(t, "hi", r.OutputText())
	require.Equal(t, "add", r.Output[1].Name)
	require.Equal(t, "auto", r.ToolChoice.Mode)
	require.True(t, r.PreviousResponseID.IsNull())
	require.Equal(t, "req_1", r.Meta.RequestID)
	require.Contains(t, r.Extra, "new")
	_, err = client.Respond(t.Context(), &groqclient.ResponseRequest{Model: "m"})
	require.ErrorContains(t, err, "no input")
}

// respondStream reads a stream of exactly these bytes.
func respondStream(t *testing.T, stream string) ([]string, *groqclient.ResponseStream, error) {
	server := groqtest.StartHandler(func(x *groqtest.Exchange) {
		require.Contains(t, x.Body, `"stream":true`)
		x.SSE()
		x.Send(stream)
	})
	defer server.Close()
	client := newClient(t, server.URL)
	defer client.CloseIdleConnections()
	s := client.RespondStream(t.Context(), &groqclient.ResponseRequest{Model: "m", Input: groqclient.InputText("hello")})
	var types []string
	for e, err := range s.Events() {
		if err != nil {
			return types, s, err
		}
		types = append(types, e.Type)
	}
	return types, s, nil
}

func TestRespondStream(t *testing.T) {
	types, s, err := respondStream(t, "event: response.created\n"+groqtest.Frames(created, textDelta, itemDone, completed))
	require.NoError(t, err)
	require.Equal(t, []string{"response.created", "response.output_text.delta", "response.output_item.done", "response.completed"}, types)
	require.Equal(t, "hi", s.Response().OutputText())
	require.EqualValues(t, 3, s.Response().Usage.TotalTokens)
}

func TestRespondStreamBreaksOff(t *testing.T) {
	for stream, want := range map[string]error{
		groqtest.Frames(created, textDelta):                                                 groqclient.ErrStreamTruncated,
		groqtest.Frames(created, textDelta, itemDone, "[DONE]"):                             groqclient.ErrStreamTruncated,
		groqtest.Frames(created, textDelta, `{"type":"error","code":"c","message":"m"}`):    groqclient.ErrStreamStopped,
		groqtest.Frames(created, textDelta) + "event: error\ndata: {\"message\":\"m\"}\n\n": groqclient.ErrStreamStopped,
		groqtest.Frames(created, textDelta, `{"error":{"message":"m"}}`):                    groqclient.ErrStreamStopped,
	} {
		_, _, err := respondStream(t, stream)
		require.ErrorIs(t, err, want, stream)
		var broken *groqclient.StreamError
		require.ErrorAs(t, err, &broken)
		require.Equal(t, "hi", broken.PartialResponse.OutputText(), stream)
		require.Equal(t, "resp_1", broken.PartialResponse.ID)
	}
}

// TestRespondStreamPartial keeps what is done and what has begun.
func TestRespondStreamPartial(t *testing.T) {
	_, s, err := respondStream(t, groqtest.Frames(textDelta, itemDone, textDelta, textDelta))
	require.ErrorIs(t, err, groqclient.ErrStreamTruncated)
	require.Equal(t, "hihihi", s.Response().OutputText())
	require.Len(t, s.Response().Output, 2)
	require.Equal(t, groqclient.ResponseIncomplete, s.Response().Output[1].Status)
}

// TestRespondStreamFailed: a response that failed is an answer, told by events.
func TestRespondStreamFailed(t *testing.T) {
	types, s, err := respondStream(t, groqtest.Frames(created,
		`{"type":"response.failed","response":{"id":"resp_1","status":"failed","error":{"code":500,"message":"m"},"output":[]}}`))
	require.NoError(t, err)
	require.Equal(t, groqclient.EventFailed, types[len(types)-1])
	require.Equal(t, &groqclient.ResponseError{Code: "500", Message: "m"}, s.Response().Error)
}

// TestRespondStreamText reads the text of a stream and of a server that sends
// one document instead.
func TestRespondStreamText(t *testing.T) {
	for _, reply := range []func(*groqtest.Exchange){
		func(x *groqtest.Exchange) {
			x.SSE()
			x.Send(groqtest.Frames(created, textDelta, textDelta, itemDone, completed))
		},
		func(x *groqtest.Exchange) {
			x.Answer(200, "application/json", `{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"hihi"}]}]}`)
		},
	} {
		server := groqtest.StartHandler(reply)
		client := newClient(t, server.URL)
		text := ""
		s := client.RespondStream(t.Context(), &groqclient.ResponseRequest{Model: "m", Input: groqclient.InputText("hello")})
		for part, err := range s.Text() {
			require.NoError(t, err)
			text += part
		}
		require.Equal(t, "hihi", text)
		require.Equal(t, groqclient.ResponseCompleted, s.Response().Status)
		client.CloseIdleConnections()
		server.Close()
	}
}
