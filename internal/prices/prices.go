// Package prices says what models cost. Its table is a dated file, which a file
// of the user's own can replace model by model.
package prices

import (
	_ "embed" // the table
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maxBytes bounds the user's file.
const maxBytes = 1 << 20

//go:embed prices.json
var builtin []byte

// A Table is prices by model id.
type Table struct {
	Date   string           `json:"date"`   // of the prices, as 2026-08-18
	Source string           `json:"source"` // who says so
	Models map[string]Price `json:"models"`
}

// A Price is in US dollars: per million tokens, and per hour of audio. What is
// not stated is nil.
type Price struct {
	Input       *float64 `json:"input,omitempty"`
	CachedInput *float64 `json:"cached_input,omitempty"`
	Output      *float64 `json:"output,omitempty"`
	Hour        *float64 `json:"hour,omitempty"`

	// Date is that of the table that the price comes from.
	Date string `json:"date,omitempty"`
}

// Load returns the table of this package with the models of the user's file at
// path added or replaced. There need be no such file.
func Load(path string) (*Table, error) {
	table, err := parse(builtin)
	if err != nil {
		return nil, fmt.Errorf("prices.json: %w", err)
	}
	data, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return table, nil
	}
	if err != nil {
		return nil, err
	}
	own, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for id, p := range own.Models {
		table.Models[id] = p
	}
	return table, nil
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err == nil && len(data) > maxBytes {
		err = fmt.Errorf("%s: larger than %d bytes", path, maxBytes)
	}
	return data, err
}

// parse reads a table and checks it. Each price gets the table's date, unless
// it has one of its own.
func parse(data []byte) (*Table, error) {
	t := &Table{}
	if err := json.Unmarshal(data, t); err != nil {
		return nil, err
	}
	if t.Models == nil {
		t.Models = map[string]Price{}
	}
	for id, p := range t.Models {
		for _, v := range []*float64{p.Input, p.CachedInput, p.Output, p.Hour} {
			if v != nil && *v < 0 {
				return nil, fmt.Errorf("model %q: price %v is negative", id, *v)
			}
		}
		if p.Date == "" {
			p.Date = t.Date
		}
		t.Models[id] = p
	}
	return t, nil
}

// Tokens is the cost in US dollars of a completion: input tokens, of which
// cached came from the prompt cache, and output tokens. ok is false if the
// price is not known. atMost says that cached tokens may cost less: their price
// is not known, and they count as others.
func (p Price) Tokens(input, cached, output int64) (dollars float64, atMost, ok bool) {
	if p.Input == nil || p.Output == nil {
		return 0, false, false
	}
	cachedPrice := p.CachedInput
	if cachedPrice == nil {
		cachedPrice, atMost = p.Input, cached > 0
	}
	cached = min(cached, input)
	total := float64(input-cached)**p.Input + float64(cached)**cachedPrice + float64(output)**p.Output
	return total / 1e6, atMost, true
}
