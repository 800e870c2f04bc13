// Package config keeps the settings of lpuctl: one JSON object of strings, in a
// file that only its owner may read, because one of them is the API key.
package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/lpuctl/lpuctl/internal/atomicfile"
)

// maxBytes bounds the file.
const maxBytes = 1 << 20

// A Config holds settings by name. An unset one reads as the empty string.
type Config struct {
	path   string
	values map[string]string
}

// Path is where the file lies: lpuctl/config.json in the user's folder for
// configuration ($XDG_CONFIG_HOME or ~/.config, ~/Library/Application Support,
// %AppData%).
func Path() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "lpuctl", "config.json"), nil
}

// Load reads the file at path; one that does not exist is empty. A file that
// others may read is an error. Errors never show values.
func Load(path string) (*Config, error) {
	c := &Config{path: path, values: map[string]string{}}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := checkMode(f); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxBytes {
		return nil, fmt.Errorf("%s: larger than %d bytes", path, maxBytes)
	}
	if err := json.Unmarshal(data, &c.values); err != nil {
		return nil, fmt.Errorf("%s: want a JSON object of strings: %w", path, err)
	}
	return c, nil
}

// checkMode refuses a file whose mode lets others read it.
func checkMode(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("%s: mode %04o lets others read it; run: chmod 600 %q", f.Name(), mode, f.Name())
	}
	return nil
}

// Path is where the settings were read from and are saved to.
func (c *Config) Path() string { return c.path }

// Get returns a setting, "" if it is not set.
func (c *Config) Get(name string) string { return c.values[name] }

// Set sets a setting; the empty value removes it.
func (c *Config) Set(name, value string) {
	if value == "" {
		delete(c.values, name)
		return
	}
	if c.values == nil { // the file said null
		c.values = map[string]string{}
	}
	c.values[name] = value
}

// Names lists the settings that are set, in order.
func (c *Config) Names() []string { return slices.Sorted(maps.Keys(c.values)) }

// Save writes the file with mode 0600, and its folder with mode 0700 if there
// is none.
func (c *Config) Save() error {
	if err := os.MkdirAll(filepath.Dir(c.path), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(c.path, 0o600, func(f *os.File) error {
		e := json.NewEncoder(f)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(c.values)
	})
}
