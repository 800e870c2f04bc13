package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/internal/batch"
)

// batchFlags are those of `lpuctl batch` and the verbs below it.
type batchFlags struct {
	groqFlags
	output, file, fileID, endpoint, window string
	metadata                               map[string]string
	every                                  time.Duration
	json                                   bool
}

func newBatch(a *app) *cobra.Command {
	var f batchFlags
	cmd := &cobra.Command{
		Use:   "batch",
		Short: "Work off a file of requests: on Groq's side at half the price, or from here",
		Long: `Work off a file of requests, one JSON object a line:

  {"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": {"model": ..., "messages": [...]}}

submit, status, wait, fetch and cancel let Groq do it within a day or more, at half the price. run sends the requests
from here, as fast as the rate limits allow, and can be interrupted and resumed at any time.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newBatchSubmit(a, &f), newBatchStatus(a, &f), newBatchWait(a, &f), newBatchFetch(a, &f), newBatchCancel(a, &f), newBatchRun(a))
	for _, c := range cmd.Commands() {
		if c.Name() != "run" { // has defaults of its own
			f.register(c)
		}
	}
	return cmd
}

func newBatchSubmit(a *app, f *batchFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "submit [FILE]",
		Short: "Upload a file of requests and start a batch; prints its id",
		Long: `Upload a file of requests and start a batch; prints its id. Every line is checked first. Creating a file or a batch is
not tried again when it may have arrived: look with ` + "`lpuctl files list` and `lpuctl batch status`" + `.`,
		Example: `  lpuctl batch submit requests.jsonl
  lpuctl batch submit requests.jsonl --window 7d --metadata run=12
  lpuctl batch submit --file-id file_01abc`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 1) == (f.fileID != "") {
				return usagef("give either FILE or --file-id")
			}
			return a.withOutput(cmd, &f.groqFlags, f.output, func(c *groqclient.Client) error {
				b, err := submit(cmd.Context(), c, f, args)
				if err != nil {
					return err
				}
				return a.show(f.output, b, b.ID)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.fileID, "file-id", "", "id of a file that is uploaded already")
	flags.StringVar(&f.endpoint, "endpoint", groqclient.BatchChatEndpoint, "url of all lines")
	flags.StringVar(&f.window, "window", "24h", "time within which the batch is done, 24h to 7d")
	flags.StringToStringVar(&f.metadata, "metadata", nil, "KEY=VALUE to keep with the batch (repeatable)")
	outputFlag(cmd, &f.output)
	return cmd
}

// submit uploads the file, unless it is there already, and creates the batch.
func submit(ctx context.Context, c *groqclient.Client, f *batchFlags, args []string) (*groqclient.Batch, error) {
	id := f.fileID
	if id == "" {
		if err := batch.Check(args[0], f.endpoint); err != nil {
			return nil, err
		}
		file, err := groqclient.UploadPath(args[0])
		if err != nil {
			return nil, err
		}
		info, err := c.UploadFile(ctx, file, groqclient.PurposeBatch)
		if err != nil {
			return nil, err
		}
		id = info.ID
	}
	b, err := c.CreateBatch(ctx, &groqclient.BatchRequest{
		InputFileID: id, Endpoint: f.endpoint, CompletionWindow: f.window, Metadata: f.metadata,
	})
	if err != nil && f.fileID == "" {
		err = fmt.Errorf("%w; the file is uploaded: go on with --file-id %s", err, id)
	}
	return b, err
}

func newBatchStatus(a *app, f *batchFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "status [ID]",
		Short:   "Show one batch, or all",
		Example: "  lpuctl batch status\n  lpuctl batch status batch_01abc -o json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withOutput(cmd, &f.groqFlags, f.output, func(c *groqclient.Client) error {
				if len(args) == 0 {
					return a.listBatches(cmd.Context(), c, f.output)
				}
				b, err := c.Batch(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return a.showBatch(b, f.output)
			})
		},
	}
	outputFlag(cmd, &f.output)
	return cmd
}

func (a *app) listBatches(ctx context.Context, c *groqclient.Client, output string) error {
	batches, err := c.Batches(ctx)
	if err != nil {
		return err
	}
	if output == "json" {
		return writeJSON(a.out, map[string]any{"batches": append([]groqclient.Batch{}, batches...)})
	}
	var rows [][]string
	for _, b := range batches {
		rows = append(rows, []string{b.ID, unixTime(b.CreatedAt), b.Status, countsText(b.RequestCounts)})
	}
	return a.table(rows)
}

func newBatchWait(a *app, f *batchFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "wait ID",
		Short: "Wait for a batch to end",
		Long: `Wait for a batch to end. A server or a network that fails for a while does not end the wait. The exit code is 16 if
the batch ended with failed lines, 1 if it was not completed.`,
		Example: "  lpuctl batch wait batch_01abc\n  lpuctl batch wait batch_01abc --every 5m -o json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.every <= 0 {
				return usagef("--every %v: want more than nothing", f.every)
			}
			return a.withOutput(cmd, &f.groqFlags, f.output, func(c *groqclient.Client) error {
				b, err := a.waitBatch(cmd.Context(), c, args[0], f.every)
				if err != nil {
					return err
				}
				if err := a.showBatch(b, f.output); err != nil {
					return err
				}
				return batchVerdict(b)
			})
		},
	}
	cmd.Flags().DurationVar(&f.every, "every", 30*time.Second, "time between two looks")
	outputFlag(cmd, &f.output)
	return cmd
}

// waitBatch looks at the batch until it is done. Failures that pass do not
// count unless there are many in a row.
func (a *app) waitBatch(ctx context.Context, c *groqclient.Client, id string, every time.Duration) (*groqclient.Batch, error) {
	const most = 20
	for failures := 0; ; {
		b, err := c.Batch(ctx, id)
		switch {
		case err == nil && b.Done():
			return b, nil
		case err == nil:
			failures = 0
			a.log().InfoContext(ctx, "waiting", "batch", id, "status", b.Status, "done", b.RequestCounts.Completed, "total", b.RequestCounts.Total)
		default:
			if failures++; failures > most || !passing(err) {
				return nil, err
			}
			a.log().WarnContext(ctx, "looking again later", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(every):
		}
	}
}

// passing reports errors that may go away by themselves.
func passing(err error) bool {
	code := groqExit(err)
	return code == exitNetwork || code == exitServer || code == exitLimit
}

// batchVerdict is the error that a batch which has ended stands for.
func batchVerdict(b *groqclient.Batch) error {
	switch {
	case b.Status != groqclient.BatchCompleted:
		return fmt.Errorf("batch %s: %s%s", b.ID, b.Status, batchErrors(b))
	case b.RequestCounts.Failed > 0:
		return &codedError{exitBatchFailed, fmt.Errorf("batch %s: %d of %d lines failed", b.ID, b.RequestCounts.Failed, b.RequestCounts.Total)}
	}
	return nil
}

// batchErrors lists what the server says of the lines, up to ten.
func batchErrors(b *groqclient.Batch) string {
	if b.Errors == nil {
		return ""
	}
	var s strings.Builder
	for i, e := range b.Errors.Data {
		if i == 10 {
			fmt.Fprintf(&s, "\nand %d more", len(b.Errors.Data)-i)
			break
		}
		s.WriteString("\n")
		if e.Line > 0 {
			fmt.Fprintf(&s, "line %d: ", e.Line)
		}
		fmt.Fprintf(&s, "%s: %s", e.Code, e.Message)
	}
	return s.String()
}

func newBatchCancel(a *app, f *batchFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "cancel ID",
		Short:   "Cancel a batch",
		Example: "  lpuctl batch cancel batch_01abc",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withOutput(cmd, &f.groqFlags, f.output, func(c *groqclient.Client) error {
				b, err := c.CancelBatch(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return a.showBatch(b, f.output)
			})
		},
	}
	outputFlag(cmd, &f.output)
	return cmd
}

// showBatch prints the state of a batch.
func (a *app) showBatch(b *groqclient.Batch, output string) error {
	return a.show(output, b, fmt.Sprintf("%s: %s, %s", b.ID, b.Status, countsText(b.RequestCounts)))
}

func countsText(n groqclient.BatchCounts) string {
	return fmt.Sprintf("%d of %d done, %d failed", n.Completed, n.Total, n.Failed)
}
