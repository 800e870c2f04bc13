package main

import (
	"math"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
)

// verbose is a transcript with segments; testdata/subtitles.srt and .vtt are
// what the Python packages srt 3.5.3 and webvtt-py 0.6.0 make of the same.
const verbose = `{"text":" Hello, world. Fish.","language":"english","duration":"36001","x_groq":{"id":"req_7"},"segments":[
{"id":0,"start":0,"end":2.5,"text":" Hello, world."},
{"id":1,"start":2.5,"end":61.063,"text":" Fish and chips, 1 to 2."},
{"id":2,"start":61.063,"end":62,"text":"  "},
{"id":3,"start":3599.9997,"end":3600.25,"text":" One hour."},
{"id":4,"start":36000.001,"end":36001,"text":" Ünïcode – ten hours."}]}`

// transcriber is a server that answers by response_format and keeps the forms.
func transcriber(t *testing.T, path string, form *map[string][]string) *fakeGroq {
	g := newFakeGroq(t)
	g.handle("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil {
			refuseCall(w, 400, err.Error())
			return
		}
		f, err := multipart.NewReader(r.Body, params["boundary"]).ReadForm(1 << 20)
		if err != nil {
			refuseCall(w, 400, err.Error())
			return
		}
		*form = f.Value
		for _, file := range f.File["file"] {
			(*form)["file"] = []string{file.Filename, file.Header.Get("Content-Type")}
		}
		switch f.Value["response_format"][0] {
		case "text":
			w.Header().Set("Content-Type", "text/plain")
			w.Write([]byte(" Hello.\x1b[2J \n")) //nolint:errcheck // the client may have gone
		case "json":
			w.Write([]byte(`{"text":" Hello.","x_groq":{"id":"req_7"}}`)) //nolint:errcheck // the client may have gone
		default:
			w.Write([]byte(verbose)) //nolint:errcheck // the client may have gone
		}
	})
	return g
}

func recording(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "talk.mp3")
	require.NoError(t, os.WriteFile(path, []byte("ID3"), 0o600))
	return path
}

func recorded(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return string(data)
}

func TestTranscribe(t *testing.T) {
	var form map[string][]string
	g := transcriber(t, "/audio/transcriptions", &form)
	path := recording(t)
	require.Equal(t, "Hello.[2J\n", g.must("transcribe", "-m", "w", path, "--language", "de", "--prompt", "Groq", "--temp", "0"))
	require.Equal(t, map[string][]string{
		"model": {"w"}, "language": {"de"}, "prompt": {"Groq"}, "temperature": {"0"}, "response_format": {"text"},
		"file": {"talk.mp3", "audio/mpeg"},
	}, form)
	require.JSONEq(t, `{"text":" Hello.","x_groq":{"id":"req_7"}}`, g.must("transcribe", "-m", "w", path, "--json"))
	require.Contains(t, g.must("transcribe", "-m", "w", path, "--format", "verbose_json", "--words"), "One hour.")
	require.Equal(t, []string{"word", "segment"}, form["timestamp_granularities[]"])
	g.must("transcribe", "-m", "w", "https://example.org/talk.mp3")
	require.Equal(t, []string{"https://example.org/talk.mp3"}, form["url"])
	require.NotContains(t, form, "file")
}

func TestSubtitles(t *testing.T) {
	var form map[string][]string
	g := transcriber(t, "/audio/translations", &form)
	for _, format := range []string{"srt", "vtt"} {
		require.Equal(t, recorded(t, "subtitles."+format), g.must("transcribe", "-m", "w", recording(t), "--translate", "--format", format))
		out := filepath.Join(t.TempDir(), "talk."+format)
		require.Empty(t, g.must("transcribe", "-m", "w", recording(t), "--translate", "--format", format, "-o", out))
		data, err := os.ReadFile(out)
		require.NoError(t, err)
		require.Equal(t, recorded(t, "subtitles."+format), string(data))
	}
	require.Equal(t, []string{"verbose_json"}, form["response_format"])
}

