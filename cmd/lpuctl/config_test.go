package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient/groqtest"
	"github.com/lpuctl/lpuctl/internal/config"
)

func modelsReply(x *groqtest.Exchange) {
	if strings.HasSuffix(x.R.URL.EscapedPath(), "/models/openai%2Fgpt-oss-20b") {
		x.Answer(200, "application/json", `{"id":"openai/gpt-oss-20b","owned_by":"OpenAI","context_window":131072,"extra":1}`)
		return
	}
	x.Answer(200, "application/json", `{"data":[{"id":"whisper-large-v3"},{"id":"b/new","owned_by":"B","context_window":10,`+
		`"max_completion_tokens":5},{"id":"openai/gpt-oss-20b","owned_by":"OpenAI"}]}`)
}

func TestModels(t *testing.T) {
	newHome(t)
	server := serveGroq(t, modelsReply)
	o := runCLI(t, "", "models", "--base-url", server.URL)
	require.Equal(t, result{0, strings.Join([]string{
		"b/new               B       10  5  -",
		"openai/gpt-oss-20b  OpenAI  -   -  $0.075 in, $0.3 out (2026-08-18)",
		"whisper-large-v3            -   -  $0.111 an hour (2026-08-18)", "",
	}, "\n"), ""}, o)
	o = runCLI(t, "", "models", "openai/gpt-oss-20b", "--base-url", server.URL, "-o", "json")
	require.JSONEq(t, `{"id":"openai/gpt-oss-20b","object":"","created":0,"owned_by":"OpenAI","context_window":131072,"extra":1}`, o.out)

	for _, args := range [][]string{{"prompt", "-m", ""}, {"prompt", "--model", "o"}, {"models", ""}} {
		o = runCLI(t, "", append([]string{"__complete"}, args...)...)
		require.Contains(t, o.out, "openai/gpt-oss-20b\n", "%q", args)
	}
}

