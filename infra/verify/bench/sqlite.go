package main

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite"

	"devicetrace/pkg/segment"
)

// sqlite is a database in a file, in this process.
type sqlite struct {
	b    *bench
	path string
	db   *sql.DB
	day  *sql.Stmt
}

func newSQLite(b *bench) *sqlite { return &sqlite{b: b} }

func (s *sqlite) name() string { return "SQLite" }

func (*sqlite) questions() int { return timedQueries }

// load is one transaction, without a journal, then the index.
func (s *sqlite) load(ctx context.Context, rows iter.Seq2[segment.Row, error]) error {
	dir, err := s.b.folder("sqlite")
	if err != nil {
		return err
	}
	s.path = filepath.Join(dir, "events.db")
	options := "?_pragma=journal_mode(off)&_pragma=synchronous(off)&_pragma=mmap_size(8589934592)&_pragma=cache_size(-262144)"
	if s.db, err = sql.Open("sqlite", "file:"+s.path+options); err != nil {
		return err
	}
	s.db.SetMaxOpenConns(1)
	if err := s.insert(ctx, rows); err != nil {
		return err
	}
	for _, statement := range []string{createIndex, "ANALYZE"} {
		if _, err := s.db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	s.day, err = s.db.PrepareContext(ctx, dayOfDevice(func(int) string { return "?" }))
	return err
}

func (s *sqlite) insert(ctx context.Context, rows iter.Seq2[segment.Row, error]) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, createTable()); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	insert, err := tx.PrepareContext(ctx, "INSERT INTO events VALUES ("+columnList(func(int) string { return "?" })+")")
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	for row, err := range rows {
		if err == nil {
			_, err = insert.ExecContext(ctx, places(&row)...)
		}
		if err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return errors.Join(insert.Close(), tx.Commit())
}

func (s *sqlite) bytes(context.Context) (int64, error) {
	info, err := os.Stat(s.path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (s *sqlite) ask(ctx context.Context, d device) ([]segment.Row, error) {
	rows, err := s.day.QueryContext(ctx, daySpan(d)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return rowsIn(rows)
}

func (s *sqlite) close() {
	if s.db != nil {
		_ = s.db.Close()
	}
}
