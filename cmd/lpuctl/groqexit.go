package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode"

	"github.com/lpuctl/lpuctl/groqclient"
)

// groqExit is the exit code for an error of the API, 0 if err is none.
func groqExit(err error) int {
	var broken *groqclient.StreamError
	var transport *groqclient.TransportError
	var limit *groqclient.RateLimitError
	var api *groqclient.APIError
	switch {
	case errors.As(err, &broken):
		return streamExit(broken)
	case errors.As(err, &transport):
		return transportExit(transport.Err)
	case errors.As(err, &limit):
		return exitLimit
	case errors.As(err, &api):
		return statusExit(api.StatusCode)
	}
	return exitOK
}

// streamExit tells how a stream broke off.
func streamExit(e *groqclient.StreamError) int {
	switch {
	case errors.Is(e.Err, groqclient.ErrNotStream):
		return exitError
	case errors.Is(e.Err, groqclient.ErrIdleTimeout), isContext(e.Err):
		return transportExit(e.Err)
	}
	return exitStream
}

// transportExit tells an interruption from a network that fails.
func transportExit(err error) int {
	if errors.Is(err, context.Canceled) {
		return exitInterrupted
	}
	return exitNetwork
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func statusExit(status int) int {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return exitKey
	case status >= 500:
		return exitServer
	case status >= 400:
		return exitRefused
	}
	return exitError
}

// explain prints what an error of the API has beyond its text: what the model
// wrote when the API refused it.
func explain(w io.Writer, err error) {
	var api *groqclient.APIError
	if errors.As(err, &api) && api.FailedGeneration != "" {
		fmt.Fprintf(w, "failed_generation: %s\n", printable(api.FailedGeneration))
	}
}

// printable drops the control characters of a text that someone else wrote,
// line feeds and tabs excepted: they could drive the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}
