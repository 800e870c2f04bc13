package batch

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lpuctl/lpuctl/groqclient"
)

// maxLine bounds a line of any file, in bytes. It is more than the largest
// reply that groqclient reads, which becomes a line.
const maxLine = 512 << 20

// maxProblems is how many bad lines an error names.
const maxProblems = 10

// A request is a line of the input without its body.
type request struct {
	id     string
	line   int   // from 1
	offset int64 // of the line in the file, in bytes
	size   int   // of the line, in bytes
	path   string
	model  string
	bytes  int // of the body
	limit  int // most tokens of the answer; 0 if none is set
}

// endpoints are the urls of what can be sent: those whose requests are JSON.
// Audio is sent as a form, from a file, which a line has no place for.
func endpoints() []string {
	return []string{"/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/reranking"}
}

// readRequests reads and checks the whole input, whose urls must be among those
// given. Its error lists the lines that are not good, up to maxProblems of them.
func readRequests(r io.Reader, urls []string) ([]request, error) {
	var (
		requests []request
		problems problems
		first    = map[string]int{} // line of each custom_id
	)
	err := eachLine(r, func(n int, offset int64, line []byte) error {
		q, err := parseRequest(line, urls)
		if err == nil && first[q.id] > 0 {
			err = fmt.Errorf("custom_id %q is that of line %d too", q.id, first[q.id])
		}
		if err != nil {
			problems.add(n, err)
			return nil
		}
		q.line, q.offset, q.size = n, offset, len(line)
		first[q.id] = n
		requests = append(requests, q)
		return nil
	})
	if err = cmp.Or(err, problems.err()); err != nil {
		return nil, err
	}
	if len(requests) == 0 {
		return nil, errors.New("no requests")
	}
	return requests, nil
}

// problems are the errors of lines, of which the first few are kept.
type problems struct {
	first []error
	more  int
}

func (p *problems) add(line int, err error) {
	if len(p.first) < maxProblems {
		p.first = append(p.first, fmt.Errorf("line %d: %w", line, err))
	} else {
		p.more++
	}
}

func (p *problems) err() error {
	if p.more > 0 {
		p.first = append(p.first, fmt.Errorf("and %d more", p.more))
	}
	return errors.Join(p.first...)
}

func parseRequest(line []byte, urls []string) (request, error) {
	var l groqclient.BatchLine
	if err := json.Unmarshal(line, &l); err != nil {
		return request{}, err
	}
	switch {
	case l.CustomID == "":
		return request{}, errors.New("no custom_id")
	case l.Method != "POST":
		return request{}, fmt.Errorf("method %q: want POST", l.Method)
	case !slices.Contains(urls, l.URL):
		return request{}, fmt.Errorf("url %q: want %s", l.URL, strings.Join(urls, " or "))
	}
	q := request{id: l.CustomID, path: strings.TrimPrefix(l.URL, "/v1"), bytes: len(l.Body)}
	return q, q.readBody(l.Body)
}

// readBody takes from the body what pacing needs.
func (q *request) readBody(body json.RawMessage) error {
	var b struct {
		Model               string  `json:"model"`
		Stream              bool    `json:"stream"`
		MaxCompletionTokens float64 `json:"max_completion_tokens"`
		MaxTokens           float64 `json:"max_tokens"`
		MaxOutputTokens     float64 `json:"max_output_tokens"`
	}
	if !bytes.HasPrefix(body, []byte("{")) {
		return errors.New("body: want an object")
	}
	if err := json.Unmarshal(body, &b); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	switch {
	case b.Model == "":
		return errors.New("body: no model")
	case b.Stream:
		return errors.New("body: stream must not be set: a line gets one whole answer")
	}
	const most = 1 << 30 // keeps the conversion in range
	q.model = b.Model
	q.limit = int(min(max(b.MaxCompletionTokens, b.MaxTokens, b.MaxOutputTokens, 0), most))
	return nil
}

// eachLine calls f with each line that is not blank: its number, its offset and
// its bytes with their newline, which only the last line may lack. The bytes
// are valid until f returns.
func eachLine(r io.Reader, f func(n int, offset int64, line []byte) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	lines.Split(wholeLines)
	n, offset := 1, int64(0)
	for ; lines.Scan(); n++ {
		line := lines.Bytes()
		if len(bytes.TrimSpace(line)) > 0 {
			if err := f(n, offset, line); err != nil {
				return err
			}
		}
		offset += int64(len(line))
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("line %d: %w", n, err)
	}
	return nil
}

// wholeLines is [bufio.ScanLines] with the newlines kept.
func wholeLines(data []byte, atEOF bool) (int, []byte, error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i+1], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}
