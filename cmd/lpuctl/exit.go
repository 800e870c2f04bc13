package main

import (
	"context"
	"errors"
	"fmt"
)

// Exit codes of the whole binary; docs/cli.md has the table.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitDiffer      = 3 // numbers differ, or a proof failed
	exitToolMissing = 4
	exitKey         = 10 // API key missing or refused
	exitLimit       = 11 // rate limit or capacity
	exitRefused     = 12 // request refused
	exitServer      = 13 // server error
	exitNetwork     = 14 // network, or a timeout
	exitStream      = 15 // stream cut short
	exitBatchFailed = 16 // batch finished with failed lines
	exitInterrupted = 130
)

// codedError pairs an error with the code that the process ends with. A nil
// err means that everything worth saying has been printed already.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *codedError) Unwrap() error { return e.err }

// usagef is an error in how the command was called: exit code 2.
func usagef(format string, args ...any) error {
	return &codedError{exitUsage, fmt.Errorf(format, args...)}
}

// exitCode maps the error of a verb to the code of the process.
func exitCode(err error) int {
	var coded *codedError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &coded):
		return coded.code
	case groqExit(err) != exitOK:
		return groqExit(err)
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitError
}
