package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient/groqtest"
	"github.com/lpuctl/lpuctl/internal/history"
)

func historyPath(t *testing.T) string {
	t.Helper()
	path, err := history.Path()
	require.NoError(t, err)
	return path
}

// numbered answers with the number of the request.
func numbered(x *groqtest.Exchange) { x.Reply("answer " + string(rune('0'+x.N))) }

// listed is what `conversations list -o json` prints.
func listed(t *testing.T) []history.Conversation {
	t.Helper()
	o := runCLI(t, "", "conversations", "list", "-o", "json")
	require.Zero(t, o.code, o.err)
	var all []history.Conversation
	require.NoError(t, json.Unmarshal([]byte(o.out), &all))
	return all
}

func TestConversationGoesOn(t *testing.T) {
	newHome(t)
	server := serveGroq(t, numbered)
	require.Zero(t, runCLI(t, "", askArgs(server, "one", "-s", "Be brief.")...).code)
	// without -m the model is that of the conversation
	o := runCLI(t, "", "prompt", "--base-url", server.URL, "-c", "two")
	require.Equal(t, result{0, "answer 2\n", ""}, o)
	require.Equal(t, []string{"system: Be brief.", "user: one", "assistant: answer 1", "user: two"}, texts(sent(t, server)))

	id := listed(t)[0].ID
	o = runCLI(t, "", askArgs(server, "--conversation", id[:6], "three", "-s", "Be kind.")...)
	require.Zero(t, o.code)
	require.Equal(t, []string{
		"system: Be kind.", "user: one", "assistant: answer 1", "user: two", "assistant: answer 2", "user: three",
	}, texts(sent(t, server)), "the new instructions take the place of the old ones")
	require.Zero(t, runCLI(t, "", askArgs(server, "-c", "four", "--no-save")...).code)
	require.Zero(t, runCLI(t, "", askArgs(server, "-c", "five")...).code)
	require.NotContains(t, texts(sent(t, server)), "user: four")
	require.Contains(t, texts(sent(t, server)), "system: Be kind.")
	require.Len(t, listed(t), 1)
	require.Equal(t, "one", listed(t)[0].Title)
}

// TestConversationOfOthers leaves conversations alone that are not held with
// the Groq API.
func TestConversationOfOthers(t *testing.T) {
	newHome(t)
	server := serveGroq(t, says("Hi."))
	require.NoError(t, withHistory(t.Context(), func(s *history.Store) error {
		_, err := s.Create(t.Context(), "local", history.Message{Role: "user", Text: "q"})
		return err
	}))
	id := listed(t)[0].ID
	o := runCLI(t, "", askArgs(server, "q", "--conversation", id)...)
	require.Equal(t, exitUsage, o.code)
	require.Contains(t, o.err, `conversation `+id+` is held with "local"`)
	require.Contains(t, runCLI(t, "", askArgs(server, "q", "-c")...).err, "nothing has been said yet")
	require.Zero(t, server.Requests())
}

func TestConversationVerbs(t *testing.T) {
	newHome(t)
	server := serveGroq(t, says("Cheese\x1b[2J, melted."))
	require.Zero(t, runCLI(t, "", askArgs(server, "What is fondue?")...).code)
	require.Zero(t, runCLI(t, "", askArgs(server, "And raclette?")...).code)
	all := listed(t)
	require.Len(t, all, 2)
	id := all[1].ID

	o := runCLI(t, "", "conversations", "list", "-n", "1")
	require.Equal(t, 1, strings.Count(o.out, "\n"))
	require.Contains(t, o.out, "test-model")
	o = runCLI(t, "", "conversations", "search", "FOND")
	require.Equal(t, result{0, id + "  user: What is [fondue]?\n", ""}, o)
	o = runCLI(t, "", "conversations", "search", "nothing", "-o", "json")
	require.Equal(t, "[]\n", o.out)
	o = runCLI(t, "", "conversations", "show", id)
	require.Regexp(t, `^user, .*:\nWhat is fondue\?\n\nassistant, .*, test-model:\nCheese\[2J, melted\.\n$`, o.out)
	o = runCLI(t, "", "conversations", "show", id, "-o", "json")
	var c conversation
	require.NoError(t, json.Unmarshal([]byte(o.out), &c))
	require.Equal(t, "Cheese\x1b[2J, melted.", c.Messages[1].Text)

	o = runCLI(t, "", "conversations", "export")
	require.Equal(t, 2, strings.Count(o.out, "\n"))
	o = runCLI(t, "", "conversations", "export", id, id)
	require.Equal(t, 2, strings.Count(o.out, `{"id":"`+id))
	o = runCLI(t, "", "conversations", "delete", id, "nosuch")
	require.Equal(t, exitError, o.code)
	require.Len(t, listed(t), 2, "a wrong id deletes nothing")
	o = runCLI(t, "", "conversations", "delete", id)
	require.Equal(t, result{0, "", "deleted: 1\n"}, o)
	require.Equal(t, exitUsage, runCLI(t, "", "conversations", "delete").code)
	require.Zero(t, runCLI(t, "", "conversations", "delete", "--all", "--quiet").code)
	require.Empty(t, listed(t))
	require.Equal(t, exitUsage, runCLI(t, "", "conversations").code)
}

// TestHistoryIsPrivate looks at the files that prompts leave behind.
func TestHistoryIsPrivate(t *testing.T) {
	home := newHome(t)
	server := serveGroq(t, says("Hi."))
	require.Zero(t, runCLI(t, "", askArgs(server, "q")...).code)
	require.Zero(t, runCLI(t, "", "models", "--base-url", serveGroq(t, modelsReply).URL).code)
	files := 0
	require.NoError(t, filepath.WalkDir(home, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.False(t, bytes.Contains(data, []byte(canary)), "the key is in %s", path)
		info, err := d.Info()
		require.NoError(t, err)
		if runtime.GOOS != "windows" {
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), path)
		}
		return nil
	}))
	require.GreaterOrEqual(t, files, 2)
}

// TestPromptWithoutHistory asks where no database can be.
func TestPromptWithoutHistory(t *testing.T) {
	newHome(t)
	server := serveGroq(t, says("Hi."))
	require.NoError(t, os.MkdirAll(historyPath(t), 0o700)) // a folder in its place
	o := runCLI(t, "", askArgs(server, "q")...)
	require.Zero(t, o.code)
	require.Equal(t, "Hi.\n", o.out)
	require.Contains(t, o.err, "the conversation is not kept")
	require.Equal(t, result{0, "Hi.\n", ""}, runCLI(t, "", askArgs(server, "q", "--no-save")...))
	require.Equal(t, exitError, runCLI(t, "", askArgs(server, "q", "-c")...).code)
}
