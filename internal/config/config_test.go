package config

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lpuctl", "config.json")
	c, err := Load(path)
	require.NoError(t, err)
	require.Empty(t, c.Names())
	c.Set("model", "openai/gpt-oss-20b")
	c.Set("api-key", "gsk_<&>")
	c.Set("proxy", "http://p:1")
	c.Set("proxy", "")
	require.NoError(t, c.Save())

	c, err = Load(path)
	require.NoError(t, err)
	require.Equal(t, []string{"api-key", "model"}, c.Names())
	require.Equal(t, "gsk_<&>", c.Get("api-key"))
	require.Empty(t, c.Get("proxy"))
	require.Equal(t, path, c.Path())
}

func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("not checked: Windows has no such modes")
	}
	path := filepath.Join(t.TempDir(), "lpuctl", "config.json")
	c, err := Load(path)
	require.NoError(t, err)
	c.Set("api-key", "gsk_canary")
	require.NoError(t, c.Save())
	for file, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, want, info.Mode().Perm(), file)
	}
	require.NoError(t, os.Chmod(path, 0o640))
	_, err = Load(path)
	require.ErrorContains(t, err, "mode 0640 lets others read it")
	require.NotContains(t, err.Error(), "canary")
}

func TestDamagedFiles(t *testing.T) {
	for name, text := range map[string]string{
		"empty":      "",
		"truncated":  `{"api-key": "gsk_canary`,
		"not object": `["gsk_canary"]`,
		"number":     `{"api-key": "gsk_canary", "max-retries": 3}`,
		"huge":       `{"api-key": "` + strings.Repeat("gsk_canary", 200_000) + `"}`,
	} {
		path := filepath.Join(t.TempDir(), "config.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := Load(path)
		require.ErrorContains(t, err, path, name)
		require.NotContains(t, err.Error(), "canary", name)
	}
}

func TestNullFileCanBeSet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.json")
	require.NoError(t, os.WriteFile(path, []byte("null"), 0o600))
	c, err := Load(path)
	require.NoError(t, err)
	c.Set("model", "m")
	require.Equal(t, "m", c.Get("model"))
}

// FuzzLoad reads damaged files: an error, or settings that survive being saved.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"model":"m","header":"A: b\nC: d"}`))
	f.Add([]byte(`{"model":1}`))
	f.Add([]byte(`{"a":""`))
	path := filepath.Join(f.TempDir(), "config.json")
	f.Fuzz(func(t *testing.T, data []byte) {
		require.NoError(t, os.WriteFile(path, data, 0o600))
		c, err := Load(path)
		if err != nil {
			return
		}
		require.NoError(t, c.Save())
		again, err := Load(path)
		require.NoError(t, err)
		require.Equal(t, c.Names(), again.Names())
		for _, name := range c.Names() {
			require.Equal(t, c.Get(name), again.Get(name))
		}
	})
}
