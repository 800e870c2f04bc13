// Package history keeps conversations with models in an SQLite database that
// only its owner may read. It knows nothing of any API: a message is a role, a
// text, and whatever else its sender wants back. Several processes may use one
// database at the same time.
package history

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver
)

// ErrNotFound means that there is no such conversation.
var ErrNotFound = errors.New("no such conversation")

// A Conversation is the head of a conversation.
type Conversation struct {
	ID       string    `json:"id"`
	Source   string    `json:"source"` // what it is held with: "groq"
	Model    string    `json:"model"`  // of the latest answer
	Title    string    `json:"title"`
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`
	Messages int       `json:"messages"`
}

// A Message is one message of a conversation.
type Message struct {
	Role    string    `json:"role"`
	Text    string    `json:"text"` // what is shown and searched
	Model   string    `json:"model,omitempty"`
	Partial bool      `json:"partial,omitempty"` // it was cut short
	Created time.Time `json:"created"`
	// Data is the message as its source sends it, kept as it is.
	Data json.RawMessage `json:"data,omitempty"`
}

// A Store is an open database. It is safe for concurrent use.
type Store struct {
	db   *sql.DB
	path string
}

// Path is where the database lies: lpuctl/history.db in the user's folder for
// data ($XDG_DATA_HOME or ~/.local/share, ~/Library/Application Support,
// %LocalAppData%).
func Path() (string, error) {
	dir, err := dataDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "lpuctl", "history.db"), nil
}

func dataDir() (string, error) {
	switch runtime.GOOS {
	case "windows":
		return os.UserCacheDir() // %LocalAppData%
	case "darwin":
		return os.UserConfigDir() // ~/Library/Application Support
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "share"), err
}

// Open opens the database at path and brings it up to date. A file that is not
// there is made with mode 0600, its folder with mode 0700.
func Open(ctx context.Context, path string) (*Store, error) {
	if err := prepare(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s := &Store{db: db, path: path}
	if err := s.migrate(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// prepare sets the modes: SQLite gives its other files that of the first.
func prepare(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Chmod(0o600)
}

// dsn opens the file so that writers wait for each other, and what is deleted
// is overwritten.
func dsn(path string) string {
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // a drive letter
	}
	u := url.URL{Scheme: "file", Path: slashed, RawQuery: url.Values{
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "foreign_keys(1)", "secure_delete(1)"},
		"_txlock": {"immediate"},
	}.Encode()}
	return u.String()
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Path is the file of the database.
func (s *Store) Path() string { return s.path }

// fail adds the file to an error.
func (s *Store) fail(err error) error {
	if err == nil || errors.Is(err, ErrNotFound) {
		return err
	}
	return fmt.Errorf("%s: %w", s.path, err)
}

// inside runs f in a transaction that writes.
func (s *Store) inside(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.fail(err)
	}
	defer tx.Rollback() // does nothing after the commit
	if err := f(tx); err != nil {
		return s.fail(err)
	}
	return s.fail(tx.Commit())
}

// newID makes the id of a conversation: ten letters and digits, 50 random bits.
func newID() string { return strings.ToLower(rand.Text()[:10]) }

// Create begins a conversation with the given messages, which become visible
// together, and returns its head. The title is the beginning of the first
// message of the user.
func (s *Store) Create(ctx context.Context, source string, messages ...Message) (Conversation, error) {
	now := time.Now().UTC()
	c := Conversation{ID: newID(), Source: source, Title: title(messages), Created: now, Updated: now}
	err := s.inside(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO conversations (id, source, model, title, created, updated)
			VALUES (?, ?, '', ?, ?, ?)`, c.ID, source, c.Title, now.UnixMilli(), now.UnixMilli())
		if err != nil {
			return err
		}
		return insert(ctx, tx, c.ID, messages, now)
	})
	if err != nil {
		return Conversation{}, err
	}
	return s.Conversation(ctx, c.ID)
}

// Append adds messages to a conversation. Those of one call stay together,
// whatever other processes add at the same time.
func (s *Store) Append(ctx context.Context, id string, messages ...Message) error {
	return s.inside(ctx, func(tx *sql.Tx) error {
		now := time.Now().UTC()
		r, err := tx.ExecContext(ctx, `UPDATE conversations SET updated = ? WHERE id = ?`, now.UnixMilli(), id)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, fmt.Errorf("%w: %q", ErrNotFound, id))
		}
		return insert(ctx, tx, id, messages, now)
	})
}

func insert(ctx context.Context, tx *sql.Tx, id string, messages []Message, now time.Time) error {
	for _, m := range messages {
		_, err := tx.ExecContext(ctx, `INSERT INTO messages (conversation, role, text, model, partial, created, data)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, id, m.Role, m.Text, m.Model, m.Partial, now.UnixMilli(), string(m.Data))
		if err != nil {
			return err
		}
		if m.Model == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, `UPDATE conversations SET model = ? WHERE id = ?`, m.Model, id); err != nil {
			return err
		}
	}
	return nil
}

// Delete removes a conversation for good: what it said is overwritten.
func (s *Store) Delete(ctx context.Context, id string) error {
	err := s.inside(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `DELETE FROM conversations WHERE id = ?`, id)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, fmt.Errorf("%w: %q", ErrNotFound, id))
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	return s.fail(err)
}

// title is the beginning of the first text of the user, on one line.
func title(messages []Message) string {
	const limit = 60
	for _, m := range messages {
		if m.Role != "user" {
			continue
		}
		runes := []rune(strings.Join(strings.Fields(m.Text), " "))
		if len(runes) > limit {
			return string(runes[:limit]) + "..."
		}
		return string(runes)
	}
	return ""
}
