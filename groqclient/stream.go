package groqclient

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"mime"
)

// errStreamUsed is given by a second loop over the same stream.
var errStreamUsed = errors.New("groqclient: a stream can be read only once")

// once gives what run gives, and its error last. It sets used.
func once[T any](used *bool, run func(yield func(T) bool) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		if *used {
			yield(zero, errStreamUsed)
			return
		}
		*used = true
		if err := run(func(v T) bool { return yield(v, nil) }); err != nil {
			yield(zero, err)
		}
	}
}

// texts gives the texts of a stream that are not empty.
func texts[T any](stream iter.Seq2[T, error], text func(T) string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for v, err := range stream {
			if err != nil {
				yield("", err)
				return
			}
			if s := text(v); s != "" && !yield(s, nil) {
				return
			}
		}
	}
}

// isEventStream accepts a missing type too: it says nothing else.
func isEventStream(contentType string) bool {
	kind, _, _ := mime.ParseMediaType(contentType)
	return kind == "" || kind == "text/event-stream"
}

// streamAPIError reads the data of an error event, whatever its form.
func (t *transport) streamAPIError(k call, meta Meta, data []byte) *APIError {
	e := newAPIError(k, meta, bytes.Clone(data))
	if e.Message == "" {
		e.Message = snippet(data)
	}
	return t.redact.apiError(e)
}

// endOfStream tells truncation from silence, cancellation and limits.
func endOfStream(err error) *StreamError {
	for _, kind := range []error{ErrIdleTimeout, ErrLineTooLong, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, kind) {
			return &StreamError{Err: err}
		}
	}
	if err == io.EOF {
		return &StreamError{Err: ErrStreamTruncated}
	}
	return &StreamError{Err: ErrStreamTruncated, Cause: err}
}
