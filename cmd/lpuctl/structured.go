package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/internal/constrain"
	"github.com/lpuctl/lpuctl/internal/engine"
	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

// structureFlags keep generated text in a format.
type structureFlags struct {
	schema string
	json   bool
}

func (f *structureFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.schema, "json-schema", "", "generate JSON that is valid under the JSON Schema in `FILE`")
	cmd.Flags().BoolVar(&f.json, "json", false, "generate a JSON object")
}

// structured reports whether a format was asked for.
func (f *structureFlags) structured() bool { return f.json || f.schema != "" }

// grammar returns the grammar that the flags ask for, or nil.
func (f *structureFlags) grammar() (*constrain.Grammar, error) {
	switch {
	case f.json && f.schema != "":
		return nil, usagef("--json and --json-schema exclude each other")
	case f.json:
		return constrain.Compile([]byte(constrain.AnyObject))
	case f.schema == "":
		return nil, nil
	}
	data, err := os.ReadFile(f.schema)
	if err != nil {
		return nil, err
	}
	g, err := constrain.Compile(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.schema, err)
	}
	return g, nil
}

// guided returns pick kept within a grammar for a text of at most tokens
// tokens, or pick itself without one.
func guided(g *constrain.Grammar, tok *tokenizer.Tokenizer, ends []int, tokens int, pick engine.Picker) (engine.Picker, error) {
	if g == nil {
		return pick, nil
	}
	all := make([][]byte, tok.Size())
	for id := range all {
		all[id] = tok.TokenBytes(id)
	}
	ends = slices.DeleteFunc(slices.Clone(ends), func(id int) bool { return id == tokenizer.None })
	v, err := constrain.NewVocabulary(all, ends)
	if err != nil {
		return nil, err
	}
	return constrain.NewGuide(g, v, tokens, pick)
}

// tokensLeft returns how many tokens can be generated after a prompt when at
// most n are wanted, n < 0 being no limit. The last one is not fed.
func tokensLeft(n, prompt, context int) int {
	left := context - prompt + 1
	if n >= 0 {
		left = min(left, n)
	}
	return left
}
