package e2e

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/demo/ends"
)

const (
	webhookToken = "e2e-webhooks"
	queryToken   = "e2e-queries"
	// patience bounds every wait for a condition.
	patience = 60 * time.Second
	// pollEvery is how often a condition is looked at.
	pollEvery = 20 * time.Millisecond
)

// stack is the whole system on this machine: one process of infra/local and the
// functions' processes below it. Its data outlives it.
type stack struct {
	data           string
	env            []string // more of its environment, "NAME=value"
	port, mqttPort string   // "0" before the start: free ones
	cmd            *exec.Cmd
	output         *output
	exited         chan struct{} // closed when it is gone
	err            error         // of its end; to be read when exited is closed
}

// newStack starts a stack of its own on no data.
func newStack(t *testing.T) *stack {
	t.Helper()
	s := &stack{data: t.TempDir()}
	s.start(t)
	return s
}

// newStackWith starts a stack with more in its environment.
func newStackWith(t *testing.T, env ...string) *stack {
	t.Helper()
	s := &stack{data: t.TempDir(), env: env}
	s.start(t)
	return s
}

// readyMessage is what the stack says when it is ready, with its two ports.
var readyMessage = regexp.MustCompile(`(?s)is ready.*API +http://127\.0\.0\.1:(\d+)/.*MQTT +127\.0\.0\.1:(\d+)`)

// start starts it, again perhaps, on new ports and the data that is there.
func (s *stack) start(t *testing.T) {
	t.Helper()
	s.port, s.mqttPort = "0", "0"
	s.output = newOutput(readyMessage)
	s.cmd = s.command(context.Background()) // it outlives the test's context, for Cleanup to end
	s.cmd.Stdout, s.cmd.Stderr = s.output, s.output
	s.cmd.SysProcAttr = childAttributes()
	require.NoError(t, s.cmd.Start())
	cmd, exited := s.cmd, make(chan struct{})
	s.exited = exited
	go func() {
		s.err = cmd.Wait()
		close(exited)
	}()
	s.endOnCleanup(t)
	s.awaitReady(t)
}

// command runs infra/local as the Makefile does, with nothing of our environment
// but what a program needs to run.
func (s *stack) command(ctx context.Context, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(built, ".build", "local"), arguments...)
	cmd.Dir = built
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.Getenv("TMPDIR"),
		"PORT=" + s.port, "MQTT_PORT=" + s.mqttPort, "DATA_DIR=" + s.data,
		"WEBHOOK_TOKEN=" + webhookToken, "QUERY_TOKEN=" + queryToken,
	}
	cmd.Env = append(cmd.Env, s.env...)
	return cmd
}

// endOnCleanup takes what is left of this start down with the test, and shows what it
// said if the test failed.
func (s *stack) endOnCleanup(t *testing.T) {
	cmd, exited, output := s.cmd, s.exited, s.output
	t.Cleanup(func() {
		select {
		case <-exited: // its id may be somebody else's by now
		default:
			killFamily(cmd.Process.Pid)
			<-exited
		}
		if t.Failed() {
			functions, _ := os.ReadFile(filepath.Join(s.data, "functions.log"))
			t.Logf("the stack said:\n%s\nits functions said:\n%s", output.tail(), tail(string(functions)))
		}
	})
}

// killFamily kills a process, its group, and its children, which have their own.
func killFamily(pid int) {
	offspring := children(pid)
	syscall.Kill(-pid, syscall.SIGKILL)
	for _, p := range offspring {
		p.kill()
	}
}

func (s *stack) awaitReady(t *testing.T) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case match := <-s.output.found:
		s.port, s.mqttPort = match[1], match[2]
	case <-s.exited:
		require.FailNow(t, "the stack ended before it was ready", "%v\n%s", s.err, s.output.tail())
	case <-limit.C:
		require.FailNow(t, "the stack does not get ready", s.output.tail())
	}
}

// interrupt is Ctrl-C: the stack must stop in order and report success.
func (s *stack) interrupt(t *testing.T) {
	t.Helper()
	require.NoError(t, s.cmd.Process.Signal(os.Interrupt))
	s.awaitExit(t)
	require.NoError(t, s.err, s.output.tail())
}

// kill kills infra/local and waits until its children have ended too. It returns their number.
func (s *stack) kill(t *testing.T) int {
	t.Helper()
	offspring := children(s.cmd.Process.Pid)
	require.NoError(t, s.cmd.Process.Kill())
	s.awaitExit(t)
	for _, p := range offspring {
		require.Eventually(t, func() bool { return !p.alive() }, patience, pollEvery, "%s outlives its host", p.name)
	}
	return len(offspring)
}

func (s *stack) awaitExit(t *testing.T) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-s.exited:
	case <-limit.C:
		require.FailNow(t, "the stack does not stop", s.output.tail())
	}
}

// compact runs the compactor once, as `make compact` does.
func (s *stack) compact(t *testing.T) {
	t.Helper()
	require.NoError(t, s.runCompactor(t.Context()))
}

func (s *stack) runCompactor(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := s.command(ctx, "compact")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("compact: %w\n%s", err, out)
	}
	return nil
}

func (s *stack) url(path string) string { return "http://127.0.0.1:" + s.port + path }

// target is the local broker.
func (s *stack) target() ends.Target {
	return ends.Target{Address: "127.0.0.1:" + s.mqttPort, User: "device", Password: "devpass"}
}

// objects are the keys of the bucket that start with prefix, and their files: the
// OSS stand-in keeps an object where its key says.
func (s *stack) objects(t *testing.T, prefix string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(s.data, func(path string, entry os.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // somebody is at work there
			return nil
		case err != nil || entry.IsDir():
			return err
		}
		_, key, found := strings.Cut(filepath.ToSlash(path), "/objects/")
		if found && strings.HasPrefix(key, prefix) {
			files[key] = path
		}
		return nil
	})
	require.NoError(t, err)
	return files
}

// ruinAllBut overwrites the segments of all partitions but some, and counts them.
func (s *stack) ruinAllBut(t *testing.T, partitions []string) (ruined int) {
	t.Helper()
	for key, file := range s.objects(t, "events/") {
		if slices.Contains(partitions, partitionOf(key)) {
			continue
		}
		require.NoError(t, os.WriteFile(file, []byte("not Parquet"), 0o644))
		ruined++
	}
	require.NotZero(t, ruined)
	return ruined
}

// partitionOf is the partition of a segment's key, as a receipt spells it.
func partitionOf(key string) string {
	return strings.TrimPrefix(key[:strings.LastIndexByte(key, '/')], "events/")
}
