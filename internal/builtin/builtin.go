// Package builtin holds the models that are part of the binary, so that the
// demo and the tests need no download.
package builtin

import (
	_ "embed" // the model is embedded
	"fmt"
	"strings"
)

//go:embed stories260k/stories260K.gguf
var stories260k string

// Names lists the built-in models, sorted.
func Names() []string {
	return []string{"stories260k"}
}

// Open returns a copy of the GGUF file of the built-in model called name. The
// error for an unknown name lists the known ones.
func Open(name string) (data []byte, err error) {
	if name != "stories260k" {
		return nil, fmt.Errorf("builtin: no model %q; there is %s", name, strings.Join(Names(), ", "))
	}
	return []byte(stories260k), nil
}
