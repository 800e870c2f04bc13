package groqclient

import (
	"bytes"
	"fmt"
	"io"
)

// An event is one server-sent event. Its data is valid until the next one is
// read.
type event struct {
	name string
	data []byte
}

// An eventReader parses a stream of server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html). Lines end
// in LF, CR or CRLF; comments, ids and retry times are skipped; every byte is
// looked at once. Other than a browser, it also gives the event that the end of
// the stream leaves without its blank line, because servers forget it.
type eventReader struct {
	r      io.Reader
	limit  int    // of the data of one event, and of one line
	buf    []byte // buf[start:end] has been read and not parsed
	start  int
	end    int
	skipLF bool // the line before ended in CR: a LF now belongs to it
	first  bool // no line yet: a byte order mark may come
	data   []byte
	err    error // of r, once the buffer is used up
}

// newEventReader reads events of at most limit bytes from r.
func newEventReader(r io.Reader, limit int) *eventReader {
	return &eventReader{r: r, limit: limit, buf: make([]byte, min(4<<10, limit)), first: true}
}

// next returns the next event that has data, or io.EOF, or the error of the
// reader, or ErrLineTooLong.
func (s *eventReader) next() (event, error) {
	var e event
	s.data = s.data[:0]
	lines := 0
	for {
		line, err := s.line()
		if err == io.EOF && lines > 0 {
			e.data = s.data
			return e, nil
		}
		if err != nil {
			return event{}, err
		}
		if len(line) == 0 {
			if lines > 0 {
				e.data = s.data
				return e, nil
			}
			e.name = ""
			continue
		}
		switch name, value := splitField(line); string(name) {
		case "event":
			e.name = string(value)
		case "data":
			if err := s.addData(value, lines); err != nil {
				return event{}, err
			}
			lines++
		}
	}
}

// addData joins the data lines of one event with line feeds.
func (s *eventReader) addData(value []byte, lines int) error {
	if lines > 0 {
		s.data = append(s.data, '\n')
	}
	if len(s.data)+len(value) > s.limit {
		return fmt.Errorf("%w of %d bytes", ErrLineTooLong, s.limit)
	}
	s.data = append(s.data, value...)
	return nil
}

// splitField splits "name: value"; the one space after the colon is optional.
// A comment has the empty name.
func splitField(line []byte) (name, value []byte) {
	name, value, _ = bytes.Cut(line, []byte(":"))
	return name, bytes.TrimPrefix(value, []byte(" "))
}

// line returns the next line without its end. The last one may lack an end.
func (s *eventReader) line() ([]byte, error) {
	scanned := 0
	for {
		if s.skipLF && s.start < s.end {
			if s.buf[s.start] == '\n' {
				s.start++
			}
			s.skipLF = false
		}
		window := s.buf[s.start:s.end]
		if i := indexLineEnd(window[scanned:]); i >= 0 {
			line := window[:scanned+i]
			s.skipLF = window[scanned+i] == '\r'
			s.start += scanned + i + 1
			return s.withoutBOM(line), nil
		}
		scanned = len(window)
		if s.err == io.EOF && scanned > 0 {
			s.start = s.end
			return s.withoutBOM(window), nil
		}
		if s.err != nil {
			return nil, s.err
		}
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
}

// indexLineEnd is the index of the first CR or LF, or -1. It looks at short
// blocks in turn, so that the search for one of the two never runs far ahead of
// the other and the whole stays linear.
func indexLineEnd(b []byte) int {
	const block = 512
	for at := 0; at < len(b); at += block {
		part := b[at:min(at+block, len(b))]
		lf := bytes.IndexByte(part, '\n')
		if lf >= 0 {
			part = part[:lf]
		}
		if cr := bytes.IndexByte(part, '\r'); cr >= 0 {
			return at + cr
		}
		if lf >= 0 {
			return at + lf
		}
	}
	return -1
}

func (s *eventReader) withoutBOM(line []byte) []byte {
	if s.first {
		s.first = false
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	return line
}

// fill reads more behind the window, making room first.
func (s *eventReader) fill() error {
	if s.start > 0 {
		s.end = copy(s.buf, s.buf[s.start:s.end])
		s.start = 0
	}
	if s.end == len(s.buf) {
		// The limit is on data; a line is a little longer by its field name.
		if s.end >= s.limit+len("data: ") {
			return fmt.Errorf("%w of %d bytes", ErrLineTooLong, s.limit)
		}
		s.buf = append(s.buf, make([]byte, min(len(s.buf), s.limit+len("data: \n")-s.end))...)
	}
	n, err := s.r.Read(s.buf[s.end:])
	s.end += n
	s.err = err
	return nil
}