// TestCues keeps texts and times from breaking the form of the file.
func TestCues(t *testing.T) {
	var b strings.Builder
	segments := []groqclient.Segment{
		{Start: math.NaN(), End: math.Inf(1), Text: "a\n\n2 --> b\x1b <i>&amp;"}, {Start: -3, End: 1e300, Text: "c"},
	}
	require.NoError(t, writeSubtitles(&b, segments, formatSRT))
	require.Equal(t, "1\n00:00:00,000 --> 99:59:59,000\na 2 -> b <i>&amp;\n\n2\n00:00:00,000 --> 99:59:59,000\nc\n\n", b.String())
	b.Reset()
	require.NoError(t, writeSubtitles(&b, segments[:1], formatVTT))
	require.Equal(t, "WEBVTT\n\n00:00:00.000 --> 99:59:59.000\na 2 --&gt; b &lt;i&gt;&amp;amp;\n", b.String())
}

func TestTranscribeRefuses(t *testing.T) {
	g := newFakeGroq(t)
	path, nowhere := recording(t), filepath.Join(t.TempDir(), "none.mp3")
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{exitUsage, "--format mp4: want", []string{path, "--format", "mp4"}},
		{exitUsage, "--words needs", []string{path, "--words"}},
		{exitUsage, "--translate excludes", []string{path, "--translate", "--language", "de"}},
		{exitUsage, "no model", []string{path}},
		{exitError, "none.mp3: no such file", []string{nowhere, "-m", "w"}},
		{exitRefused, "unknown /openai/v1/audio/transcriptions", []string{path, "-m", "w"}},
	} {
		out := filepath.Join(t.TempDir(), "out.srt")
		r := g.run(append([]string{"transcribe", "-o", out}, c.args...)...)
		require.Equal(t, c.code, r.code, "%q: %s", c.args, r.err)
		require.Contains(t, r.err, c.says)
		require.NoFileExists(t, out)
	}
	g.on("POST /audio/transcriptions", "application/json", `{"text":"no segments"}`)
	r := g.run("transcribe", "-m", "w", path, "--format", "srt")
	require.Equal(t, exitError, r.code)
	require.Contains(t, r.err, "no segments")
}

func TestSpeak(t *testing.T) {
	g := newFakeGroq(t)
	sound := strings.Repeat("RIFF\x00\xff", 1000)
	g.on("POST /audio/speech", "audio/wav", sound)
	require.Equal(t, result{out: sound}, g.runWith("Hi.\n", "speak", "-m", "o", "--voice", "troy"))
	require.JSONEq(t, `{"model":"o","input":"Hi.","voice":"troy"}`, g.body())
	out := filepath.Join(t.TempDir(), "hi.wav")
	require.JSONEq(t, `{"file":"`+out+`","bytes":6000,"request_id":"req_1"}`,
		g.must("speak", "-m", "o", "--voice", "troy", "Hi.", "-o", out, "--sample-rate", "8000", "--speed", "1.5", "--json"))
	require.JSONEq(t, `{"model":"o","input":"Hi.","voice":"troy","response_format":"wav","sample_rate":8000,"speed":1.5}`, g.body())
	data, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, sound, string(data))
}

// TestSpeakLeavesNoHalf when the audio breaks off or is none.
func TestSpeakLeavesNoHalf(t *testing.T) {
	g := newFakeGroq(t)
	g.handle("POST /audio/speech", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "6000")
		w.Write([]byte("RIFF")) //nolint:errcheck // the client may have gone
	})
	dir := t.TempDir()
	out := filepath.Join(dir, "hi.wav")
	require.NoError(t, os.WriteFile(out, []byte("old"), 0o600))
	r := g.run("speak", "-m", "o", "--voice", "troy", "Hi.", "-o", out)
	require.Equal(t, exitNetwork, r.code)
	require.Contains(t, r.err, "after 4 bytes")
	data, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, "old", string(data))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	for says, args := range map[string][]string{
		"no voice":      {"x"},
		"--format m4a":  {"x", "--voice", "v", "--format", "m4a"},
		"--json needs":  {"x", "--voice", "v", "--json"},
		"no model: giv": {"x", "--voice", "v"},
	} {
		r := g.run(append([]string{"speak"}, args...)...)
		require.Equal(t, exitUsage, r.code)
		require.Contains(t, r.err, says)
	}
}
