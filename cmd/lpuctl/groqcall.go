package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/internal/atomicfile"
)

// withClient makes the client that the flags ask for, lends it to use, and
// closes it.
func (a *app) withClient(cmd *cobra.Command, f *groqFlags, use func(*groqclient.Client) error) error {
	client, err := a.client(cmd, f)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	if f.modelSetting != "" && f.model == "" {
		return usagef("no model: give -m, or set one with `lpuctl config set %s ID`", f.modelSetting)
	}
	return use(client)
}

// withOutput is withClient for a verb whose -o is text or json.
func (a *app) withOutput(cmd *cobra.Command, f *groqFlags, output string, use func(*groqclient.Client) error) error {
	if err := checkOutput(output); err != nil {
		return err
	}
	return a.withClient(cmd, f, use)
}

// argOrStdin is the argument if there is one, else what stdin holds, less a
// last newline.
func (a *app) argOrStdin(args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	text, err := a.readInput("-")
	if err == nil && !utf8.Valid(text) {
		err = errors.New("stdin: not UTF-8 text")
	}
	return strings.TrimSuffix(string(text), "\n"), err
}

// writeTo calls write with the file at path, which appears whole or not at all;
// with stdout if path is empty.
func (a *app) writeTo(path string, write func(io.Writer) error) error {
	if path == "" {
		return write(a.out)
	}
	return atomicfile.Write(path, 0o644, func(f *os.File) error { return write(f) })
}

// table prints rows of cells in columns.
func (a *app) table(rows [][]string) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, printable(strings.Join(row, "\t")))
	}
	return w.Flush()
}

// unixTime is a time of the API, - if it is not stated.
func unixTime(seconds int64) string {
	if seconds == 0 {
		return "-"
	}
	return localTime(time.Unix(seconds, 0))
}

// show prints v as JSON, or a line of text in its place.
func (a *app) show(output string, v any, line string) error {
	if output == "json" {
		return writeJSON(a.out, v)
	}
	_, err := fmt.Fprintln(a.out, printable(line))
	return err
}
