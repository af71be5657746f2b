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

const postgresName = "PostgreSQL"

// postgres is a server of its own, on a socket in a folder of its own. As root it
// runs as another user, since it refuses to run as root.
type postgres struct {
	b      *bench
	dir    string
	server *exec.Cmd
	conn   *pgx.Conn
}

func newPostgres(b *bench) *postgres { return &postgres{b: b} }

func (p *postgres) name() string { return postgresName }

func (*postgres) questions() int { return timedQueries }

// load is COPY, then the index, then what autovacuum would do.
func (p *postgres) load(ctx context.Context, rows iter.Seq2[segment.Row, error]) error {
	if err := p.open(ctx); err != nil {
		return err
	}
	if _, err := p.conn.Exec(ctx, createTable()); err != nil {
		return err
	}
	var names []string
	for _, c := range columns {
		names = append(names, c.name)
	}
	source := &copySource{}
	source.pull, source.stop = iter.Pull2(rows)
	defer source.stop()
	if _, err := p.conn.CopyFrom(ctx, pgx.Identifier{"events"}, names, source); err != nil {
		return err
	}
	for _, statement := range []string{createIndex, "VACUUM ANALYZE events", "CHECKPOINT"} {
		if _, err := p.conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// copySource hands rows to COPY.
type copySource struct {
	pull func() (segment.Row, error, bool)
	stop func()
	row  segment.Row
	err  error
}

func (s *copySource) Next() bool {
	row, err, more := s.pull()
	s.row, s.err = row, err
	return more && err == nil
}

func (s *copySource) Values() ([]any, error) { return places(&s.row), nil }
func (s *copySource) Err() error             { return s.err }

func (p *postgres) bytes(ctx context.Context) (size int64, err error) {
	err = p.conn.QueryRow(ctx, "SELECT pg_total_relation_size('events')").Scan(&size)
	return size, err
}

var postgresQuestion = dayOfDevice(func(n int) string { return "$" + strconv.Itoa(n) })

func (p *postgres) ask(ctx context.Context, d device) ([]segment.Row, error) {
	rows, err := p.conn.Query(ctx, postgresQuestion, daySpan(d)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return rowsIn(rows)
}

func (p *postgres) close() {
	if p.conn != nil {
		_ = p.conn.Close(context.Background())
	}
	if p.server != nil {
		_ = p.server.Process.Signal(syscall.SIGQUIT) // nothing of it is kept
		_ = p.server.Wait()
	}
}

// postgresFolders are where Debian has the server, and where the Makefile unpacks it.
func postgresFolders(root string) []string {
	const debian = "usr/lib/postgresql/*/bin/postgres"
	return []string{"/" + debian, filepath.Join(root, ".build/postgresql", debian)}
}

func findPostgres(root string) (string, error) {
	for _, pattern := range postgresFolders(root) {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return filepath.Dir(found[len(found)-1]), nil
		}
	}
	return "", errNotHere
}

// open makes a new cluster and starts a server on it.
func (p *postgres) open(ctx context.Context) (err error) {
	programs, err := findPostgres(p.b.root)
	if err != nil {
		return err
	}
	if p.dir, err = os.MkdirTemp(p.b.dir, "pg"); err != nil {
		return err
	}
	other, err := p.otherUser()
	if err != nil {
		return err
	}
	data := filepath.Join(p.dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(programs, "initdb"), "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
	initdb.SysProcAttr, initdb.Dir = other, p.dir // the bench's own may be closed to another user
	out, err := initdb.CombinedOutput()
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: another user than root may not run %s", errNotHere, programs)
	}
	if err != nil {
		return fmt.Errorf("make a cluster: %w\n%s", err, out)
	}
	p.server = exec.Command(filepath.Join(programs, "postgres"), "-D", data, "-k", p.dir, "-c", "listen_addresses=",
		"-c", "shared_buffers=1GB", "-c", "maintenance_work_mem=256MB", "-c", "max_wal_size=4GB")
	p.server.SysProcAttr, p.server.Dir = other, p.dir
	if err := p.server.Start(); err != nil {
		p.server = nil
		return err
	}
	return p.connect(ctx)
}

func (p *postgres) connect(ctx context.Context) (err error) {
	for began := time.Now(); time.Since(began) < 2*time.Minute; time.Sleep(50 * time.Millisecond) {
		p.conn, err = pgx.Connect(ctx, "user=bench database=postgres host="+p.dir)
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
	return fmt.Errorf("the server does not answer: %w", err)
}

// otherUser gives the folder to a user that is not root, and is how to be that user;
// nil for who is not root.
func (p *postgres) otherUser() (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	var found *user.User
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			found = u
			break
		}
	}
	if found == nil {
		return nil, errors.New("there is no user postgres or nobody to run the server as")
	}
	uid, uidErr := strconv.Atoi(found.Uid)
	gid, gidErr := strconv.Atoi(found.Gid)
	if err := errors.Join(uidErr, gidErr, os.Chown(p.dir, uid, gid)); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}
