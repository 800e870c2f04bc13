package gguf

import (
	"encoding/binary"
	"fmt"
)

// maxHeader bounds the bytes before the tensor data, and with them what the
// parsed header takes in memory. A vocabulary of 262144 pieces takes 10 MB.
const maxHeader = 64 << 20

// maxLength bounds the bytes of a string and the elements of an array, as
// GGML's own reader does.
const maxLength = 1 << 30

// cursor reads little-endian numbers. After a failure, err is set and every
// method returns zero.
type cursor struct {
	data []byte
	pos  int
	err  error
}

func (c *cursor) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

// remaining is the number of bytes that the header can still take.
func (c *cursor) remaining() uint64 {
	return uint64(min(len(c.data), maxHeader) - c.pos)
}

// bytes returns the next n bytes, which it calls what in errors.
func (c *cursor) bytes(n uint64, what string) []byte {
	switch {
	case c.err != nil:
		return nil
	case n > c.remaining() && len(c.data) > maxHeader:
		c.fail("%s: the header is longer than %d bytes", what, maxHeader)
		return nil
	case n > c.remaining():
		c.fail("%s: %d bytes at offset %d end after the file (%d bytes)", what, n, c.pos, len(c.data))
		return nil
	}
	b := c.data[c.pos : c.pos+int(n)]
	c.pos += int(n)
	return b
}

func (c *cursor) u32(what string) uint32 {
	if b := c.bytes(4, what); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) u64(what string) uint64 {
	if b := c.bytes(8, what); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// count reads a number of things that take at least size bytes each, and fails
// if the file cannot hold that many.
func (c *cursor) count(size uint64, what string) int {
	n := int64(c.u64(what))
	switch {
	case c.err != nil:
		return 0
	case n < 0:
		c.fail("%s is %d", what, n)
		return 0
	case uint64(n) > c.remaining()/size:
		c.fail("%s is %d, but only %d bytes remain for the header", what, n, c.remaining())
		return 0
	}
	return int(n)
}

// str reads a string with a length of 64 bits before it.
func (c *cursor) str(what string) string {
	n := c.u64(what)
	if n > maxLength {
		c.fail("%s: string of %d bytes, more than %d", what, n, maxLength)
	}
	return string(c.bytes(n, what))
}
