package history

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func openNew(t *testing.T) *Store {
	return open(t, filepath.Join(t.TempDir(), "a folder?#%20", "history.db"))
}

// turn is a question and its answer.
func turn(question, answer string) []Message {
	return []Message{{Role: "user", Text: question}, {Role: "assistant", Text: answer, Model: "m/1"}}
}

func TestConversation(t *testing.T) {
	s := openNew(t)
	ctx := t.Context()
	first := turn("Why is  the\nsky blue?", "Rayleigh.")
	first[0].Data = json.RawMessage(`{"role":"user","x":1}`)
	c, err := s.Create(ctx, "groq", first...)
	require.NoError(t, err)
	require.Equal(t, "Why is the sky blue?", c.Title)
	require.Equal(t, "m/1", c.Model)
	require.Equal(t, 2, c.Messages)
	require.Len(t, c.ID, 10)

	again := turn("And at night?", "Dark")
	again[1].Partial, again[1].Model = true, "m/2"
	require.NoError(t, s.Append(ctx, c.ID, again...))
	messages, err := s.Messages(ctx, c.ID)
	require.NoError(t, err)
	require.Len(t, messages, 4)
	require.Equal(t, "Why is  the\nsky blue?", messages[0].Text)
	require.JSONEq(t, `{"role":"user","x":1}`, string(messages[0].Data))
	require.False(t, messages[1].Partial)
	require.Nil(t, messages[1].Data)
	require.True(t, messages[3].Partial)
	require.False(t, messages[3].Created.IsZero())

	got, err := s.Conversation(ctx, c.ID)
	require.NoError(t, err)
	require.Equal(t, "m/2", got.Model)
	require.ErrorIs(t, s.Append(ctx, "nosuch", again...), ErrNotFound)
}

func TestLatestAndList(t *testing.T) {
	s := openNew(t)
	ctx := t.Context()
	_, err := s.Latest(ctx, "groq")
	require.ErrorIs(t, err, ErrNotFound)
	a, err := s.Create(ctx, "groq", turn("a", "1")...)
	require.NoError(t, err)
	b, err := s.Create(ctx, "local", turn("b", "2")...)
	require.NoError(t, err)
	_, err = s.db.ExecContext(ctx, `UPDATE conversations SET updated = updated - 5000 WHERE id = ?`, a.ID)
	require.NoError(t, err)
	latest, err := s.Latest(ctx, "groq")
	require.NoError(t, err)
	require.Equal(t, a.ID, latest.ID)
	all, err := s.List(ctx, 0)
	require.NoError(t, err)
	require.Equal(t, []string{b.ID, a.ID}, []string{all[0].ID, all[1].ID})
	one, err := s.List(ctx, 1)
	require.NoError(t, err)
	require.Len(t, one, 1)
}

func TestPrefixOfID(t *testing.T) {
	s := openNew(t)
	ctx := t.Context()
	for _, id := range []string{"abc", "abcd", "abxy"} {
		_, err := s.db.ExecContext(ctx, `INSERT INTO conversations VALUES (?, 'groq', '', '', 0, 0)`, id)
		require.NoError(t, err)
	}
	for prefix, want := range map[string]string{"abc": "abc", "abcd": "abcd", "abx": "abxy"} {
		c, err := s.Conversation(ctx, prefix)
		require.NoError(t, err, prefix)
		require.Equal(t, want, c.ID)
	}
	for _, bad := range []string{"", "ab", "z", "%", "abcde"} {
		_, err := s.Conversation(ctx, bad)
		require.ErrorIs(t, err, ErrNotFound, bad)
	}
}

func TestSearch(t *testing.T) {
	s := openNew(t)
	ctx := t.Context()
	c, err := s.Create(ctx, "groq", turn("What is a Käse-Fondue?", "Melted cheese, \"shared\" by all.")...)
	require.NoError(t, err)
	_, err = s.Create(ctx, "groq", turn("Unrelated", "Nothing of that kind.")...)
	require.NoError(t, err)
	for words, want := range map[string]int{
		"cheese": 1, "CHEE": 1, "kase": 1, "cheese melted": 1, "cheese fondue": 0, `"shared"`: 1,
		"": 0, " ": 0, "--": 0, `"`: 0, "NOT": 1, "cheese OR nothing": 0, "text:cheese": 0, "*": 0, "a\x00b": 1, "(": 0,
	} {
		hits, err := s.Search(ctx, words, 0)
		require.NoError(t, err, words)
		require.Len(t, hits, want, words)
	}
	hits, err := s.Search(ctx, "cheese", 5)
	require.NoError(t, err)
	require.Equal(t, Hit{c.ID, c.Title, "assistant", `Melted [cheese], "shared" by all.`}, hits[0])
}

