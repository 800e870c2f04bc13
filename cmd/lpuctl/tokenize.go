package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

// tokenizeFlags are those of `lpuctl tokenize`.
type tokenizeFlags struct {
	jsonl, noSpecial, decode bool
	output                   string
}

func newTokenize(a *app) *cobra.Command {
	var f tokenizeFlags
	cmd := &cobra.Command{
		Use:   "tokenize MODEL [TEXT]",
		Short: "Turn text into token ids, and back",
		Long: `Turn text into token ids, and back. Only the tokenizer of MODEL is read: a GGUF file,
a folder with tokenizer.model, or such a file itself.`,
		Example: `  lpuctl tokenize builtin:stories260k "Once upon a time"
  lpuctl tokenize builtin:stories260k --decode "1 403 407"
  echo '"a line"' | lpuctl tokenize builtin:stories260k --jsonl`,
		Args:              cobra.RangeArgs(1, 2),
		ValidArgsFunction: completeModel,
		RunE: func(_ *cobra.Command, args []string) error {
			if f.jsonl == (len(args) == 2) {
				return usagef("give either TEXT or --jsonl")
			}
			if err := checkOutput(f.output); err != nil {
				return err
			}
			tok, err := tokenizerOf(args[0])
			if err != nil {
				return err
			}
			if f.jsonl {
				return a.tokenizeLines(tok, &f)
			}
			return a.tokenizeText(tok, &f, args[1])
		},
	}
	cmd.Flags().BoolVar(&f.jsonl, "jsonl", false, "read one JSON string (or id array) a line from stdin, write one JSON answer a line")
	cmd.Flags().BoolVar(&f.noSpecial, "no-special", false, "add no beginning- or end-of-sequence token")
	cmd.Flags().BoolVar(&f.decode, "decode", false, "ids in, text out; special tokens are kept")
	outputFlag(cmd, &f.output)
	return cmd
}

// tokenizerOf opens the tokenizer of MODEL without its weights if it can.
func tokenizerOf(spec string) (*tokenizer.Tokenizer, error) {
	if strings.HasSuffix(spec, ".model") {
		return tokenizerFile(spec)
	}
	if info, err := os.Stat(spec); err == nil && info.IsDir() {
		return tokenizerFile(filepath.Join(spec, "tokenizer.model"))
	}
	m, err := model.Open(spec)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	return openTokenizer(m)
}

func (a *app) tokenizeText(tok *tokenizer.Tokenizer, f *tokenizeFlags, text string) error {
	if !f.decode {
		ids, err := tok.Encode(text, !f.noSpecial)
		if err != nil {
			return err
		}
		return a.printIDs(ids, f.output)
	}
	ids, err := parseIDs(text)
	if err != nil {
		return err
	}
	if err := tok.Check(ids); err != nil {
		return err
	}
	return a.printText(tok.DecodeSpecial(ids), f.output)
}

func (a *app) printIDs(ids []int, output string) error {
	if output == "json" {
		return json.NewEncoder(a.out).Encode(ids)
	}
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = strconv.Itoa(id)
	}
	_, err := fmt.Fprintln(a.out, strings.Join(words, " "))
	return err
}

func (a *app) printText(text, output string) error {
	if output == "json" {
		return json.NewEncoder(a.out).Encode(text)
	}
	_, err := fmt.Fprintln(a.out, text)
	return err
}

// parseIDs reads ids separated by spaces or commas.
func parseIDs(text string) ([]int, error) {
	var ids []int
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' }) {
		id, err := strconv.Atoi(word)
		if err != nil || id < 0 {
			return nil, usagef("token id %q: want a whole number from 0 on", word)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, usagef("no token ids")
	}
	return ids, nil
}

// maxLine is the longest line of JSON that is read.
const maxLine = 64 << 20

func (a *app) tokenizeLines(tok *tokenizer.Tokenizer, f *tokenizeFlags) error {
	lines := bufio.NewScanner(a.in)
	lines.Buffer(nil, maxLine)
	out := bufio.NewWriter(a.out)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for n := 1; lines.Scan(); n++ {
		answer, err := tokenizeLine(tok, f, lines.Bytes())
		if err != nil {
			out.Flush()
			return fmt.Errorf("line %d: %w", n, err)
		}
		if err := enc.Encode(answer); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return out.Flush()
}

func tokenizeLine(tok *tokenizer.Tokenizer, f *tokenizeFlags, line []byte) (any, error) {
	if !f.decode {
		var text string
		if err := json.Unmarshal(line, &text); err != nil {
			return nil, fmt.Errorf("want a JSON string: %w", err)
		}
		return tok.Encode(text, !f.noSpecial)
	}
	var ids []int
	if err := json.Unmarshal(line, &ids); err != nil {
		return nil, fmt.Errorf("want a JSON array of ids: %w", err)
	}
	if err := tok.Check(ids); err != nil {
		return nil, err
	}
	return tok.DecodeSpecial(ids), nil
}
