package tokenizer

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// The vocabulary and the merges are most of a file. They are read by a scanner
// of their own, after jsontext has checked the syntax, for a model to open
// quickly.

// jsonScanner reads strings and numbers of valid JSON. Strings share the memory
// of the text where they can.
type jsonScanner struct {
	text string
	at   int
}

// peek returns the next byte that is not white space, 0 at the end.
func (s *jsonScanner) peek() byte {
	for s.at < len(s.text) {
		switch b := s.text[s.at]; b {
		case ' ', '\t', '\r', '\n', ',', ':':
			s.at++
		default:
			return b
		}
	}
	return 0
}

// skip passes over b if it is next.
func (s *jsonScanner) skip(b byte) bool {
	if s.peek() != b {
		return false
	}
	s.at++
	return true
}

// string reads a string.
func (s *jsonScanner) string() (string, bool) {
	if s.peek() != '"' {
		return "", false
	}
	start := s.at
	for s.at++; s.text[s.at] != '"'; s.at++ {
		if s.text[s.at] == '\\' {
			return s.quoted(start)
		}
	}
	s.at++
	return s.text[start+1 : s.at-1], true
}

// quoted reads a string with escapes that begins at start.
func (s *jsonScanner) quoted(start int) (string, bool) {
	for s.at = start + 1; s.text[s.at] != '"'; s.at++ {
		if s.text[s.at] == '\\' {
			s.at++
		}
	}
	s.at++
	text, err := jsontext.AppendUnquote(nil, s.text[start:s.at])
	return string(text), err == nil
}

// id reads a whole number from 0 to limit-1.
func (s *jsonScanner) id(limit int) (int, bool) {
	b := s.peek()
	n := 0
	for ; '0' <= b && b <= '9' && n < limit; b = s.text[s.at] {
		n = 10*n + int(b-'0')
		s.at++
	}
	return n, s.text[s.at-1] >= '0' && s.text[s.at-1] <= '9' && n < limit && !strings.ContainsRune(".eE-", rune(b))
}

// parseVocab reads an object of tokens and ids. Ids may have gaps, but not such
// as would make a large table of a small file.
func parseVocab(text string) ([]entry, error) {
	s := &jsonScanner{text: text}
	if !s.skip('{') {
		return nil, errors.New("want an object of tokens and ids")
	}
	count := strings.Count(text, ":")
	limit := 1<<16 + 2*count
	entries := make([]entry, 0, min(count, 1<<18))
	for !s.skip('}') {
		token, ok := s.string()
		if !ok {
			return nil, fmt.Errorf("byte %d: want a token", s.at)
		}
		id, ok := s.id(limit)
		if !ok {
			return nil, fmt.Errorf("token %q: want an id from 0 to %d", token, limit-1)
		}
		entries = append(entries, entry{token, id})
	}
	return entries, nil
}

// eachMerge calls visit with each merge of an array.
func eachMerge(text string, visit func(rank int, left, right string) error) error {
	s := &jsonScanner{text: text}
	if !s.skip('[') {
		return errors.New("want an array of merges")
	}
	for rank := 0; !s.skip(']'); rank++ {
		left, right, ok := s.merge()
		if !ok {
			return fmt.Errorf("merge %d: want two tokens, \"a b\" or [\"a\", \"b\"]", rank)
		}
		if err := visit(rank, left, right); err != nil {
			return err
		}
	}
	return nil
}

func (s *jsonScanner) merge() (left, right string, ok bool) {
	if s.skip('[') {
		left, _ = s.string()
		right, _ = s.string()
		return left, right, s.skip(']') && left != "" && right != ""
	}
	line, _ := s.string()
	return cutMerge(line)
}
