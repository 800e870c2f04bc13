package groqclient

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	sse "github.com/tmaxmax/go-sse"
)

// seen is an event as a test can compare it.
type seen struct{ name, data string }

func readEvents(r io.Reader, limit int) (all []seen, err error) {
	events := newEventReader(r, limit)
	for {
		e, err := events.next()
		if err != nil {
			return all, err
		}
		all = append(all, seen{e.name, string(e.data)})
	}
}

// theirs are the events of go-sse. It also gives events without data, which the
// HTML standard does not dispatch and which mean nothing to this client.
func theirs(input string) (all []seen, err error) {
	for e, err := range sse.Read(strings.NewReader(input), &sse.ReadConfig{MaxEventSize: 1 << 20}) {
		if err != nil {
			return all, err
		}
		if e.Data != "" {
			all = append(all, seen{e.Type, e.Data})
		}
	}
	return all, nil
}

func TestEventReader(t *testing.T) {
	tests := []struct {
		name, in string
		want     []seen
	}{
		{"empty", "", nil},
		{"one", "data: a\n\n", []seen{{"", "a"}}},
		{"named", "event: error\ndata: a\n\ndata: b\n\n", []seen{{"error", "a"}, {"", "b"}}},
		{"mixed line ends", "data: a\r\rdata: b\r\n\r\ndata: c\n\n", []seen{{"", "a"}, {"", "b"}, {"", "c"}}},
		{"two data lines", "data: a\ndata: b\n\n", []seen{{"", "a\nb"}}},
		{"empty data line", "data:\n\n", []seen{{"", ""}}},
		{"only one space goes", "data:  a\n\n", []seen{{"", " a"}}},
		{"no colon", "data\ndata\n\n", []seen{{"", "\n"}}},
		{"name without data is dropped", "event: x\n\ndata: a\n\n", []seen{{"", "a"}}},
		{"line separator U+2028 splits nothing", "data: a\u2028b\n\n", []seen{{"", "a\u2028b"}}},
		{"mark only at the start", "\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n", []seen{{"", "a"}}},
		{"flush without blank line", "data: a\n", []seen{{"", "a"}}},
		{"flush without line end", "data: a", []seen{{"", "a"}}},
		{"byte order mark within", "\n\ufeffdata: a\n\ndata: b\n\n", []seen{{"", "b"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readEvents(strings.NewReader(tt.in), 1<<10)
			require.ErrorIs(t, err, io.EOF)
			require.Equal(t, tt.want, got)
			got, err = readEvents(iotest.OneByteReader(strings.NewReader(tt.in)), 1<<10)
			require.ErrorIs(t, err, io.EOF)
			require.Equal(t, tt.want, got, "byte by byte")
		})
	}
}

func TestEventReaderLimits(t *testing.T) {
	fits := "data: " + strings.Repeat("x", 100) + "\n\n"
	_, err := readEvents(strings.NewReader(fits), 100)
	require.ErrorIs(t, err, io.EOF)
	for name, in := range map[string]string{
		"line":         "data: " + strings.Repeat("x", 200) + "\n\n",
		"endless":      strings.Repeat("x", 200),
		"lines joined": strings.Repeat("data: "+strings.Repeat("x", 60)+"\n", 2) + "\n",
		"empty lines":  strings.Repeat("data\n", 200),
	} {
		_, err := readEvents(strings.NewReader(in), 100)
		require.ErrorIs(t, err, ErrLineTooLong, name)
	}
}

// TestEventReaderError keeps the error of a cut connection and gives no event
// that the cut may have halved.
func TestEventReaderError(t *testing.T) {
	in := io.MultiReader(strings.NewReader("data: a\n\ndata: {\"b"), iotest.ErrReader(io.ErrUnexpectedEOF))
	got, err := readEvents(in, 1<<10)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Equal(t, []seen{{"", "a"}}, got)
}

// FuzzEventReader compares with go-sse, but for two differences: it drops an
// event without a blank line, which stands at the end for this reason, and takes
// off a byte order mark that follows blank lines at the beginning.
func FuzzEventReader(f *testing.F) {
	for _, s := range []string{
		"data: a\n\n", "event: e\r\ndata:b\r\n\r\n", "data: a\rdata: b\r\r", ": c\n\ndata: a\n\n",
		"\xef\xbb\xbfdata: a\n\n", "id: 1\nretry: 2\ndata: a\n\n", "data\n\n", "data: a\n\ndata: b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if trimmed := strings.TrimLeft(in, "\r\n"); trimmed != in && strings.HasPrefix(trimmed, "\ufeff") {
			t.Skip("go-sse takes the byte order mark off")
		}
		in += "\n\n"
		want, err := theirs(in)
		if err != nil {
			t.Skip("go-sse refuses it:", err)
		}
		for name, r := range map[string]io.Reader{
			"whole":        strings.NewReader(in),
			"byte by byte": iotest.OneByteReader(strings.NewReader(in)),
		} {
			all, err := readEvents(r, 1<<20)
			require.ErrorIs(t, err, io.EOF)
			var got []seen
			for _, e := range all {
				if e.data != "" {
					got = append(got, e)
				}
			}
			require.Equal(t, want, got, name)
		}
	})
}

// BenchmarkEventReader prints the throughput beside go-sse's, on chunks like
// Groq's and on lines of 1 MB.
func BenchmarkEventReader(b *testing.B) {
	chunk := fmt.Sprintf("data: {%q:%q}\n\n", "choices", strings.Repeat("token ", 50))
	long := "data: " + strings.Repeat("x", 1<<20) + "\n\n"
	for name, stream := range map[string][]byte{
		"chunks":  bytes.Repeat([]byte(chunk), 4<<20/len(chunk)),
		"1MBline": bytes.Repeat([]byte(long), 4),
	} {
		b.Run(name+"/ours", func(b *testing.B) {
			b.SetBytes(int64(len(stream)))
			b.ReportAllocs()
			for b.Loop() {
				events := newEventReader(bytes.NewReader(stream), 16<<20)
				for _, err := events.next(); err == nil; _, err = events.next() {
				}
			}
		})
		b.Run(name+"/go-sse", func(b *testing.B) {
			b.SetBytes(int64(len(stream)))
			b.ReportAllocs()
			for b.Loop() {
				for _, err := range sse.Read(bytes.NewReader(stream), &sse.ReadConfig{MaxEventSize: 16 << 20}) {
					require.NoError(b, err)
				}
			}
		})
	}
}
