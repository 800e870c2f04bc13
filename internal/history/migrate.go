package history

import (
	"context"
	"database/sql"
	"fmt"
)

// migrations bring a database from version i to i+1. One that has been
// released is never changed; a new one is added.
func migrations() []string {
	return []string{`
CREATE TABLE conversations (
	id      TEXT PRIMARY KEY,
	source  TEXT NOT NULL,
	model   TEXT NOT NULL,
	title   TEXT NOT NULL,
	created INTEGER NOT NULL, -- Unix milliseconds
	updated INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX conversations_updated ON conversations (updated);

CREATE TABLE messages (
	id           INTEGER PRIMARY KEY AUTOINCREMENT, -- the order
	conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
	role         TEXT NOT NULL,
	text         TEXT NOT NULL,
	model        TEXT NOT NULL,
	partial      INTEGER NOT NULL,
	created      INTEGER NOT NULL,
	data         TEXT NOT NULL
);
CREATE INDEX messages_conversation ON messages (conversation, id);

CREATE VIRTUAL TABLE words USING fts5 (text, content = 'messages', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER messages_insert AFTER INSERT ON messages BEGIN
	INSERT INTO words (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER messages_delete AFTER DELETE ON messages BEGIN
	INSERT INTO words (words, rowid, text) VALUES ('delete', old.id, old.text);
END;
`}
}

// migrate runs the migrations that the database has not seen, all or none.
func (s *Store) migrate(ctx context.Context) error {
	tx, err := s.db.BeginTx(ctx, nil) // immediate: others wait, then see the new version
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after the commit
	version, err := version(ctx, tx)
	if err != nil {
		return err
	}
	all := migrations()
	if version > len(all) {
		return fmt.Errorf("written by a newer lpuctl (version %d, this one knows %d)", version, len(all))
	}
	if version == len(all) {
		return nil
	}
	for _, script := range all[version:] {
		if _, err := tx.ExecContext(ctx, script); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`PRAGMA user_version = %d`, len(all))); err != nil {
		return err
	}
	return tx.Commit()
}

func version(ctx context.Context, tx *sql.Tx) (v int, err error) {
	err = tx.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&v)
	return v, err
}
