package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"devicetrace/pkg/segment"
)

// postgres is a PostgreSQL server on a Unix socket in its own folder. PostgreSQL refuses to run as
// root. If this benchmark runs as root, it therefore starts the server as another user.
type postgres struct {
	dir    string
	server *exec.Cmd
	conn   *pgx.Conn
}

// load starts the server and copies all rows into it. It then builds the index and does the work
// that autovacuum would do later.
func (p *postgres) load(ctx context.Context, rows iter.Seq2[segment.Row, error]) error {
	if err := p.open(ctx); err != nil {
		return err
	}
	if _, err := p.conn.Exec(ctx, createTable()); err != nil {
		return err
	}
	next, stop := iter.Pull2(rows)
	defer stop()
	source := pgx.CopyFromFunc(func() ([]any, error) {
		row, err, more := next()
		if !more || err != nil {
			return nil, err
		}
		return values(&row), nil
	})
	if _, err := p.conn.CopyFrom(ctx, pgx.Identifier{"events"}, columnNames(), source); err != nil {
		return err
	}
	for _, statement := range []string{createIndex, "VACUUM ANALYZE events", "CHECKPOINT"} {
		if _, err := p.conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func (p *postgres) bytes(ctx context.Context) (size int64, err error) {
	err = p.conn.QueryRow(ctx, "SELECT pg_total_relation_size('events')").Scan(&size)
	return size, err
}

func (p *postgres) ask(ctx context.Context, d device) ([]segment.Row, error) {
	result, err := p.conn.Query(ctx, dayQuery(), dayParameters(d)...)
	if err != nil {
		return nil, err
	}
	defer result.Close()
	return collect(scan(result))
}

func (p *postgres) close() {
	if p.conn != nil {
		_ = p.conn.Close(context.Background())
	}
	if p.server != nil {
		_ = p.server.Process.Signal(syscall.SIGQUIT) // an unclean shutdown is fine, because the data is not kept
		_ = p.server.Wait()
	}
}

// findPostgres returns the folder with the server's programs: the folder of Debian's package, or
// the one that the Makefile unpacks.
func findPostgres() (string, error) {
	const debian = "usr/lib/postgresql/*/bin/postgres"
	for _, root := range []string{"/", "../../../.build/postgresql"} {
		if found, _ := filepath.Glob(filepath.Join(root, debian)); len(found) > 0 {
			return filepath.Abs(filepath.Dir(found[len(found)-1]))
		}
	}
	return "", errNotInstalled
}

// open creates a new database cluster, starts a server on it, and connects to the server.
func (p *postgres) open(ctx context.Context) (err error) {
	programs, err := findPostgres()
	if err != nil {
		return err
	}
	if p.dir, err = os.MkdirTemp(p.dir, "postgres-"); err != nil {
		return err
	}
	attributes, err := p.otherUser()
	if err != nil {
		return err
	}
	data := filepath.Join(p.dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(programs, "initdb"), "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
	initdb.SysProcAttr, initdb.Dir = attributes, p.dir // the server's user may have no access to the current folder
	out, err := initdb.CombinedOutput()
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: users other than root may not run %s", errNotInstalled, programs)
	}
	if err != nil {
		return fmt.Errorf("create cluster: %w\n%s", err, out)
	}
	p.server = exec.Command(filepath.Join(programs, "postgres"), "-D", data, "-k", p.dir, "-c", "listen_addresses=",
		"-c", "shared_buffers=1GB", "-c", "maintenance_work_mem=256MB", "-c", "max_wal_size=4GB")
	p.server.SysProcAttr, p.server.Dir = attributes, p.dir
	if err := p.server.Start(); err != nil {
		p.server = nil
		return err
	}
	return p.connect(ctx)
}

// connect waits up to two minutes for the server to accept a connection.
func (p *postgres) connect(ctx context.Context) (err error) {
	for began := time.Now(); time.Since(began) < 2*time.Minute; time.Sleep(50 * time.Millisecond) {
		p.conn, err = pgx.Connect(ctx, "user=bench database=postgres host="+p.dir)
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
	return fmt.Errorf("connect to server: %w", err)
}

// otherUser returns process attributes for running the server as another user. It also makes that
// user the owner of the server's folder. If this process does not run as root, otherUser returns
// nil and changes nothing.
func (p *postgres) otherUser() (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		err = errors.Join(uidErr, gidErr, os.Chown(p.dir, uid, gid))
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, err
	}
	return nil, errors.New("find a user to run the server as: there is neither postgres nor nobody")
}
