package main

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"path/filepath"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2"

	"devicetrace/pkg/segment"
)

// duck is an in-memory DuckDB that uses all cores.
type duck struct{ db *sql.DB }

// openDuck returns a DuckDB that spills to the folder dir if it runs out of memory.
func openDuck(dir string) (duck, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return duck{}, err
	}
	for _, setting := range []string{"SET memory_limit = '2GB'", "SET temp_directory = '" + dir + "'", "SET TimeZone = 'UTC'"} {
		if _, err := db.Exec(setting); err != nil {
			return duck{}, err
		}
	}
	return duck{db}, nil
}

// duckColumns returns SQL expressions that read the columns of a row from our files. Two columns
// need a conversion. For time, our files store a timestamp, but a row holds Unix milliseconds. For
// connected_at, our files store how long the connection had lasted at the time of the event.
func duckColumns() string {
	list := columnNames()
	for i, name := range list {
		switch name {
		case "time":
			list[i] = "epoch_ms(time)"
		case "connected_at":
			list[i] = "coalesce(epoch_ms(time) - connected_for_ms, 0)"
		}
	}
	return strings.Join(list, ", ")
}

// day returns a device's rows for the day, sorted by time. from is the SQL table expression to
// read. day appends condition, which may be empty, to the WHERE clause, so that DuckDB reads fewer
// files.
func (k duck) day(ctx context.Context, from, condition string, d device) ([]segment.Row, error) {
	q := dayOf(d)
	result, err := k.db.QueryContext(ctx, "SELECT "+duckColumns()+" FROM "+from+" AS events WHERE client_id = $1"+
		" AND events.time BETWEEN $2 AND $3"+condition+" ORDER BY events.time", string(d.client), q.From, q.To)
	if err != nil {
		return nil, err
	}
	defer result.Close()
	return collect(scan(result))
}

// plainFile is DuckDB on a single Parquet file that holds the whole day in order of arrival, like
// an archived log. The file has no partitions and is not sorted by device.
type plainFile struct {
	dir string
	day *fleetDay
	duck
}

func (p *plainFile) path() string { return filepath.Join(p.dir, "day.parquet") }

// load has DuckDB copy our segments into the plain file. It ignores the given rows, because DuckDB
// reads and sorts our files faster than it receives rows one by one.
func (p *plainFile) load(ctx context.Context, _ iter.Seq2[segment.Row, error]) (err error) {
	if p.duck, err = openDuck(p.dir); err != nil {
		return err
	}
	_, err = p.db.ExecContext(ctx, fmt.Sprintf("COPY (SELECT * FROM read_parquet('%s', hive_partitioning = false)"+
		" ORDER BY epoch_ms(time) + received_delay_ms) TO '%s' (FORMAT parquet, COMPRESSION zstd)", p.day.glob(), p.path()))
	return err
}

func (p *plainFile) table() string { return "read_parquet('" + p.path() + "')" }

// rows yields the whole day in order of arrival.
func (p *plainFile) rows(ctx context.Context) iter.Seq2[segment.Row, error] {
	return func(yield func(segment.Row, error) bool) {
		result, err := p.db.QueryContext(ctx, "SELECT "+duckColumns()+" FROM "+p.table())
		if err != nil {
			yield(segment.Row{}, err)
			return
		}
		defer result.Close()
		scan(result)(yield)
	}
}

func (p *plainFile) bytes(context.Context) (int64, error) { return fileSize(p.path()) }

func (p *plainFile) ask(ctx context.Context, d device) ([]segment.Row, error) {
	return p.duck.day(ctx, p.table(), "", d)
}

func (p *plainFile) close() {
	if p.db != nil {
		_ = p.db.Close()
	}
}
