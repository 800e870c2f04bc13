package prices

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBuiltin(t *testing.T) {
	table, err := Load(filepath.Join(t.TempDir(), "none.json"))
	require.NoError(t, err)
	_, err = time.Parse(time.DateOnly, table.Date)
	require.NoError(t, err)
	require.NotEmpty(t, table.Source)
	dollars, atMost, ok := table.Models["openai/gpt-oss-120b"].Tokens(1_000_000, 0, 500_000)
	require.True(t, ok)
	require.False(t, atMost)
	require.InDelta(t, 0.45, dollars, 1e-12)
	require.Equal(t, table.Date, table.Models["openai/gpt-oss-120b"].Date)
}

func TestUsersFileWins(t *testing.T) {
	path := filepath.Join(t.TempDir(), "prices.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"date":"2027-01-02","models":{
		"openai/gpt-oss-20b":{"input":1,"cached_input":0.5,"output":2}, "my/model":{"output":1}}}`), 0o600))
	table, err := Load(path)
	require.NoError(t, err)
	p := table.Models["openai/gpt-oss-20b"]
	require.Equal(t, "2027-01-02", p.Date)
	dollars, atMost, ok := p.Tokens(1_000_000, 400_000, 1_000_000)
	require.True(t, ok)
	require.False(t, atMost)
	require.InDelta(t, 0.6+0.2+2, dollars, 1e-12)
	_, _, ok = table.Models["my/model"].Tokens(1, 0, 1)
	require.False(t, ok, "no input price")
	_, _, ok = table.Models["no/such"].Tokens(1, 0, 1)
	require.False(t, ok)
	require.Equal(t, "2026-08-18", table.Models["openai/gpt-oss-120b"].Date, "others stay")
}

func TestCachedTokensOfUnknownPrice(t *testing.T) {
	one := 1.0
	dollars, atMost, ok := Price{Input: &one, Output: &one}.Tokens(10, 4, 5)
	require.True(t, ok)
	require.True(t, atMost)
	require.InDelta(t, 15e-6, dollars, 1e-18)
}

func TestBadFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "prices.json")
	for _, text := range []string{"", `[]`, `{"models":{"m":{"input":-1}}}`, `{"models":{"m":{"input":"1"}}}`} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := Load(path)
		require.ErrorContains(t, err, path, text)
	}
	require.NoError(t, os.WriteFile(path, []byte("null"), 0o600))
	_, err := Load(path)
	require.NoError(t, err)
}

// FuzzParse reads damaged tables: an error, or prices that are not negative.
func FuzzParse(f *testing.F) {
	f.Add(builtin)
	f.Add([]byte(`{"models":{"m":null,"n":{"input":-1}}}`))
	f.Add([]byte(`{"models":{"m":{"input":1e308,"output":1e308}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := parse(data)
		if err != nil {
			return
		}
		for _, p := range table.Models {
			if dollars, _, ok := p.Tokens(1000, 10, 1000); ok {
				require.GreaterOrEqual(t, dollars, 0.0)
			}
		}
	})
}
