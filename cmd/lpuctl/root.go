package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"
)

// streams are the standard streams, replaced in tests.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// app is what every verb shares: the streams and the persistent flags.
type app struct {
	streams
	verbose, quiet bool
	started        bool // the command line was understood and its verb runs
}

// log returns the logger of -v and --quiet; it writes to stderr.
func (a *app) log() *slog.Logger {
	level := slog.LevelWarn
	switch {
	case a.verbose:
		level = slog.LevelDebug
	case a.quiet:
		level = slog.LevelError
	}
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level}))
}

// execute runs one command line and returns the exit code of the process.
func execute(ctx context.Context, args []string, s streams) int {
	a := &app{streams: s}
	root := newRoot(a)
	root.SetArgs(args)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	err := root.ExecuteContext(ctx)
	if err != nil && !a.started {
		err = usagef("%w", err)
	}
	code := exitCode(err)
	var coded *codedError
	if err != nil && !(errors.As(err, &coded) && coded.err == nil) {
		fmt.Fprintf(s.err, "lpuctl: %v\n", err)
	}
	return code
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "lpuctl",
		Short:         "Take a Llama-family checkpoint to Groq's LPU and prove that it arrived intact",
		SilenceErrors: true,
		SilenceUsage:  true,
		// Arguments and flags have been checked when this runs.
		PersistentPreRun: func(*cobra.Command, []string) { a.started = true },
	}
	root.PersistentFlags().BoolVarP(&a.verbose, "verbose", "v", false, "debug logs on stderr")
	root.PersistentFlags().BoolVar(&a.quiet, "quiet", false, "errors only on stderr, no progress")
	root.AddCommand(
		newDemo(a), newInspect(a), newConvert(a), newEmit(a), newRun(a), newLogits(a), newTokenize(a), newValidate(a), newEval(a),
		newDoctor(a), newVersion(a),
	)
	return root
}
