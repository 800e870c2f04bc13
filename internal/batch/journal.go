package batch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/internal/atomicfile"
)

// ErrLocked means that another run has the output.
var ErrLocked = errors.New("another run is writing to it")

// lineStart is how every line that a run writes begins.
const lineStart = `{"id":"batch_req_`

// A journal is the output and the failures. Only whole lines count.
type journal struct {
	out        *os.File // locked
	errs       *os.File // nil until something fails
	errsPath   string
	succeeded  map[string]bool
	failed     map[string]bool
	outs, fail bytes.Buffer // lines of the commit that is being made
}

// openJournal opens the output for appending, cuts off a torn last line, and
// takes out of the failures those that are to be sent again. known are the
// custom_ids of the input; a line of another one is an error, because then the
// output is not of this input.
func openJournal(path, retry string, known map[string]bool) (*journal, error) {
	out, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	j := &journal{
		out: out, errsPath: ErrorsPath(path), succeeded: map[string]bool{}, failed: map[string]bool{},
	}
	if err := j.resume(retry, known); err != nil {
		out.Close()
		return nil, err
	}
	return j, nil
}

func (j *journal) resume(retry string, known map[string]bool) error {
	if err := lock(j.out); err != nil {
		return fmt.Errorf("%s: %w", j.out.Name(), err)
	}
	whole, err := readResults(j.out, known, func(r *groqclient.BatchResult, _ []byte) {
		j.succeeded[r.CustomID] = true
	})
	if err != nil {
		return fmt.Errorf("%s: %w", j.out.Name(), err)
	}
	if err := j.out.Truncate(whole); err != nil {
		return err
	}
	if _, err := j.out.Seek(whole, io.SeekStart); err != nil {
		return err
	}
	if err := j.resumeFailures(retry, known); err != nil {
		return fmt.Errorf("%s: %w", j.errsPath, err)
	}
	return nil
}

// resumeFailures writes the file of failures anew if lines leave it.
func (j *journal) resumeFailures(retry string, known map[string]bool) error {
	old, err := os.ReadFile(j.errsPath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var keep bytes.Buffer
	_, err = readResults(bytes.NewReader(old), known, func(r *groqclient.BatchResult, line []byte) {
		again := retry == RetryAll || retry == RetryTransient && transient(r)
		if again || j.has(r.CustomID) {
			return
		}
		j.failed[r.CustomID] = true
		keep.Write(line)
	})
	switch {
	case err != nil || keep.Len() == len(old):
		return err
	case keep.Len() == 0:
		return os.Remove(j.errsPath)
	}
	return atomicfile.Write(j.errsPath, 0o644, func(f *os.File) error {
		if _, err := f.Write(keep.Bytes()); err != nil {
			return err
		}
		return f.Sync()
	})
}

// readResults calls f with each whole line and returns how many bytes those
// are. A last line without its end is passed over if a run began it; anything
// else that is not a result of a known request, once, is an error that names
// the line.
func readResults(r io.Reader, known map[string]bool, f func(r *groqclient.BatchResult, line []byte)) (int64, error) {
	whole := int64(0)
	seen := map[string]bool{}
	err := eachLine(r, func(n int, offset int64, line []byte) error {
		if !bytes.HasSuffix(line, []byte("\n")) && torn(line) {
			return nil
		}
		result, err := parseResult(line)
		switch {
		case err != nil:
		case seen[result.CustomID]:
			err = fmt.Errorf("custom_id %q comes twice", result.CustomID)
		case !known[result.CustomID]:
			err = fmt.Errorf("custom_id %q is not in the input", result.CustomID)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		seen[result.CustomID] = true
		f(result, line)
		whole = offset + int64(len(line))
		return nil
	})
	return whole, err
}

// torn reports whether a run began the line.
func torn(line []byte) bool {
	n := min(len(line), len(lineStart))
	return string(line[:n]) == lineStart[:n]
}

func parseResult(line []byte) (*groqclient.BatchResult, error) {
	if !bytes.HasSuffix(line, []byte("\n")) {
		return nil, errors.New("has no end, and is not of a batch run")
	}
	result := new(groqclient.BatchResult)
	if err := json.Unmarshal(line, result); err != nil {
		return nil, err
	}
	if result.CustomID == "" || result.Response == nil && result.Error == nil {
		return nil, errors.New("not a result of a batch: want custom_id, and response or error")
	}
	return result, nil
}

// has reports whether the line is done, well or badly.
func (j *journal) has(id string) bool { return j.succeeded[id] || j.failed[id] }

// commit appends the results and returns when they are on disk. After an error
// the journal must not be used any more.
func (j *journal) commit(results []*groqclient.BatchResult) error {
	j.outs.Reset()
	j.fail.Reset()
	for _, r := range results {
		b := &j.outs
		if !succeeded(r) {
			b = &j.fail
		}
		if err := encodeResult(b, r); err != nil {
			return err
		}
	}
	if err := appendSynced(j.out, j.outs.Bytes()); err != nil {
		return err
	}
	if err := j.commitFailures(); err != nil {
		return err
	}
	for _, r := range results {
		set := j.succeeded
		if !succeeded(r) {
			set = j.failed
		}
		set[r.CustomID] = true
	}
	return nil
}

func (j *journal) commitFailures() (err error) {
	if j.fail.Len() > 0 && j.errs == nil {
		j.errs, err = os.OpenFile(j.errsPath, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			return err
		}
	}
	return appendSynced(j.errs, j.fail.Bytes())
}

func appendSynced(f *os.File, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Sync()
}

// encodeResult writes the result as one line.
func encodeResult(b *bytes.Buffer, r *groqclient.BatchResult) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

func (j *journal) close() error {
	err := j.out.Close()
	if j.errs != nil {
		err = errors.Join(err, j.errs.Close())
	}
	return err
}
