package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// vectors is a server whose vector of a text begins with its length. Order is
// the reverse of that of the texts.
func vectors(t *testing.T) *fakeGroq {
	g := newFakeGroq(t)
	g.handle("POST /embeddings", func(w http.ResponseWriter, r *http.Request) {
		var req struct {
			Model, EncodingFormat string
			Input                 []string
		}
		if json.NewDecoder(r.Body).Decode(&req) != nil || req.Model != "e" {
			refuseCall(w, 400, "want model e")
			return
		}
		fmt.Fprint(w, `{"object":"list","model":"e-1","data":[`)
		for i := len(req.Input) - 1; i >= 0; i-- {
			fmt.Fprintf(w, `{"index":%d,"embedding":[%d,0.1,-1e-30]}`, i, len(req.Input[i]))
			if i > 0 {
				fmt.Fprint(w, ",")
			}
		}
		fmt.Fprint(w, `],"usage":{"prompt_tokens":3,"total_tokens":3}}`)
	})
	return g
}

func TestEmbed(t *testing.T) {
	g := vectors(t)
	require.Equal(t, "3 0.1 -1e-30\n4 0.1 -1e-30\n", g.must("embed", "-m", "e", "one", "four"))
	require.JSONEq(t, `{"model":"e","input":["one","four"],"encoding_format":"float"}`, g.body())
	require.JSONEq(t, `{"model":"e-1","vectors":[[3,0.1,-1e-30]],"usage":{"prompt_tokens":3,"total_tokens":3}}`,
		g.must("embed", "-m", "e", "-o", "json", "one"))
	// struct.pack("<3f", 3, 0.1, -1e-30) of Python, in base64
	const packed = "AABAQM3MzD1gQqKN"
	require.Equal(t, result{out: packed + "\n"}, g.runWith("abc\n", "embed", "-m", "e", "--encoding", "base64"))
	require.Contains(t, g.must("embed", "-m", "e", "-o", "json", "--encoding=base64", "one"), `"vectors":["`+packed+`"]`)
}

// TestEmbedLines asks in several requests and keeps the order.
func TestEmbedLines(t *testing.T) {
	g := vectors(t)
	r := g.runWith("a\r\nbb\nccc\ndddd\neeeee\n", "embed", "-m", "e", "--lines", "--per-request", "2")
	require.Equal(t, result{out: "1 0.1 -1e-30\n2 0.1 -1e-30\n3 0.1 -1e-30\n4 0.1 -1e-30\n5 0.1 -1e-30\n"}, r)
	require.Len(t, g.calls(), 3)
	r = g.runWith("a\nbb\nccc", "embed", "-m", "e", "--lines", "--per-request", "2", "-o", "json")
	require.JSONEq(t, `{"model":"e-1","vectors":[[1,0.1,-1e-30],[2,0.1,-1e-30],[3,0.1,-1e-30]],
		"usage":{"prompt_tokens":6,"total_tokens":6}}`, r.out)
}

func TestEmbedRefuses(t *testing.T) {
	g := vectors(t)
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{exitUsage, "no model: give -m", []string{"embed", "x"}},
		{exitUsage, "text 2 is empty", []string{"embed", "x", " "}},
		{exitUsage, "text 1 is empty", []string{"embed"}},
		{exitUsage, "either TEXT or --lines", []string{"embed", "--lines", "x"}},
		{exitUsage, "--encoding int8", []string{"embed", "--encoding", "int8", "x"}},
		{exitUsage, "--per-request 0", []string{"embed", "--per-request", "0", "x"}},
		{exitUsage, "-o xml", []string{"embed", "-o", "xml", "x"}},
		{exitRefused, "want model e", []string{"embed", "-m", "other", "x"}},
	} {
		r := g.run(c.args...)
		require.Equal(t, c.code, r.code, "%q", c.args)
		require.Contains(t, r.err, c.says)
		require.Empty(t, r.out)
	}
	r := g.runWith("\xff", "embed", "-m", "e")
	require.Equal(t, result{code: exitError, err: "lpuctl: stdin: not UTF-8 text\n"}, r)
	t.Setenv("GROQ_API_KEY", "gsk_other")
	require.Equal(t, exitKey, g.run("embed", "-m", "e", "x").code)
	g.Close()
	require.Equal(t, exitNetwork, g.run("embed", "-m", "e", "x").code)
}

// TestEmbedIncomplete does not pass off what came as the whole.
func TestEmbedIncomplete(t *testing.T) {
	for _, data := range []string{``, `{"index":1,"embedding":[1]}`, `{"index":0,"embedding":[]}`,
		`{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}`, `{"index":0,"embedding":[1]},{"index":1,"embedding":[1]}`} {
		g := newFakeGroq(t)
		g.on("POST /embeddings", "application/json", `{"data":[`+data+`]}`)
		r := g.run("embed", "-m", "e", "x")
		require.Equal(t, exitError, r.code)
		require.Contains(t, r.err, "the server")
		require.Empty(t, r.out)
	}
}
