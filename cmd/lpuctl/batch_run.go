package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/internal/batch"
)

// batchRunFlags are those of `lpuctl batch run`.
type batchRunFlags struct {
	groqFlags
	batch.Options
	json bool
}

func newBatchRun(a *app) *cobra.Command {
	var f batchRunFlags
	cmd := &cobra.Command{
		Use:   "run INPUT -o OUTPUT",
		Short: "Send the requests of a file from here and keep every answer",
		Long: `Send the requests of a file from here and keep every answer.

An answer is on disk before it counts. Whatever ends a run, the same command goes on where it was, and sends no finished
line again. Answers are in the form of Groq's batch outputs, in the order in which they came: join on custom_id. Lines
that failed go to OUTPUT with .errors.jsonl for .jsonl, and are sent again by the next run as --retry-failed says.

Requests go as fast as the rate limits allow that the server states. Ctrl-C stops sending and waits for what is under
way; a second one does not wait. The exit code is 16 if lines failed, 130 after Ctrl-C.`,
		Example: `  lpuctl batch run requests.jsonl -o results.jsonl
  lpuctl batch run requests.jsonl -o results.jsonl --concurrency 32 --max-wait 24h
  lpuctl batch run requests.jsonl -o results.jsonl --retry-failed all --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.Input = args[0]
			return a.batchRun(cmd, &f)
		},
	}
	f.register(cmd)
	setDefault(cmd, "max-retries", "5")
	setDefault(cmd, "max-wait", "1h0m0s")
	flags := cmd.Flags()
	flags.StringVarP(&f.Output, "output", "o", "", "`file` of answers, new or of an earlier run")
	flags.IntVarP(&f.Concurrency, "concurrency", "j", 8, "`number` of requests in flight at most")
	flags.StringVar(&f.Retry, "retry-failed", batch.RetryTransient, "failed lines of earlier runs to send again: transient (server errors, no answer), all or none")
	flags.BoolVar(&f.json, "json", false, "print one JSON object with the counts")
	complete(cmd, "retry-failed", []string{batch.RetryTransient, batch.RetryAll, batch.RetryNone})
	return cmd
}

// setDefault gives a flag that is shared another default.
func setDefault(cmd *cobra.Command, name, value string) {
	flag := cmd.PersistentFlags().Lookup(name)
	flag.DefValue = value
	if err := flag.Value.Set(value); err != nil {
		panic(err) // not a value of the flag: a bug of ours
	}
}

func (a *app) batchRun(cmd *cobra.Command, f *batchRunFlags) error {
	if f.Output == "" {
		return usagef("no output: give -o FILE")
	}
	f.noRetries = true // they are paced with the rest
	return a.withClient(cmd, &f.groqFlags, func(c *groqclient.Client) error {
		f.MaxRetries, f.MaxWait, f.Logger = f.maxRetries, f.maxWait, a.log()
		if err := f.Check(); err != nil {
			return usagef("%w", err)
		}
		job, err := batch.Open(f.Options)
		if err != nil {
			return err
		}
		err = a.runJob(cmd.Context(), c, job)
		return errors.Join(a.endJob(job, f, err), job.Close())
	})
}

// runJob runs the job with a progress bar.
func (a *app) runJob(ctx context.Context, c *groqclient.Client, job *batch.Job) error {
	add, done := a.progress(int64(job.Summary().Remaining), "requests", false)
	defer done()
	return job.Run(ctx, c, func(n int) { add(int64(n)) })
}

// batchRan is what `lpuctl batch run --json` prints.
type batchRan struct {
	Input  string `json:"input"`
	Output string `json:"output"`
	Errors string `json:"errors"` // exists if lines failed
	batch.Summary
}

// endJob prints the counts and puts the end of the job into an exit code.
func (a *app) endJob(job *batch.Job, f *batchRunFlags, err error) error {
	s := job.Summary()
	if err := a.printJob(f, s); err != nil {
		return err
	}
	var wait *batch.WaitError
	switch {
	case errors.As(err, &wait):
		return &codedError{exitLimit, fmt.Errorf("%w; --max-wait allows %v", err, f.MaxWait)}
	case errors.Is(err, context.Canceled):
		return &codedError{exitInterrupted, errors.New("interrupted: the same command goes on")}
	case err == nil && s.Failed > 0:
		return &codedError{exitBatchFailed, fmt.Errorf("failed lines: %d, see %s", s.Failed, batch.ErrorsPath(f.Output))}
	}
	return err
}

func (a *app) printJob(f *batchRunFlags, s batch.Summary) error {
	if f.json {
		return writeJSON(a.out, batchRan{f.Input, f.Output, batch.ErrorsPath(f.Output), s})
	}
	_, err := fmt.Fprintf(a.out, "%d lines: %d succeeded, %d failed, %d remaining\n", s.Total, s.Succeeded, s.Failed, s.Remaining)
	return err
}
