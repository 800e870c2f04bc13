package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/internal/atomicfile"
	"github.com/lpuctl/lpuctl/internal/prices"
)

func newModels(a *app) *cobra.Command {
	var f groqFlags
	var output string
	cmd := &cobra.Command{
		Use:   "models [ID]",
		Short: "List the models of the Groq API, or show one",
		Long: `List the models of the Groq API that the key may use, or show one: id, owner, context and longest
answer in tokens, price in US dollars (of a million tokens in and out, or of an hour of audio).
The ids are kept for the completion of -m.`,
		Example:           "  lpuctl models\n  lpuctl models openai/gpt-oss-20b -o json",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeGroqModels,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			client, err := a.client(cmd, &f)
			if err != nil {
				return err
			}
			defer client.CloseIdleConnections()
			if len(args) == 1 {
				return a.showModel(cmd.Context(), client, args[0], output)
			}
			return a.listModels(cmd.Context(), client, output)
		},
	}
	f.register(cmd)
	outputFlag(cmd, &output)
	return cmd
}

func (a *app) listModels(ctx context.Context, client *groqclient.Client, output string) error {
	models, err := client.Models(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(models, func(x, y groqclient.Model) int { return cmp.Compare(x.ID, y.ID) })
	if err := keepModelIDs(models); err != nil {
		a.log().Warn("the ids are not kept for completion", "error", err)
	}
	if output == "json" {
		return writeJSON(a.out, append([]groqclient.Model{}, models...))
	}
	return a.printModels(models)
}

func (a *app) showModel(ctx context.Context, client *groqclient.Client, id, output string) error {
	m, err := client.Model(ctx, id)
	if err != nil {
		return err
	}
	if output == "json" {
		return writeJSON(a.out, m)
	}
	return a.printModels([]groqclient.Model{*m})
}

func (a *app) printModels(models []groqclient.Model) error {
	table, err := loadPrices()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, m := range models {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", printable(m.ID), printable(m.OwnedBy),
			countText(m.ContextWindow), countText(m.MaxCompletionTokens), priceText(table.Models[m.ID]))
	}
	return w.Flush()
}

// countText is a number that may not be stated.
func countText(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

func priceText(p prices.Price) string {
	switch {
	case p.Input != nil && p.Output != nil:
		return fmt.Sprintf("$%g in, $%g out (%s)", *p.Input, *p.Output, known(p.Date))
	case p.Hour != nil:
		return fmt.Sprintf("$%g an hour (%s)", *p.Hour, known(p.Date))
	}
	return "-"
}

// modelCache is the file of the ids that were listed last.
func modelCache() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "lpuctl", "models.json"), err
}

func keepModelIDs(models []groqclient.Model) error {
	path, err := modelCache()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	ids := make([]string, len(models))
	for i, m := range models {
		ids[i] = m.ID
	}
	return atomicfile.Write(path, 0o600, func(f *os.File) error { return json.NewEncoder(f).Encode(ids) })
}

// completeGroqModels completes the ids that `lpuctl models` listed last. It
// asks no server.
func completeGroqModels(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	path, err := modelCache()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []string
	if json.Unmarshal(data, &ids) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
