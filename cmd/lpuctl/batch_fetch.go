package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/internal/batch"
)

func newBatchFetch(a *app, f *batchFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fetch ID",
		Short: "Fetch the results of a batch",
		Long: `Fetch the results of a batch that has ended. With -o out.jsonl, lines that failed go to out.errors.jsonl; without, they
follow the others on stdout. The order is not that of the requests: join on custom_id. The exit code is that of wait.`,
		Example: "  lpuctl batch fetch batch_01abc -o results.jsonl\n  lpuctl batch fetch batch_01abc > results.jsonl",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.json && f.file == "" {
				return usagef("--json needs -o: stdout is for the results")
			}
			return a.withClient(cmd, &f.groqFlags, func(c *groqclient.Client) error {
				return a.fetch(cmd.Context(), c, f, args[0])
			})
		},
	}
	cmd.Flags().StringVarP(&f.file, "output", "o", "", "`file` to write instead of stdout")
	cmd.Flags().BoolVar(&f.json, "json", false, "with -o: print one JSON object about the files")
	return cmd
}

// fetched is what `lpuctl batch fetch --json` prints.
type fetched struct {
	Batch  string `json:"batch"`
	Status string `json:"status"`
	Output string `json:"output,omitempty"` // file that was written, if there were such results
	Errors string `json:"errors,omitempty"` // and that of the failures
}

func (a *app) fetch(ctx context.Context, c *groqclient.Client, f *batchFlags, id string) error {
	b, err := c.Batch(ctx, id)
	if err != nil {
		return err
	}
	if !b.Done() {
		return fmt.Errorf("batch %s: %s: `lpuctl batch wait` waits for its end", b.ID, b.Status)
	}
	result := fetched{Batch: b.ID, Status: b.Status}
	if result.Output, err = a.download(ctx, c, b.OutputFileID, f.file); err != nil {
		return err
	}
	errorsFile := f.file
	if errorsFile != "" {
		errorsFile = batch.ErrorsPath(f.file)
	}
	if result.Errors, err = a.download(ctx, c, b.ErrorFileID, errorsFile); err != nil {
		return err
	}
	if f.json {
		if err := writeJSON(a.out, result); err != nil {
			return err
		}
	}
	return batchVerdict(b)
}

// download writes a file of the API, if there is one, to path or to stdout, and
// returns the path.
func (a *app) download(ctx context.Context, c *groqclient.Client, id, path string) (string, error) {
	if id == "" {
		return "", nil
	}
	return path, a.writeTo(path, func(w io.Writer) error {
		_, err := c.FileContent(ctx, id, w)
		return err
	})
}
