package main

import (
	"encoding/json"
	"io"
)

func (a *app) readText(path string) (string, error) {
	data, err := io.ReadAll(a.in)
	return string(data), err
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
