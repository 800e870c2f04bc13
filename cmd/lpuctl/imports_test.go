package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const modulePath = "github.com/lpuctl/lpuctl/"

// importTable reads the table of docs/architecture.md: what each folder imports
// of ours. A folder with "/..." stands for itself and what is below it.
func importTable(t *testing.T) map[string][]string {
	t.Helper()
	text := pages(t)[filepath.Join(repository, "docs", "architecture.md")]
	table := map[string][]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [^|]* \\| ([^|]*) \\|$").FindAllStringSubmatch(text, -1) {
		table[m[1]] = strings.Split(m[2], ", ")
	}
	require.NotEmpty(t, table)
	return table
}

// row is the folder of the table that a package belongs to.
func row(table map[string][]string, pkg string) string {
	for folder := range table {
		if base, ok := strings.CutSuffix(folder, "/..."); ok && (pkg == base || strings.HasPrefix(pkg, base+"/")) {
			return folder
		}
	}
	return pkg
}

// imports finds what the code of each folder imports of ours, tests left out.
func imports(t *testing.T, table map[string][]string) map[string][]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	cmd.Dir = repository
	out, err := cmd.Output()
	require.NoError(t, err)
	found := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		paths := strings.Fields(line)
		folder := row(table, strings.TrimPrefix(paths[0], modulePath))
		found[folder] = append(found[folder], "none")
		for _, path := range paths[1:] {
			if pkg, ours := strings.CutPrefix(path, modulePath); ours && row(table, pkg) != folder {
				found[folder] = append(found[folder], strings.TrimSuffix(row(table, pkg), "/..."))
			}
		}
	}
	return found
}

// TestImports holds the import table of docs/architecture.md against the code,
// in both directions.
func TestImports(t *testing.T) {
	table := importTable(t)
	all := imports(t, table)
	for folder := range table {
		require.Contains(t, all, folder, "a row of docs/architecture.md without code")
	}
	for folder, found := range all {
		want, ok := table[folder]
		require.True(t, ok, "%s has no row in docs/architecture.md", folder)
		if slices.Equal(want, []string{"anything"}) {
			continue
		}
		slices.Sort(found)
		found = slices.Compact(found)
		if len(found) > 1 {
			found = slices.DeleteFunc(found, func(s string) bool { return s == "none" })
		}
		require.ElementsMatch(t, want, found, "imports of %s", folder)
	}
}
