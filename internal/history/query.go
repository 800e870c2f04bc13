package history

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// head selects conversations; what follows are conditions.
const head = `SELECT c.id, c.source, c.model, c.title, c.created, c.updated,
	(SELECT count(*) FROM messages m WHERE m.conversation = c.id) FROM conversations c `

// List returns the latest conversations, the newest first; limit 0 is all.
func (s *Store) List(ctx context.Context, limit int) ([]Conversation, error) {
	if limit <= 0 {
		limit = -1 // SQLite's "no limit"
	}
	return s.heads(ctx, head+`ORDER BY c.updated DESC, c.id LIMIT ?`, limit)
}

// Latest returns the conversation of the source that was added to last, or
// ErrNotFound.
func (s *Store) Latest(ctx context.Context, source string) (Conversation, error) {
	all, err := s.heads(ctx, head+`WHERE c.source = ? ORDER BY c.updated DESC, c.id LIMIT 1`, source)
	if err != nil {
		return Conversation{}, err
	}
	if len(all) == 0 {
		return Conversation{}, fmt.Errorf("%w: nothing has been said yet", ErrNotFound)
	}
	return all[0], nil
}

// Conversation returns the conversation whose id is, or alone begins with, id.
func (s *Store) Conversation(ctx context.Context, id string) (Conversation, error) {
	if id == "" {
		return Conversation{}, fmt.Errorf("%w: %q", ErrNotFound, id)
	}
	found, err := s.heads(ctx, head+`WHERE c.id = ?1 OR substr(c.id, 1, length(?1)) = ?1 ORDER BY c.id = ?1 DESC LIMIT 2`, id)
	switch {
	case err != nil:
		return Conversation{}, err
	case len(found) == 0:
		return Conversation{}, fmt.Errorf("%w: %q", ErrNotFound, id)
	case len(found) == 2 && found[0].ID != id:
		return Conversation{}, fmt.Errorf("%w: %q is the beginning of several", ErrNotFound, id)
	}
	return found[0], nil
}

func (s *Store) heads(ctx context.Context, query string, args ...any) ([]Conversation, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, s.fail(err)
	}
	defer rows.Close()
	var all []Conversation
	for rows.Next() {
		var c Conversation
		var created, updated int64
		if err := rows.Scan(&c.ID, &c.Source, &c.Model, &c.Title, &created, &updated, &c.Messages); err != nil {
			return nil, s.fail(err)
		}
		c.Created, c.Updated = time.UnixMilli(created).UTC(), time.UnixMilli(updated).UTC()
		all = append(all, c)
	}
	return all, s.fail(rows.Err())
}

// Messages returns the messages of a conversation in order.
func (s *Store) Messages(ctx context.Context, id string) ([]Message, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT role, text, model, partial, created, data
		FROM messages WHERE conversation = ? ORDER BY id`, id)
	if err != nil {
		return nil, s.fail(err)
	}
	defer rows.Close()
	var all []Message
	for rows.Next() {
		m, err := scanMessage(rows)
		if err != nil {
			return nil, s.fail(err)
		}
		all = append(all, m)
	}
	return all, s.fail(rows.Err())
}

func scanMessage(rows *sql.Rows) (m Message, err error) {
	var created int64
	var data string
	err = rows.Scan(&m.Role, &m.Text, &m.Model, &m.Partial, &created, &data)
	m.Created = time.UnixMilli(created).UTC()
	if data != "" {
		m.Data = []byte(data)
	}
	return m, err
}

// A Hit is a message that a search found.
type Hit struct {
	Conversation string `json:"conversation"`
	Title        string `json:"title"`
	Role         string `json:"role"`
	Excerpt      string `json:"excerpt"` // the words found stand in [ ]
}

// Search finds the messages that have all the words, each of which may be the
// beginning of a longer one; case and accents do not matter. The best come
// first; limit 0 is all.
func (s *Store) Search(ctx context.Context, words string, limit int) ([]Hit, error) {
	query := match(words)
	if query == "" {
		return nil, nil
	}
	if limit <= 0 {
		limit = -1
	}
	rows, err := s.db.QueryContext(ctx, `SELECT c.id, c.title, m.role, snippet(words, 0, '[', ']', '...', 16)
		FROM words JOIN messages m ON m.id = words.rowid JOIN conversations c ON c.id = m.conversation
		WHERE words MATCH ? ORDER BY words.rank, m.id DESC LIMIT ?`, query, limit)
	if err != nil {
		return nil, s.fail(err)
	}
	defer rows.Close()
	var all []Hit
	for rows.Next() {
		var h Hit
		if err := rows.Scan(&h.Conversation, &h.Title, &h.Role, &h.Excerpt); err != nil {
			return nil, s.fail(err)
		}
		all = append(all, h)
	}
	return all, s.fail(rows.Err())
}

// match quotes every word for FTS5, so that none is an operator of its query
// language: "word"* "word"*. A NUL would end the query.
func match(words string) string {
	fields := strings.FieldsFunc(words, func(r rune) bool { return unicode.IsSpace(r) || r == 0 })
	for i, w := range fields {
		fields[i] = `"` + strings.ReplaceAll(w, `"`, `""`) + `"*`
	}
	return strings.Join(fields, " ")
}
