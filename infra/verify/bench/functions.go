package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// functionNames are the three functions.
var functionNames = []string{"recorder", "query", "compactor"}

const token = "bench"

// functions are the binaries, built as for Function Compute.
type functions struct{ dir string }

func (f *functions) path(name string) string { return filepath.Join(f.dir, name) }

// builtFunctions are built when they are first asked for.
func (b *bench) builtFunctions(ctx context.Context) (*functions, error) {
	if b.functions != nil {
		return b.functions, nil
	}
	dir, err := b.folder("functions")
	if err != nil {
		return nil, err
	}
	f := &functions{dir}
	for _, name := range functionNames {
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s", "-o", f.path(name), "./functions/"+name)
		cmd.Dir, cmd.Env = b.root, append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
	}
	b.functions = f
	return f, nil
}

// start is how large the functions are, and how long each takes until it takes work.
func (b *bench) start(ctx context.Context) error {
	f, err := b.builtFunctions(ctx)
	if err != nil {
		return err
	}
	bucket, err := b.folder("start")
	if err != nil {
		return err
	}
	s, err := openStandIn(bucket, nil)
	if err != nil {
		return err
	}
	defer s.close()
	for _, name := range functionNames {
		if err := b.startOf(ctx, f, s, name); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) startOf(ctx context.Context, f *functions, s *standIn, name string) error {
	info, err := os.Stat(f.path(name))
	if err != nil {
		return err
	}
	b.add(name+": binary", float64(info.Size())/(1<<20), "MB", atMost(25))
	polls, err := b.starts(func() (time.Duration, error) { return f.untilPoll(ctx, s, name) })
	if err != nil {
		return err
	}
	b.add(name+": start to the first poll for work", polls, "ms", atMost(50))
	plain, err := b.starts(func() (time.Duration, error) { return f.untilAnswer(ctx, s, name) })
	if err != nil {
		return err
	}
	b.add(name+": start to the first answer as a plain server", plain, "ms", atMost(50))
	return nil
}

// starts is the median of fifteen starts, in ms; of three in a short run.
func (b *bench) starts(start func() (time.Duration, error)) (float64, error) {
	times := 15
	if b.scale < leastScale {
		times = 3
	}
	var all []time.Duration
	for range times {
		took, err := start()
		if err != nil {
			return 0, err
		}
		all = append(all, took)
	}
	slices.Sort(all)
	return milliseconds(all[len(all)/2]), nil
}

// command is that to start a function. Kill ends it.
func (f *functions) command(ctx context.Context, s *standIn, name string, more ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, f.path(name))
	cmd.Env = append(append(s.environment(), "WEBHOOK_TOKEN="+token, "QUERY_TOKEN="+token, "HOST=127.0.0.1"), more...)
	return cmd
}

func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// untilPoll starts a function against a runtime API and waits for its first poll.
func (f *functions) untilPoll(ctx context.Context, s *standIn, name string) (time.Duration, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	polled := make(chan time.Time, 1)
	api := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case polled <- time.Now():
		default:
		}
		<-r.Context().Done()
	})}
	go func() { _ = api.Serve(listener) }()
	defer api.Close()
	began := time.Now()
	cmd := f.command(ctx, s, name, "FC_RUNTIME_API="+listener.Addr().String())
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer kill(cmd)
	select {
	case at := <-polled:
		return at.Sub(began), nil
	case <-time.After(time.Minute):
		return 0, fmt.Errorf("%s does not poll", name)
	}
}

// untilAnswer starts a function as a plain server and asks it once.
func (f *functions) untilAnswer(ctx context.Context, s *standIn, name string) (time.Duration, error) {
	began := time.Now()
	server, err := f.serve(ctx, s, name)
	if err != nil {
		return 0, err
	}
	defer server.close()
	answer, err := http.Get(server.url)
	if err != nil {
		return 0, err
	}
	return time.Since(began), answer.Body.Close()
}

// server is a function as a plain server that listens.
type server struct {
	cmd *exec.Cmd
	url string
}

func (s *server) close() { kill(s.cmd) }

func (f *functions) serve(ctx context.Context, s *standIn, name string) (*server, error) {
	cmd := f.command(ctx, s, name, "PORT=0")
	logs, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	address, err := addressIn(logs)
	if err != nil {
		kill(cmd)
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return &server{cmd, "http://" + address}, nil
}

// addressIn waits for the line that says where a function listens, its first.
func addressIn(logs io.Reader) (string, error) {
	lines := bufio.NewReader(logs)
	line, err := lines.ReadBytes('\n')
	if err != nil {
		return "", fmt.Errorf("read its log: %w", err)
	}
	var listening struct{ Address string }
	if err := json.Unmarshal(line, &listening); err != nil || listening.Address == "" {
		return "", fmt.Errorf("it does not listen: %s", line)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }() // it must be able to log more
	return listening.Address, nil
}
