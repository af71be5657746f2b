package main

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite"

	"devicetrace/pkg/segment"
)

// sqlite accesses a SQLite database file. SQLite runs within the process of the benchmarks.
type sqlite struct {
	dir string
	db  *sql.DB
	day *sql.Stmt
}

func (s *sqlite) path() string { return filepath.Join(s.dir, "events.db") }

// load inserts all rows in one transaction without a journal, then builds the index.
func (s *sqlite) load(ctx context.Context, rows iter.Seq2[segment.Row, error]) (err error) {
	options := "?_pragma=journal_mode(off)&_pragma=synchronous(off)&_pragma=mmap_size(8589934592)&_pragma=cache_size(-262144)"
	if s.db, err = sql.Open("sqlite", "file:"+s.path()+options); err != nil {
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
	s.day, err = s.db.PrepareContext(ctx, strings.ReplaceAll(dayQuery(), "$", "?"))
	return err
}

func (s *sqlite) insert(ctx context.Context, rows iter.Seq2[segment.Row, error]) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	if _, err := tx.ExecContext(ctx, createTable()); err != nil {
		return err
	}
	insert, err := tx.PrepareContext(ctx, "INSERT INTO events VALUES (?"+strings.Repeat(", ?", len(columnNames())-1)+")")
	if err != nil {
		return err
	}
	for row, err := range rows {
		if err == nil {
			_, err = insert.ExecContext(ctx, values(&row)...)
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(insert.Close(), tx.Commit())
}

func (s *sqlite) bytes(context.Context) (int64, error) { return fileSize(s.path()) }

func (s *sqlite) ask(ctx context.Context, d device) ([]segment.Row, error) {
	result, err := s.day.QueryContext(ctx, dayParameters(d)...)
	if err != nil {
		return nil, err
	}
	defer result.Close()
	return collect(scan(result))
}

func (s *sqlite) close() {
	if s.db != nil {
		_ = s.db.Close()
	}
}
