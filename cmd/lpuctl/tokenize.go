package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/internal/model"
	"github.com/lpuctl/lpuctl/internal/tokenizer"
)

// tokenizeFlags are those of `lpuctl tokenize`.
type tokenizeFlags struct {
	jsonl, decode                        bool
	noSpecial, parseSpecial, skipSpecial bool
	offsets                              bool
	output                               string
}

func newTokenize(a *app) *cobra.Command {
	var f tokenizeFlags
	cmd := &cobra.Command{
		Use:   "tokenize MODEL [TEXT]",
		Short: "Turn text into token ids, and back",
		Long: `Turn text into token ids, and back. Only the tokenizer of MODEL is read: a GGUF file,
a folder with tokenizer.json or tokenizer.model, or such a file itself.

Special tokens spelled in the text are plain text, unless --parse-special is given.`,
		Example: `  lpuctl tokenize builtin:stories260k "Once upon a time"
  lpuctl tokenize builtin:stories260k --decode "1 403 407"
  echo '"a line"' | lpuctl tokenize builtin:stories260k --jsonl`,
		Args:              cobra.RangeArgs(1, 2),
		ValidArgsFunction: completeModel,
		RunE: func(_ *cobra.Command, args []string) error {
			if f.jsonl == (len(args) == 2) {
				return usagef("give either TEXT or --jsonl")
			}
			if err := f.check(); err != nil {
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
	cmd.Flags().BoolVar(&f.parseSpecial, "parse-special", false, "special tokens spelled in the text stand for themselves")
	cmd.Flags().BoolVar(&f.offsets, "offsets", false, "print each token as [id, start, end], with its bytes in the text")
	cmd.Flags().BoolVar(&f.decode, "decode", false, "ids in, text out; special tokens are kept")
	cmd.Flags().BoolVar(&f.skipSpecial, "skip-special", false, "with --decode: leave special tokens out")
	outputFlag(cmd, &f.output)
	return cmd
}

// check refuses flags that would do nothing.
func (f *tokenizeFlags) check() error {
	switch {
	case f.decode && (f.noSpecial || f.parseSpecial || f.offsets):
		return usagef("--no-special, --parse-special and --offsets are for text, and --decode takes ids")
	case f.skipSpecial && !f.decode:
		return usagef("--skip-special needs --decode")
	}
	return checkOutput(f.output)
}

// tokenizerOf opens the tokenizer of MODEL, which need not be one that lpuctl
// can run.
func tokenizerOf(spec string) (*tokenizer.Tokenizer, error) {
	switch info, err := os.Stat(spec); {
	case strings.HasSuffix(spec, ".model"):
		return tokenizerModel(spec)
	case strings.HasSuffix(spec, ".json"):
		return tokenizerJSON(spec)
	case strings.HasSuffix(spec, ".gguf"):
		return tokenizerGGUF(spec)
	case err == nil && info.IsDir():
		return tokenizerFolder(spec)
	}
	m, err := model.Open(spec)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	return openTokenizer(m)
}

func (a *app) tokenizeText(tok *tokenizer.Tokenizer, f *tokenizeFlags, text string) error {
	var answer any
	var err error
	if f.decode {
		var ids []int
		if ids, err = parseIDs(text); err == nil {
			answer, err = f.text(tok, ids)
		}
	} else {
		answer, err = f.encode(tok, text)
	}
	if err != nil {
		return err
	}
	return a.printAnswer(answer, f.output)
}

// encode returns ids, or with --offsets [id, start, end].
func (f *tokenizeFlags) encode(tok *tokenizer.Tokenizer, text string) (any, error) {
	o := tokenizer.Options{Add: !f.noSpecial, Parse: f.parseSpecial}
	if !f.offsets {
		return tok.IDs(text, o)
	}
	list, err := tok.Tokens(text, o)
	rows := make([][3]int, len(list))
	for i, t := range list {
		rows[i] = [3]int{t.ID, t.Start, t.End}
	}
	return rows, err
}

func (f *tokenizeFlags) text(tok *tokenizer.Tokenizer, ids []int) (string, error) {
	if err := tok.Check(ids); err != nil {
		return "", err
	}
	if f.skipSpecial {
		return tok.Decode(ids), nil
	}
	return tok.DecodeSpecial(ids), nil
}

func (a *app) printAnswer(answer any, output string) error {
	if output == "json" {
		return json.NewEncoder(a.out).Encode(answer)
	}
	text := fmt.Sprint(answer)
	switch list := answer.(type) {
	case []int:
		text = strings.Trim(text, "[]")
	case [][3]int:
		lines := make([]string, len(list))
		for i, row := range list {
			lines[i] = strings.Trim(fmt.Sprint(row), "[]")
		}
		text = strings.Join(lines, "\n")
	}
	_, err := fmt.Fprintln(a.out, text)
	return err
}

// parseIDs reads ids separated by white space or commas, or a JSON array of them.
func parseIDs(text string) ([]int, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		text = text[1 : len(text)-1]
	}
	var ids []int
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
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

// errNull says that a line is null, which encoding/json takes for anything.
var errNull = errors.New("null is none")

func tokenizeLine(tok *tokenizer.Tokenizer, f *tokenizeFlags, line []byte) (any, error) {
	if !f.decode {
		var text *string
		if err := json.Unmarshal(line, &text); err != nil || text == nil {
			return nil, fmt.Errorf("want a JSON string: %w", cmp.Or(err, errNull))
		}
		return f.encode(tok, *text)
	}
	var ids []int
	if err := json.Unmarshal(line, &ids); err != nil || ids == nil {
		return nil, fmt.Errorf("want a JSON array of ids: %w", cmp.Or(err, errNull))
	}
	return f.text(tok, ids)
}