// TestDeletedTextIsGone reads the files of the database themselves.
func TestDeletedTextIsGone(t *testing.T) {
	s := openNew(t)
	ctx := t.Context()
	c, err := s.Create(ctx, "groq", turn("zanzibarquestion", strings.Repeat("zanzibaranswer ", 1000))...)
	require.NoError(t, err)
	require.True(t, filesHold(t, s.Path(), "zanzibar"))
	require.NoError(t, s.Delete(ctx, c.ID))
	require.False(t, filesHold(t, s.Path(), "zanzibar"))
	require.ErrorIs(t, s.Delete(ctx, c.ID), ErrNotFound)
	hits, err := s.Search(ctx, "zanzibar", 0)
	require.NoError(t, err)
	require.Empty(t, hits)
}

func filesHold(t *testing.T, path, text string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Dir(filepath.Dir(path)) + "/*/history.db*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		if bytes.Contains(data, []byte(text)) {
			return true
		}
	}
	return false
}

func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("not checked: Windows has no such modes")
	}
	path := filepath.Join(t.TempDir(), "lpuctl", "history.db")
	s := open(t, path)
	_, err := s.Create(t.Context(), "groq", turn("a", "b")...)
	require.NoError(t, err)
	files, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	require.Greater(t, len(files), 1, "the write-ahead log is there")
	for _, name := range files {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
	info, err := os.Stat(filepath.Dir(path))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}

// TestManyWriters has stores of their own, as processes have, make the database
// and write to one conversation and to new ones.
func TestManyWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	const writers, turns = 8, 10
	start := make(chan struct{})
	shared := make(chan string, 1)
	errs := make(chan error, writers)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			<-start
			errs <- write(t.Context(), path, w, turns, shared)
		})
	}
	close(start)
	all.Wait()
	for range writers {
		require.NoError(t, <-errs)
	}
	s := open(t, path)
	heads, err := s.List(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, heads, 1+writers)
	messages, err := s.Messages(t.Context(), <-shared)
	require.NoError(t, err)
	require.Len(t, messages, 2+2*writers*turns)
	for i := 0; i < len(messages); i += 2 {
		require.Equal(t, "user", messages[i].Role)
		require.Equal(t, messages[i].Text, messages[i+1].Text, "turns stay together")
	}
}

// write is one writer. The first makes the shared conversation.
func write(ctx context.Context, path string, w, turns int, shared chan string) error {
	s, err := Open(ctx, path)
	if err != nil {
		return err
	}
	defer s.Close()
	if w == 0 {
		c, err := s.Create(ctx, "groq", turn("shared", "shared")...)
		if err != nil {
			return err
		}
		shared <- c.ID
	}
	id := <-shared
	shared <- id
	for i := range turns {
		text := fmt.Sprintf("%d of %d", i, w)
		if err := s.Append(ctx, id, turn(text, text)...); err != nil {
			return err
		}
	}
	_, err = s.Create(ctx, "groq", turn("own", "own")...)
	return err
}

func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	require.NoError(t, os.WriteFile(text, bytes.Repeat([]byte("not a database "), 100), 0o600))
	_, err := Open(t.Context(), text)
	require.ErrorContains(t, err, text)

	newer := filepath.Join(dir, "newer.db")
	s := open(t, newer)
	_, err = s.db.ExecContext(t.Context(), `PRAGMA user_version = 99`)
	require.NoError(t, err)
	_, err = Open(t.Context(), newer)
	require.ErrorContains(t, err, "newer lpuctl (version 99")
	_, err = Open(t.Context(), dir)
	require.Error(t, err)
}

func TestMigrationIsDoneOnce(t *testing.T) {
	s := openNew(t)
	c, err := s.Create(t.Context(), "groq", turn("a", "b")...)
	require.NoError(t, err)
	again := open(t, s.Path())
	messages, err := again.Messages(t.Context(), c.ID)
	require.NoError(t, err)
	require.Len(t, messages, 2)
	tx, err := again.db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	require.NoError(t, err)
	defer tx.Rollback()
	v, err := version(t.Context(), tx)
	require.NoError(t, err)
	require.Equal(t, len(migrations()), v)
}

func TestLongTitle(t *testing.T) {
	require.Equal(t, strings.Repeat("ä", 60)+"...", title(turn(strings.Repeat("ä", 61), "")))
	require.Empty(t, title(nil))
}

func TestPath(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("not checked: the folders of other systems")
	}
	t.Setenv("XDG_DATA_HOME", "/data")
	path, err := Path()
	require.NoError(t, err)
	require.Equal(t, "/data/lpuctl/history.db", path)
	t.Setenv("XDG_DATA_HOME", "relative")
	t.Setenv("HOME", "/home/someone")
	path, err = Path()
	require.NoError(t, err)
	require.Equal(t, "/home/someone/.local/share/lpuctl/history.db", path)
}
