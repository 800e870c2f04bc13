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
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level, ReplaceAttr: withoutTime}))
}

// withoutTime drops the time of a log record.
func withoutTime(groups []string, attr slog.Attr) slog.Attr {
	if len(groups) == 0 && attr.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return attr
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
		fmt.Fprintf(s.err, "lpuctl: %s\n", errorText(err))
		explain(s.err, err)
	}
	return code
}

// errorText is an error as the user reads it. That a call was interrupted
// needs no details; a verb that has something to add wraps the error.
func errorText(err error) string {
	if err == context.Canceled || groqExit(err) == exitInterrupted {
		return "interrupted"
	}
	return printable(err.Error())
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "lpuctl",
		Short:         "Take a checkpoint of the Llama family to MLIR and prove that it arrived intact",
		SilenceErrors: true,
		SilenceUsage:  true,
		// Arguments and flags have been checked when this runs.
		PersistentPreRun: func(*cobra.Command, []string) { a.started = true },
	}
	root.PersistentFlags().BoolVarP(&a.verbose, "verbose", "v", false, "debug logs on stderr")
	root.PersistentFlags().BoolVar(&a.quiet, "quiet", false, "errors only on stderr, no progress")
	root.AddCommand(
		newDemo(a), newInspect(a), newConvert(a), newEmit(a), newRun(a), newChat(a), newLogits(a), newTokenize(a),
		newRender(a), newValidate(a), newEval(a),
		newDoctor(a), newVersion(a),
		newPrompt(a), newConversations(a), newModels(a), newLogin(a), newConfig(a),
		newEmbed(a), newTranscribe(a), newSpeak(a), newFiles(a), newBatch(a),
	)
	return root
}
