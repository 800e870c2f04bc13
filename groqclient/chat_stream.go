package groqclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// A ChatStream is a streamed completion. The request is sent when the loop
// over Chunks or Text begins; leaving the loop closes the connection.
type ChatStream struct {
	t    *transport
	ctx  context.Context
	req  *ChatRequest
	acc  Accumulator
	doc  *ChatResponse // the reply, if it was one document
	meta Meta
	used bool
}

// ChatStream prepares a streamed completion. There is no limit on its whole
// time; ctx ends it, and so does silence longer than [WithIdleTimeout].
//
//	stream := client.ChatStream(ctx, req)
//	for text, err := range stream.Text() {
//		if err != nil {
//			return err
//		}
//		fmt.Print(text)
//	}
func (c *Client) ChatStream(ctx context.Context, req *ChatRequest) *ChatStream {
	return &ChatStream{t: c.t, ctx: ctx, req: req}
}

// WithoutText makes the stream forget what it has given, for streams that are
// larger than memory: Response then has no text and no tool calls.
func (s *ChatStream) WithoutText() *ChatStream {
	s.acc.discard = true
	return s
}

// Response is the completion as far as it has come; after the loop, all of it.
func (s *ChatStream) Response() *ChatResponse {
	r := s.acc.Response()
	if s.doc != nil {
		*r = *s.doc
	}
	r.Meta = s.meta
	return r
}

// Meta is what the headers of the reply said.
func (s *ChatStream) Meta() Meta { return s.meta }

// Timings are the times of the stream as the caller saw them.
func (s *ChatStream) Timings() Timings { return s.acc.Timings() }

// Chunks sends the request and gives the chunks as they come. An error ends
// the loop: *[APIError], *[RateLimitError] or *[TransportError] before the
// first byte, *[StreamError] after it. A loop that ends without one has seen
// the whole completion.
func (s *ChatStream) Chunks() iter.Seq2[*ChatChunk, error] { return once(&s.used, s.run) }

// Text is Chunks reduced to the content of the first choice.
func (s *ChatStream) Text() iter.Seq2[string, error] { return texts(s.Chunks(), (*ChatChunk).Text) }

// run gives the chunks to yield until the stream ends (nil or an error) or
// yield has enough (nil).
func (s *ChatStream) run(yield func(*ChatChunk) bool) error {
	k, err := s.t.chatCall(s.req, true)
	if err != nil {
		return err
	}
	s.acc.Start()
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
			return s.ended(err)
		}
		if bytes.HasPrefix(ev.data, []byte("[DONE]")) {
			r.body.drain()
			return s.done()
		}
		if more, err := s.take(k, ev, yield); err != nil || !more {
			return err
		}
	}
}

// take handles one event.
func (s *ChatStream) take(k call, ev event, yield func(*ChatChunk) bool) (more bool, err error) {
	if len(ev.data) == 0 {
		return true, nil
	}
	if ev.name == "error" {
		return false, s.stopped(k, ev.data)
	}
	chunk := new(ChatChunk)
	if err := json.Unmarshal(ev.data, chunk); err != nil {
		err = fmt.Errorf("a chunk is not a completion chunk: %w: %s", err, s.t.redact.string(snippet(ev.data)))
		return false, s.fail(&StreamError{Err: err})
	}
	if isSet(chunk.Extra["error"]) {
		return false, s.stopped(k, ev.data)
	}
	s.acc.Add(chunk)
	if !yield(chunk) {
		return false, nil
	}
	if chunk.XGroq != nil && chunk.XGroq.Error != "" {
		api := &APIError{Meta: s.meta, Method: k.method, URL: k.url, Message: string(chunk.XGroq.Error)}
		return false, s.fail(&StreamError{Err: ErrStreamStopped, API: s.t.redact.apiError(api)})
	}
	return true, nil
}

// stopped is the error for an error event or an error object in the stream.
func (s *ChatStream) stopped(k call, data []byte) error {
	return s.fail(&StreamError{Err: ErrStreamStopped, API: s.t.streamAPIError(k, s.meta, data)})
}

// ended judges the end of the bytes without [DONE].
func (s *ChatStream) ended(err error) error {
	if err == io.EOF && s.acc.complete() {
		return nil
	}
	return s.fail(endOfStream(err))
}

// done judges [DONE]: it ends a completion, but not nothing.
func (s *ChatStream) done() error {
	if len(s.acc.choices) == 0 {
		return s.fail(&StreamError{Err: ErrStreamTruncated, Cause: errors.New("[DONE] without any choice")})
	}
	return nil
}

// whole handles a reply that is one JSON document: a server or gateway that
// does not stream. A completion is given as a single chunk.
func (s *ChatStream) whole(k call, r *reply, yield func(*ChatChunk) bool) error {
	raw, err := io.ReadAll(io.LimitReader(r.body, int64(s.t.maxLine)))
	if err != nil {
		return s.fail(endOfStream(err))
	}
	resp := new(ChatResponse)
	if json.Unmarshal(raw, resp) != nil || len(resp.Choices) == 0 {
		api := s.t.streamAPIError(k, r.meta, raw)
		return s.fail(&StreamError{Err: ErrNotStream, API: api})
	}
	s.doc = resp
	chunk := resp.asChunk()
	s.acc.Add(chunk)
	yield(chunk)
	return nil
}

// asChunk turns a completion into the one chunk that says all of it.
func (r *ChatResponse) asChunk() *ChatChunk {
	c := &ChatChunk{
		ID: r.ID, Object: "chat.completion.chunk", Created: r.Created, Model: r.Model,
		SystemFingerprint: r.SystemFingerprint, ServiceTier: r.ServiceTier, Usage: r.Usage, Extra: r.Extra,
	}
	if r.XGroq != nil {
		c.XGroq = &StreamXGroq{ID: r.XGroq.ID, Seed: r.XGroq.Seed, Debug: r.XGroq.Debug, UsageBreakdown: r.UsageBreakdown}
	}
	for _, choice := range r.Choices {
		c.Choices = append(c.Choices, choice.asChunk())
	}
	return c
}

func (c Choice) asChunk() ChunkChoice {
	m := c.Message
	d := Delta{
		Role: m.Role, Content: m.Content, Reasoning: m.Reasoning, FunctionCall: m.FunctionCall,
		ExecutedTools: m.ExecutedTools, Annotations: m.Annotations, Extra: m.Extra,
	}
	for i, call := range m.ToolCalls {
		d.ToolCalls = append(d.ToolCalls, ToolCallDelta{Index: i, ID: call.ID, Type: call.Type, Function: call.Function})
	}
	return ChunkChoice{Index: c.Index, Delta: d, FinishReason: c.FinishReason, Logprobs: c.Logprobs, Extra: c.Extra}
}

// fail adds to e what the stream has given so far.
func (s *ChatStream) fail(e *StreamError) error {
	e.Cause = s.t.redact.error(e.Cause)
	e.Partial = s.Response()
	e.RequestID = s.meta.RequestID
	if e.RequestID == "" {
		e.RequestID = e.Partial.GroqID()
	}
	return e
}
