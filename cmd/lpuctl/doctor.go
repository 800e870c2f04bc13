package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/internal/toolchain"
)

// diagnosis is what `lpuctl doctor -o json` prints.
type diagnosis struct {
	LLVM       string           `json:"llvm,omitempty"` // version in use
	Tools      []toolchain.Tool `json:"tools"`
	NotChecked []string         `json:"not_checked"`
}

func newDoctor(a *app) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "doctor",
		Short:   "Show the external tools that were found, and what is not checked without the others",
		Example: "  lpuctl doctor\n  LPUCTL_LLVM=/usr/lib/llvm-22 lpuctl doctor -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			d := diagnosis{NotChecked: []string{}}
			tools, err := toolchain.Find(cmd.Context(), os.Getenv)
			var missing *toolchain.MissingError
			switch {
			case errors.As(err, &missing):
				d.Tools, d.NotChecked = missing.Tools, missing.NotChecked
			case err != nil:
				return err
			default:
				d.LLVM, d.Tools = tools.Version, tools.Tools
			}
			if output == "json" {
				return json.NewEncoder(a.out).Encode(d)
			}
			return a.printDiagnosis(&d)
		},
	}
	outputFlag(cmd, &output)
	return cmd
}

func (a *app) printDiagnosis(d *diagnosis) error {
	for _, t := range d.Tools {
		fmt.Fprintln(a.out, t)
	}
	for _, n := range d.NotChecked {
		fmt.Fprintf(a.out, "not checked: %s\n", n)
	}
	if len(d.NotChecked) == 0 {
		_, err := fmt.Fprintf(a.out, "LLVM %s: everything can be checked\n", d.LLVM)
		return err
	}
	_, err := fmt.Fprintln(a.out, "make tools installs what is missing")
	return err
}