func TestLogin(t *testing.T) {
	newHome(t)
	t.Setenv("GROQ_API_KEY", "")
	server := serveGroq(t, modelsReply)
	o := runCLI(t, "gsk_wrong\n", "login", "--base-url", server.URL)
	require.Equal(t, exitKey, o.code)
	require.NotContains(t, o.err, "gsk_wrong")
	require.Contains(t, o.err, "lpuctl: the key is not kept: ")
	path, err := config.Path()
	require.NoError(t, err)
	require.NoFileExists(t, path)

	o = runCLI(t, canary+"\n", "login", "--base-url", server.URL)
	require.Equal(t, result{0, "", "the key is kept in " + path + "\n"}, o)
	cfg, err := loadConfig()
	require.NoError(t, err)
	require.Equal(t, canary, cfg.Get("api-key"))
	if runtime.GOOS != "windows" {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	require.Zero(t, runCLI(t, "", "models", "--base-url", server.URL).code, "the key is used")

	o = runCLI(t, "", "login", "--no-check", "--api-key-file", writeFile(t, "key", "other"))
	require.Zero(t, o.code)
	for stdin, says := range map[string]string{"": "holds no API key", "two " + canary: "one word", strings.Repeat("x", 9000): "at most"} {
		o = runCLI(t, stdin, "login", "--no-check")
		require.Equal(t, exitUsage, o.code)
		require.Contains(t, o.err, says)
	}
	t.Setenv("GROQ_API_KEY", "x")
	require.Contains(t, runCLI(t, "k", "login", "--no-check").err, "GROQ_API_KEY is set and goes before it")
}

func TestConfig(t *testing.T) {
	newHome(t)
	path, err := config.Path()
	require.NoError(t, err)
	require.Equal(t, result{0, path + "\n", ""}, runCLI(t, "", "config", "path"))
	require.Equal(t, result{0, "", ""}, runCLI(t, "", "config", "get"))
	for _, args := range [][]string{{"model", "m/1"}, {"max-wait", "90s"}, {"proxy", "http://u:" + canary + "@p:1"}, {"header", "-"}} {
		require.Equal(t, result{0, "", ""}, runCLI(t, "X-A: "+canary+"\n", append([]string{"config", "set"}, args...)...))
	}
	o := runCLI(t, "", "config", "get")
	require.Equal(t, "header = [redacted]\nmax-wait = 90s\nmodel = m/1\nproxy = [redacted]\n", o.out)
	require.JSONEq(t, `{"header":"[redacted]","max-wait":"90s","model":"m/1","proxy":"[redacted]"}`, runCLI(t, "", "config", "get", "-o", "json").out)
	require.Equal(t, "m/1\n", runCLI(t, "", "config", "get", "model").out)
	require.Zero(t, runCLI(t, "", "config", "set", "model", "").code)
	require.Equal(t, result{exitError, "", "lpuctl: model is not set\n"}, runCLI(t, "", "config", "get", "model"))

	for _, args := range [][]string{
		{"nosuch", "1"}, {"api-key", "gsk_seen"}, {"max-wait", "soon"}, {"max-retries", "many"}, {"base-url", "ftp://x"},
		{"proxy", "nonsense"}, {"header", "no colon"},
	} {
		o := runCLI(t, "", append([]string{"config", "set"}, args...)...)
		require.Equal(t, exitUsage, o.code, "%q", args)
		require.NotContains(t, o.err, "gsk_seen")
	}
	require.NoError(t, os.WriteFile(path, []byte(`{"modle":"x"}`), 0o600))
	o = runCLI(t, "", "config", "get")
	require.Equal(t, exitUsage, o.code)
	require.Contains(t, o.err, path+`: no setting "modle"`)
	require.Equal(t, exitUsage, runCLI(t, "", "config").code)
}

// TestPrecedence sets everything everywhere and takes the sources away one
// after the other.
func TestPrecedence(t *testing.T) {
	newHome(t)
	type seen struct{ host, key, header, model string }
	var got seen
	watch := func(name string) *groqtest.Server {
		server := groqtest.StartHandler(func(x *groqtest.Exchange) {
			got = seen{name, strings.TrimPrefix(x.R.Header.Get("Authorization"), "Bearer "), x.R.Header.Get("X-From"), ""}
			_, rest, _ := strings.Cut(x.Body, `"model":"`)
			got.model, _, _ = strings.Cut(rest, `"`)
			x.Reply("Hi.")
		})
		t.Cleanup(server.Close)
		return server
	}
	flag, env, file := watch("flag"), watch("env"), watch("file")
	for name, value := range map[string]string{"base-url": file.URL, "model": "file-model", "header": "X-From: file"} {
		require.Zero(t, runCLI(t, "", "config", "set", name, value).code)
	}
	require.Zero(t, runCLI(t, "file-key", "config", "set", "api-key", "-").code)
	t.Setenv("GROQ_API_KEY", "env-key")
	t.Setenv("GROQ_BASE_URL", env.URL)
	t.Setenv("GROQ_CUSTOM_HEADERS", "X-From: env")

	require.Zero(t, runCLI(t, "", "prompt", "q", "--base-url", flag.URL, "--api-key-file", writeFile(t, "k", "flag-key"),
		"--header", "X-From: flag", "-m", "flag-model").code)
	require.Equal(t, seen{"flag", "flag-key", "flag", "flag-model"}, got)
	require.Zero(t, runCLI(t, "", "prompt", "q").code)
	require.Equal(t, seen{"env", "env-key", "env", "file-model"}, got)
	for _, name := range []string{"GROQ_API_KEY", "GROQ_BASE_URL", "GROQ_CUSTOM_HEADERS"} {
		t.Setenv(name, " ")
	}
	require.Zero(t, runCLI(t, "", "prompt", "q").code)
	require.Equal(t, seen{"file", "file-key", "file", "file-model"}, got)
}

// TestConfigErrors checks that damaged settings end every verb that needs them,
// and do not show the key.
func TestConfigErrors(t *testing.T) {
	newHome(t)
	path, err := config.Path()
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	for text, says := range map[string]string{
		`{"api-key":"` + canary:                             "unexpected end",
		`{"api-key":"` + canary + `","max-wait":"` + "1}`":  "unexpected end",
		`{"api-key":"` + canary + `","max-wait":"forever"}`: path + ": max-wait",
		`{"api-key":"` + canary + `","header":"forever"}`:   path,
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		o := runCLI(t, "", "prompt", "q", "-m", "m", "--base-url", "http://127.0.0.1:1")
		require.Contains(t, []int{exitError, exitUsage}, o.code, text)
		require.Contains(t, o.err, says)
		require.Empty(t, o.out)
	}
	if runtime.GOOS == "windows" {
		t.Skip("not checked: Windows has no file modes")
	}
	require.NoError(t, os.WriteFile(path, []byte(`{}`), 0o644))
	require.NoError(t, os.Chmod(path, 0o644))
	require.Contains(t, runCLI(t, "", "prompt", "q", "-m", "m").err, "lets others read it")
}
