package split

import (
	"strings"
	"unicode/utf8"

	"github.com/lpuctl/lpuctl/internal/tokenizer/ucd"
)

// Patterns with a matcher of their own, as tokenizer.json files spell them.
const (
	// GPT2 is that of GPT-2's encoder.py and of the pre-tokenizer ByteLevel.
	GPT2 = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
	// Llama3 is that of Llama 3, and of cl100k_base.
	Llama3 = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	// Qwen2 is that of Qwen 2, 2.5 and 3.
	Qwen2 = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	// Qwen35 is that of Qwen 3.5.
	Qwen35 = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	// O200K is that of o200k_base: GPT-4o, gpt-oss, Llama 4.
	O200K = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|` +
		`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|` +
		`\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	// Tekken is that of Mistral Nemo.
	Tekken = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|` +
		`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|` +
		`\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	// DeepSeek3 is the last of three of DeepSeek V3; the line breaks in it are
	// characters.
	DeepSeek3 = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+|" +
		" ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"
	// CJK is the second of three of DeepSeek V3.
	CJK = `[一-龥぀-ゟ゠-ヿ]+`
	// Number, Numbers and Thousands are numbers of one, of any number of and of
	// up to three characters.
	Number    = `\p{N}`
	Numbers   = `\p{N}+`
	Thousands = `\p{N}{1,3}`
)

// known returns the matcher of a pattern that has one, or nil.
func known(pattern string) matcher {
	switch pattern {
	case GPT2:
		return gpt2
	case Llama3:
		return words{letters: ucd.L, digits: 3}.match
	case Qwen2:
		return words{letters: ucd.L, digits: 1}.match
	case Qwen35:
		return words{letters: ucd.L | ucd.M, digits: 1}.match
	case O200K:
		return casedWords{digits: 3, contractions: true}.match
	case Tekken:
		return casedWords{digits: 1}.match
	case DeepSeek3:
		return deepSeek3
	case CJK:
		return cjk
	case Number:
		return func(s scanner, i int) int { return s.numbers(i, 1) }
	case Thousands:
		return func(s scanner, i int) int { return s.numbers(i, 3) }
	case Numbers:
		return func(s scanner, i int) int { return s.run(i, ucd.N) }
	}
	return oldDeepSeek(pattern)
}

// numbers matches \p{N}{1,limit}.
func (s scanner) numbers(i, limit int) int {
	for range limit {
		class, n := s.at(i)
		if class&ucd.N == 0 {
			break
		}
		i += n
	}
	return i
}

func gpt2(s scanner, i int) int {
	if end := s.contraction(i); end > i && isLower(s.text[i+1:end]) {
		return end
	}
	word := s.skipSpace(i)
	switch class, n := s.at(word); {
	case n == 0 || class&ucd.Space != 0:
		return s.blanks(i)
	case class&ucd.L != 0:
		return s.run(word, ucd.L)
	case class&ucd.N != 0:
		return s.run(word, ucd.N)
	}
	return s.runOutside(word, ucd.Space|ucd.L|ucd.N)
}

func isLower(s string) bool {
	for i := range len(s) {
		if s[i] < 'a' || s[i] > 'z' {
			return false
		}
	}
	return true
}

// words is Llama3 and its relatives: letters are what words consist of, digits
// is the most that a number has.
type words struct {
	letters ucd.Class
	digits  int
}

func (w words) match(s scanner, i int) int {
	if end := s.contraction(i); end > i {
		return end
	}
	class, n := s.at(i)
	if class&(ucd.L|ucd.N) == 0 && !s.newline(i) {
		if end := s.run(i+n, w.letters); end > i+n {
			return end
		}
	}
	switch {
	case class&w.letters != 0:
		return s.run(i, w.letters)
	case class&ucd.N != 0:
		return s.numbers(i, w.digits)
	}
	return s.rest(i, w.letters|ucd.N, "\r\n")
}

// rest matches ` ?[^\s words]+[tail]*|\s*[\r\n]+|\s+(?!\S)|\s+`.
func (s scanner) rest(i int, words ucd.Class, tail string) int {
	marks := s.skipSpace(i)
	if end := s.runOutside(marks, ucd.Space|words); end > marks {
		return s.runOf(end, tail)
	}
	if end := s.lines(i); end > i {
		return end
	}
	return s.blanks(i)
}

// casedWords is O200K and its relatives, where words end before a capital that
// follows a small letter. Caseless letters and marks count as both.
type casedWords struct {
	digits       int
	contractions bool
}

const (
	capitals = ucd.Lu | ucd.Lt | ucd.Lm | ucd.Lo | ucd.M
	smalls   = ucd.Ll | ucd.Lm | ucd.Lo | ucd.M
)

func (w casedWords) match(s scanner, i int) int {
	class, n := s.at(i)
	prefix := class&(ucd.L|ucd.N) == 0 && !s.newline(i)
	for _, find := range []func(scanner, int) int{smallWord, capitalWord} {
		if prefix {
			if end := find(s, i+n); end > i+n {
				return w.suffix(s, end)
			}
		}
		if end := find(s, i); end > i {
			return w.suffix(s, end)
		}
	}
	if class&ucd.N != 0 {
		return s.numbers(i, w.digits)
	}
	return s.rest(i, ucd.L|ucd.N, "\r\n/")
}

func (w casedWords) suffix(s scanner, i int) int {
	if w.contractions {
		return s.contraction(i)
	}
	return i
}

// smallWord matches [capitals]*[smalls]+. When no small letter follows the
// capitals, the last of them that counts as both ends the word.
func smallWord(s scanner, i int) int {
	last := i // the end of the last character that is in both
	for {
		class, n := s.at(i)
		switch {
		case class&capitals == 0:
			if end := s.run(i, smalls); end > i {
				return end
			}
			return last
		case class&smalls != 0:
			last = i + n
		}
		i += n
	}
}

// capitalWord matches [capitals]+[smalls]*.
func capitalWord(s scanner, i int) int {
	if end := s.run(i, capitals); end > i {
		return s.run(end, smalls)
	}
	return i
}

func deepSeek3(s scanner, i int) int {
	if strings.IndexByte("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", s.text[i]) >= 0 {
		if end := s.asciiLetters(i + 1); end > i+1 {
			return end
		}
	}
	class, n := s.at(i)
	if class&(ucd.L|ucd.P|ucd.S) == 0 && !s.newline(i) {
		if end := s.run(i+n, ucd.L|ucd.M); end > i+n {
			return end
		}
	}
	if end := s.run(i, ucd.L|ucd.M); end > i {
		return end
	}
	marks := s.skipSpace(i)
	if end := s.run(marks, ucd.P|ucd.S); end > marks {
		return s.runOf(end, "\r\n")
	}
	if end := s.lines(i); end > i {
		return end
	}
	return s.blanks(i)
}

func (s scanner) asciiLetters(i int) int {
	for i < len(s.text) && 'a' <= s.text[i]|0x20 && s.text[i]|0x20 <= 'z' {
		i++
	}
	return i
}

func cjk(s scanner, i int) int {
	for {
		c, n := utf8.DecodeRuneInString(s.text[i:])
		if (c < '一' || '龥' < c) && (c < '぀' || 'ヿ' < c) {
			return i
		}
		i += n
	}
}
