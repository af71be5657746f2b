package main

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/segment"
)

// duck is a DuckDB in memory, with as many threads as there are cores.
type duck struct{ db *sql.DB }

func openDuck(spill string) (duck, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return duck{}, err
	}
	for _, setting := range []string{"SET memory_limit = '2GB'", "SET temp_directory = '" + spill + "'", "SET TimeZone = 'UTC'"} {
		if _, err := db.Exec(setting); err != nil {
			return duck{}, err
		}
	}
	return duck{db}, nil
}

// duckColumns are a row's columns as SQL reads them from our files.
func duckColumns() string {
	return columnList(func(i int) string {
		if columns[i].name == "connected_at" {
			return "time - connected_for_ms * INTERVAL 1 millisecond AS connected_at"
		}
		return columns[i].name
	})
}

// day asks for a device's day in what from names.
func (k duck) day(ctx context.Context, from, and string, d device) (found []segment.Row, err error) {
	q := question(d)
	rows, err := k.db.QueryContext(ctx, "SELECT "+duckColumns()+" FROM "+from+
		" WHERE client_id = $1 AND instance_id = $2 AND time BETWEEN $3 AND $4"+and+" ORDER BY time", d.client, d.instance, q.From, q.To)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanDuck(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// scanDuck reads a row whose times are times.
func scanDuck(rows *sql.Rows) (r segment.Row, err error) {
	to := places(&r)
	var at time.Time
	var connected sql.NullTime
	for i, c := range columns {
		switch c.name {
		case "time":
			to[i] = &at
		case "connected_at":
			to[i] = &connected
		}
	}
	if err := rows.Scan(to...); err != nil {
		return r, err
	}
	r.Time = at.UnixMilli()
	if connected.Valid {
		r.ConnectedAt = connected.Time.UnixMilli()
	}
	return r, nil
}

// duckOnOurs asks DuckDB for the same in our own files.
func (b *bench) duckOnOurs(ctx context.Context, us ours, d *day) error {
	k, err := openDuck(b.dir)
	if err != nil {
		return err
	}
	defer k.db.Close()
	glob := fmt.Sprintf("read_parquet('%s/events/*/*/*.parquet', hive_partitioning = true, hive_types = {'shard': VARCHAR, 'day': DATE})", d.store)
	l := layout.Layout{Shards: d.shards}
	for _, way := range []struct {
		name    string
		queries int
		times   figure
		ask     func(context.Context, device) ([]segment.Row, error)
	}{
		{"DuckDB on our files, the file named", 100, figure{}, func(ctx context.Context, of device) ([]segment.Row, error) {
			from, err := d.filesOf(ctx, l, of)
			if err != nil {
				return nil, err
			}
			return k.day(ctx, from, "", of)
		}},
		{"DuckDB on our files, glob and shard", 50, atLeast(10), func(ctx context.Context, of device) ([]segment.Row, error) {
			return k.day(ctx, glob, fmt.Sprintf(" AND shard = '%s' AND day = '%s'", l.ShardOf(event.ClientID(of.client)), layout.DayOf(today)), of)
		}},
		{"DuckDB on our files, glob alone", 20, figure{}, func(ctx context.Context, of device) ([]segment.Row, error) {
			return k.day(ctx, glob, "", of)
		}},
	} {
		if err := b.compare(ctx, way.name, way.ask, us, b.draw(d.devices, way.queries), way.times); err != nil {
			return err
		}
	}
	return nil
}

// filesOf names the files of a device's partition.
func (d *day) filesOf(ctx context.Context, l layout.Layout, of device) (string, error) {
	objects, err := objstore.All(ctx, d.store, l.PartitionOf(event.ClientID(of.client), today).Prefix(), "")
	if err != nil {
		return "", err
	}
	var files []string
	for _, o := range objects {
		files = append(files, "'"+d.store.path(o.Key)+"'")
	}
	return "read_parquet([" + strings.Join(files, ", ") + "], hive_partitioning = false)", nil
}

// plainDuck is DuckDB on one Parquet file of the whole day, in the order of arrival,
// as a log would be archived: no partitions, no order by device.
type plainDuck struct {
	b    *bench
	path string
	duck
}

func newPlainDuck(b *bench) *plainDuck { return &plainDuck{b: b} }

func (p *plainDuck) name() string { return "DuckDB on a plain daily file" }

// questions are few, since each reads the whole file.
func (*plainDuck) questions() int { return 20 }

// load copies our rows; rows is not used, since DuckDB reads and sorts ours itself
// faster than it can be told of them one by one.
func (p *plainDuck) load(ctx context.Context, _ iter.Seq2[segment.Row, error]) (err error) {
	dir, err := p.b.folder("plain")
	if err != nil {
		return err
	}
	if p.duck, err = openDuck(dir); err != nil {
		return err
	}
	p.path = filepath.Join(dir, "day.parquet")
	_, err = p.db.ExecContext(ctx, fmt.Sprintf("COPY (SELECT * FROM read_parquet('%s/events/*/*/*.parquet', hive_partitioning = false)"+
		" ORDER BY epoch_ms(time) + received_delay_ms) TO '%s' (FORMAT parquet, COMPRESSION zstd)", p.b.days[256].store, p.path))
	return err
}

func (p *plainDuck) bytes(context.Context) (int64, error) {
	info, err := os.Stat(p.path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (p *plainDuck) ask(ctx context.Context, d device) ([]segment.Row, error) {
	return p.day(ctx, "read_parquet('"+p.path+"')", "", d)
}

func (p *plainDuck) close() {
	if p.db != nil {
		_ = p.db.Close()
	}
}
