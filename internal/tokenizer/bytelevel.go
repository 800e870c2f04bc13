package tokenizer

import "unicode/utf8"

// The byte-level alphabet of GPT-2's encoder.py writes each byte as a character
// that prints: most as themselves (in Latin-1), the other 68 as U+0100 and on,
// in order.

// byteLevelChar returns the character of a byte.
func byteLevelChar(b byte) rune {
	switch {
	case b <= ' ':
		return 0x100 + rune(b)
	case 0x7f <= b && b <= 0xa0:
		return 0x100 + 33 + rune(b-0x7f)
	case b == 0xad:
		return 0x100 + 67
	}
	return rune(b)
}

// byteLevelByte returns the byte of a character of the alphabet.
func byteLevelByte(c rune) (byte, bool) {
	switch {
	case c >= 0x100+68 || c < 0:
		return 0, false
	case c == 0x100+67:
		return 0xad, true
	case c >= 0x100+33:
		return byte(c-0x100-33) + 0x7f, true
	case c >= 0x100:
		return byte(c - 0x100), true
	}
	return byte(c), byteLevelChar(byte(c)) == c
}

// appendByteLevel appends the bytes that a token spells in the alphabet. It
// reports false, and dst as it was, for a token with other characters.
func appendByteLevel(dst []byte, token string) ([]byte, bool) {
	n := len(dst)
	for i := 0; i < len(token); {
		if b := token[i]; '!' <= b && b <= '~' {
			dst = append(dst, b)
			i++
			continue
		}
		c, size := utf8.DecodeRuneInString(token[i:])
		b, ok := byteLevelByte(c)
		if !ok {
			return dst[:n], false
		}
		dst = append(dst, b)
		i += size
	}
	return dst, true
}
