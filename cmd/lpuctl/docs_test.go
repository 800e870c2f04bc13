package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// repository is its root, seen from this package.
const repository = "../.."

// pages are README.md and the pages of docs/, by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(repository, "docs", "*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	text := map[string]string{}
	for _, path := range append(paths, filepath.Join(repository, "README.md")) {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		text[path] = string(data)
	}
	return text
}

// TestVerbsAreDocumented looks for the name of every verb, in backquotes, in
// the pages that list verbs.
func TestVerbsAreDocumented(t *testing.T) {
	all, text := pages(t), ""
	for _, page := range []string{"README.md", "docs/cli.md", "docs/groq.md"} {
		text += all[filepath.Join(repository, page)]
	}
	for _, cmd := range newRoot(&app{}).Commands() {
		require.Regexp(t, "`(lpuctl )?"+cmd.Name()+"[` ]", text, "verb %s", cmd.Name())
	}
}

// TestLinksResolve follows the relative links of every page.
func TestLinksResolve(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for path, text := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			require.FileExists(t, filepath.Join(filepath.Dir(path), m[1]), "link in %s", path)
		}
	}
}

// TestExamplesParse parses the examples of every help text: the verb exists,
// the flags exist and take their values, and the arguments are as many as the
// verb wants.
func TestExamplesParse(t *testing.T) {
	visit(newRoot(&app{}), func(cmd *cobra.Command) {
		for line := range strings.Lines(cmd.Example) {
			all := invocations(line)
			require.NotEmpty(t, all, "%s: no lpuctl in example %q", cmd.CommandPath(), line)
			for _, words := range all {
				parseExample(t, words)
			}
		}
	})
}

// TestFlagValues checks the names of values in help texts: pflag takes what
// stands in backquotes.
func TestFlagValues(t *testing.T) {
	visit(newRoot(&app{}), func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
			name, _ := pflag.UnquoteUsage(flag)
			require.NotContains(t, name, " ", "%s --%s", cmd.CommandPath(), flag.Name)
		})
	})
}

func visit(cmd *cobra.Command, f func(*cobra.Command)) {
	f(cmd)
	for _, c := range cmd.Commands() {
		visit(c, f)
	}
}

func parseExample(t *testing.T, words []string) {
	t.Helper()
	cmd, args, err := newRoot(&app{}).Find(words)
	require.NoError(t, err, "%q", words)
	require.True(t, cmd.HasParent(), "%q names no verb", words)
	require.NoError(t, cmd.ParseFlags(args), "%q", words)
	require.NoError(t, cmd.ValidateArgs(cmd.Flags().Args()), "%q", words)
}

// invocations are the arguments of each lpuctl in a shell line of words,
// quoted words, pipes and redirections.
func invocations(line string) [][]string {
	var all [][]string
	inside, redirected := false, false
	for _, w := range regexp.MustCompile(`'[^']*'|"[^"]*"|[^\s'"]+`).FindAllString(line, -1) {
		switch {
		case w == "|":
			inside, redirected = false, false
		case w == "<" || w == ">":
			redirected = true
		case w == "lpuctl" && !inside:
			inside, all = true, append(all, nil)
		case inside && !redirected:
			last := len(all) - 1
			all[last] = append(all[last], strings.Trim(w, `'"`))
		}
	}
	return all
}
