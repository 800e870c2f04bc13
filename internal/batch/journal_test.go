package batch

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
)

// answered is the result of an answer with the status.
func answered(id string, status int) *groqclient.BatchResult {
	return resultOf(request{id: id}, outcome{reply: []byte(`{"text":"<ok>"}`), meta: groqclient.Meta{StatusCode: status}})
}

// resultLine is that result as a line.
func resultLine(t testing.TB, id string, status int) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, encodeResult(&b, answered(id, status)))
	return b.String()
}

func ids(names ...string) map[string]bool {
	set := map[string]bool{}
	for _, name := range names {
		set[name] = true
	}
	return set
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

// TestResumeCutsTornLine cuts the output at every byte of its last line.
func TestResumeCutsTornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	whole, last := resultLine(t, "a", 200), resultLine(t, "b", 200)
	for n := range len(last) {
		require.NoError(t, os.WriteFile(path, []byte(whole+last[:n]), 0o600))
		j, err := openJournal(path, RetryTransient, ids("a", "b"))
		require.NoError(t, err)
		require.Equal(t, ids("a"), j.succeeded)
		require.NoError(t, j.commit([]*groqclient.BatchResult{answered("b", 200)}))
		require.NoError(t, j.close())
		require.Regexp(t, `^[^\n]*"a"[^\n]*\n[^\n]*"b"[^\n]*\n$`, read(t, path), "cut after %d bytes", n)
	}
}

// TestForeignOutput leaves files that are not outputs of the input alone.
func TestForeignOutput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	good := resultLine(t, "a", 200)
	for _, c := range []struct{ text, want string }{
		{"my only copy", "line 1: has no end"},
		{good + "my notes\n", "line 2: invalid character"},
		{inputLine("a"), "line 1: not a result of a batch"},
		{good + good, `line 2: custom_id "a" comes twice`},
		{resultLine(t, "z", 200), `line 1: custom_id "z" is not in the input`},
		{"\x00\x00", "line 1: has no end"},
	} {
		require.NoError(t, os.WriteFile(path, []byte(c.text), 0o600))
		_, err := openJournal(path, RetryTransient, ids("a"))
		require.ErrorContains(t, err, path+": "+c.want)
		require.Equal(t, c.text, read(t, path))
	}
}

// TestResumeFailures retries what each policy says, and what succeeded in the
// end is no failure any more.
func TestResumeFailures(t *testing.T) {
	known := ids("ok", "bad", "busy", "down")
	bad, busy := resultLine(t, "bad", 400), resultLine(t, "busy", 503)
	down := resultOf(request{id: "down"}, outcome{err: &groqclient.TransportError{Err: os.ErrDeadlineExceeded}})
	var b bytes.Buffer
	require.NoError(t, encodeResult(&b, down))
	for retry, keep := range map[string]string{
		RetryNone: bad + busy + b.String(), RetryTransient: bad, RetryAll: "",
	} {
		path := filepath.Join(t.TempDir(), "out.jsonl")
		require.NoError(t, os.WriteFile(path, []byte(resultLine(t, "ok", 200)), 0o600))
		failures := bad + resultLine(t, "ok", 500) + busy + b.String() + busy[:40]
		require.NoError(t, os.WriteFile(ErrorsPath(path), []byte(failures), 0o600))
		j, err := openJournal(path, retry, known)
		require.NoError(t, err)
		require.Equal(t, ids("ok"), j.succeeded)
		require.NoError(t, j.close())
		if keep == "" {
			require.NoFileExists(t, ErrorsPath(path))
			continue
		}
		require.Equal(t, keep, read(t, ErrorsPath(path)))
	}
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	first, err := openJournal(path, RetryAll, nil)
	require.NoError(t, err)
	_, err = openJournal(path, RetryAll, nil)
	require.ErrorIs(t, err, ErrLocked)
	require.ErrorContains(t, err, path)
	require.NoError(t, first.close())
	again, err := openJournal(path, RetryAll, nil)
	require.NoError(t, err)
	require.NoError(t, again.close())
}

// TestCommitFails says so when the output cannot be written.
func TestCommitFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	j, err := openJournal(path, RetryAll, nil)
	require.NoError(t, err)
	require.NoError(t, j.out.Close())
	err = j.commit([]*groqclient.BatchResult{answered("a", 200)})
	require.ErrorIs(t, err, os.ErrClosed)
	require.False(t, j.has("a"))
}

func FuzzReadResults(f *testing.F) {
	line := resultLine(f, "a", 200)
	f.Add([]byte(line + line[:30]))
	f.Add([]byte(line + resultLine(f, "b", 500)))
	f.Add([]byte("\n{\"custom_id\":\"a\",\"error\":{\"code\":7}}\n{}"))
	known := ids("a", "b")
	f.Fuzz(func(t *testing.T, data []byte) {
		first := map[string]bool{}
		whole, err := readResults(bytes.NewReader(data), known, func(r *groqclient.BatchResult, line []byte) {
			require.False(t, first[r.CustomID])
			require.Contains(t, string(data), string(line))
			first[r.CustomID] = true
		})
		if err != nil {
			return
		}
		second := map[string]bool{}
		again, err := readResults(bytes.NewReader(data[:whole]), known, func(r *groqclient.BatchResult, _ []byte) {
			second[r.CustomID] = true
		})
		require.NoError(t, err)
		require.Equal(t, whole, again)
		require.Equal(t, first, second)
	})
}
