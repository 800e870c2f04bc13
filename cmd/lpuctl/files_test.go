package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const fileA = `{"id":"file_a","object":"file","bytes":966,"created_at":1736472501,"filename":"a.jsonl","purpose":"batch","new":[1]}`

func TestFiles(t *testing.T) {
	g := newFakeGroq(t)
	g.on("GET /files", "application/json", `{"object":"list","data":[`+fileA+`]}`)
	g.on("GET /files/file_a", "application/json", fileA)
	g.on("GET /files/file_a/content", "application/octet-stream", "{}\n\x1b")
	g.on("DELETE /files/file_a", "application/json", `{"id":"file_a","object":"file","deleted":true}`)
	g.on("POST /files", "application/json", fileA)

	table := "file_a  " + localTime(time.Unix(1736472501, 0)) + "  batch  966  a.jsonl\n"
	require.Equal(t, table, g.must("files", "list"))
	require.JSONEq(t, `{"files":[`+fileA+`]}`, g.must("files", "list", "-o", "json"))
	require.Equal(t, table, g.must("files", "show", "file_a"))
	require.JSONEq(t, fileA, g.must("files", "show", "file_a", "-o", "json"))
	require.Equal(t, "{}\n\x1b", g.must("files", "content", "file_a"))
	out := filepath.Join(t.TempDir(), "a.jsonl")
	require.Empty(t, g.must("files", "content", "file_a", "-o", out))
	data, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, "{}\n\x1b", string(data))
	require.Equal(t, "deleted file_a\n", g.must("files", "delete", "file_a"))
	require.JSONEq(t, `{"id":"file_a","object":"file","deleted":true}`, g.must("files", "delete", "file_a", "-o", "json"))
	require.Equal(t, "file_a\n", g.must("files", "upload", out, "--purpose", "batch"))
	require.Contains(t, g.body(), "{}\n\x1b")
	require.JSONEq(t, fileA, g.must("files", "upload", out, "-o", "json"))
}

func TestFilesRefuse(t *testing.T) {
	g := newFakeGroq(t)
	g.handle("POST /files", func(w http.ResponseWriter, _ *http.Request) { refuseCall(w, 500, "full of "+canary) })
	g.on("GET /files", "application/json", `{"data":[]}`)
	out := filepath.Join(t.TempDir(), "a.jsonl")
	r := g.run("files", "content", "file_b", "-o", out)
	require.Equal(t, exitRefused, r.code)
	require.NoFileExists(t, out)
	require.NoError(t, os.WriteFile(out, []byte("{}"), 0o600))
	require.Equal(t, exitServer, g.run("files", "upload", out).code)
	require.Equal(t, exitUsage, g.run("files", "remove", "file_b").code)
	require.Equal(t, exitUsage, g.run("files", "list", "-o", "yaml").code)
	require.Equal(t, exitError, g.run("files", "upload", t.TempDir()).code)
	require.JSONEq(t, `{"files":[]}`, g.must("files", "list", "-o", "json"))
	g.handle("DELETE /files/x", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "900")
		refuseCall(w, 429, "slowly")
	})
	r = g.run("files", "delete", "x")
	require.Equal(t, exitLimit, r.code)
	require.Contains(t, r.err, "the server asks to wait 15m0s")
}
