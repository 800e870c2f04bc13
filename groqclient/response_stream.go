package groqclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
)

// Types of the events that most callers look at.
const (
	EventCreated        = "response.created"
	EventInProgress     = "response.in_progress"
	EventItemAdded      = "response.output_item.added"
	EventItemDone       = "response.output_item.done"
	EventPartAdded      = "response.content_part.added"
	EventPartDone       = "response.content_part.done"
	EventTextDelta      = "response.output_text.delta"
	EventTextDone       = "response.output_text.done"
	EventReasoningDelta = "response.reasoning_text.delta"
	EventReasoningDone  = "response.reasoning_text.done"
	EventArgumentsDelta = "response.function_call_arguments.delta"
	EventArgumentsDone  = "response.function_call_arguments.done"
	EventCompleted      = "response.completed"
	EventFailed         = "response.failed"
	EventIncomplete     = "response.incomplete"
)

// A ResponseEvent is one event of a streamed response. Type says which of the
// other fields it has.
type ResponseEvent struct {
	Type           string        `json:"type"`
	SequenceNumber int64         `json:"sequence_number,omitempty"`
	Response       *Response     `json:"response,omitempty"` // created, in_progress and the three ends
	OutputIndex    int           `json:"output_index,omitempty"`
	ContentIndex   int           `json:"content_index,omitempty"`
	ItemID         string        `json:"item_id,omitempty"`
	Item           *ResponseItem `json:"item,omitempty"`
	Part           *ResponsePart `json:"part,omitempty"`
	Delta          string        `json:"delta,omitempty"`
	Text           string        `json:"text,omitempty"`
	Arguments      string        `json:"arguments,omitempty"`
	Extra          Extra         `json:"-"`
}

// end reports the events after which nothing comes.
func (e *ResponseEvent) end() bool {
	return slices.Contains([]string{EventCompleted, EventFailed, EventIncomplete}, e.Type)
}

// text is what the event adds to the text of the messages.
func (e *ResponseEvent) text() string {
	if e.Type != EventTextDelta {
		return ""
	}
	return e.Delta
}

// A ResponseStream is a streamed response. The request is sent when the loop
// over Events begins; leaving the loop closes the connection.
type ResponseStream struct {
	t     *transport
	ctx   context.Context
	req   *ResponseRequest
	meta  Meta
	last  *Response // as the latest event that has one states it
	items []ResponseItem
	text  strings.Builder // since the latest item was done
	used  bool
}

// RespondStream prepares a streamed response.
func (c *Client) RespondStream(ctx context.Context, req *ResponseRequest) *ResponseStream {
	return &ResponseStream{t: c.t, ctx: ctx, req: req}
}

// Response is the response as the latest event stated it. Until its end that is
// without output: then the items that are done stand there, and the text that
// has come of the next one.
func (s *ResponseStream) Response() *Response {
	r := Response{Status: ResponseInProgress}
	if s.last != nil {
		r = *s.last
	}
	if len(r.Output) == 0 {
		r.Output = slices.Clone(s.items)
		if s.text.Len() > 0 {
			r.Output = append(r.Output, begunMessage(s.text.String()))
		}
	}
	r.Meta = s.meta
	return &r
}

// begunMessage is a message of which only the text is known.
func begunMessage(text string) ResponseItem {
	part := ResponsePart{Type: "output_text", Text: text}
	return ResponseItem{
		Type: ItemMessage, Role: RoleAssistant, Status: ResponseIncomplete,
		Content: ResponseItemContent{parts: []ResponsePart{part}},
	}
}

// Meta is what the headers of the reply said.
func (s *ResponseStream) Meta() Meta { return s.meta }

// Events sends the request and gives the events as they come. An error ends
// the loop: *[APIError], *[RateLimitError] or *[TransportError] before the
// first byte, *[StreamError] after it. A stream that ends without one of the
// events EventCompleted, EventFailed and EventIncomplete was truncated.
func (s *ResponseStream) Events() iter.Seq2[*ResponseEvent, error] { return once(&s.used, s.run) }

// Text is Events reduced to the text of the messages.
func (s *ResponseStream) Text() iter.Seq2[string, error] {
	return texts(s.Events(), (*ResponseEvent).text)
}

func (s *ResponseStream) run(yield func(*ResponseEvent) bool) error {
	if err := s.req.check(); err != nil {
		return err
	}
	k, err := s.t.streamCall(responsesPath, s.req)
	if err != nil {
		return err
	}
	r, err := s.t.do(s.ctx, k)
	if err != nil {
		s.meta = metaOf(err)
		return err
	}
	defer r.body.Close()
	s.meta = r.meta
	if !isEventStream(r.contentType) {
		return s.whole(k, r, yield)
	}
	events := newEventReader(r.body, s.t.maxLine)
	for {
		ev, err := events.next()
		if err != nil {
			return s.fail(endOfStream(err))
		}
		more, err := s.take(k, ev, yield)
		if err != nil || !more {
			return err
		}
	}
}

// take handles one event.
func (s *ResponseStream) take(k call, ev event, yield func(*ResponseEvent) bool) (more bool, err error) {
	if len(ev.data) == 0 {
		return true, nil
	}
	if bytes.HasPrefix(ev.data, []byte("[DONE]")) { // not before the end has been said
		return false, s.fail(&StreamError{Err: ErrStreamTruncated, Cause: errors.New("[DONE] without an end of the response")})
	}
	e := new(ResponseEvent)
	err = json.Unmarshal(ev.data, e)
	if e.Type == "" {
		e.Type = ev.name
	}
	if e.Type == "error" || err == nil && isSet(e.Extra["error"]) {
		return false, s.fail(&StreamError{Err: ErrStreamStopped, API: s.t.streamAPIError(k, s.meta, ev.data)})
	}
	if err != nil {
		err = fmt.Errorf("an event is not a response event: %w: %s", err, s.t.redact.string(snippet(ev.data)))
		return false, s.fail(&StreamError{Err: err})
	}
	s.keep(e)
	return yield(e) && !e.end(), nil
}

func isSet(raw json.RawMessage) bool { return raw != nil && string(raw) != "null" }

func (s *ResponseStream) keep(e *ResponseEvent) {
	if e.Response != nil {
		s.last = e.Response
	}
	if e.Type == EventItemDone && e.Item != nil {
		s.items = append(s.items, *e.Item)
		s.text.Reset()
	}
	s.text.WriteString(e.text())
}

// whole handles a reply that is one JSON document: the response is given as
// its text and the event that ends it.
func (s *ResponseStream) whole(k call, r *reply, yield func(*ResponseEvent) bool) error {
	raw, err := io.ReadAll(io.LimitReader(r.body, int64(s.t.maxLine)))
	if err != nil {
		return s.fail(endOfStream(err))
	}
	resp := new(Response)
	if json.Unmarshal(raw, resp) != nil || resp.Status == "" {
		return s.fail(&StreamError{Err: ErrNotStream, API: s.t.streamAPIError(k, r.meta, raw)})
	}
	end := &ResponseEvent{Type: "response." + resp.Status, Response: resp}
	s.keep(end)
	if text := resp.OutputText(); text == "" || yield(&ResponseEvent{Type: EventTextDelta, Delta: text}) {
		yield(end)
	}
	return nil
}

// fail adds to e what the stream has given so far.
func (s *ResponseStream) fail(e *StreamError) error {
	e.Cause = s.t.redact.error(e.Cause)
	e.RequestID = s.meta.RequestID
	e.PartialResponse = s.Response()
	return e
}
