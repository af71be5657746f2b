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
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/demo/ends"
	"devicetrace/infra/local/oss"
	"devicetrace/pkg/check"
)

const (
	webhookToken = "e2e-webhooks"
	queryToken   = "e2e-queries"
	// patience is the maximum time to wait for a condition.
	patience = 60 * time.Second
	// pollEvery is the pause between two checks of a condition.
	pollEvery = 20 * time.Millisecond
)

// stack is the whole system on this machine: the process of infra/local and its child processes,
// which run the functions. The data outlives the processes.
type stack struct {
	data           string
	env            []string // additional environment variables, "NAME=value"
	port, mqttPort string   // "0" before the start, which means any free port
	aged           bool     // whether age has been called
	*daemon                 // nil until the stack is started
}

// newStack starts a stack with an empty data folder.
func newStack(t *testing.T) *stack {
	t.Helper()
	return newStackWith(t)
}

// newStackWith starts a stack with an empty data folder and additional environment variables.
func newStackWith(t *testing.T, env ...string) *stack {
	t.Helper()
	s := &stack{data: t.TempDir(), env: env}
	s.start(t)
	return s
}

// readyMessage matches the message that a ready stack prints, and captures the ports of the API and
// the broker.
var readyMessage = regexp.MustCompile(`(?s)is ready.*API +http://127\.0\.0\.1:(\d+)/.*MQTT +127\.0\.0\.1:(\d+)`)

// start starts or restarts the stack, on new ports and with its existing data.
func (s *stack) start(t *testing.T) {
	t.Helper()
	s.port, s.mqttPort = "0", "0"
	t.Cleanup(func() { s.logFunctions(t) })
	var match []string
	cmd := s.command(context.Background()) // not the test's context, so that only Cleanup stops the process
	s.daemon, match = startDaemon(t, cmd, readyMessage)
	s.port, s.mqttPort = match[1], match[2]
}

// logFunctions logs the output of the functions if the test has failed.
func (s *stack) logFunctions(t *testing.T) {
	if t.Failed() {
		text, _ := os.ReadFile(filepath.Join(s.data, "functions.log"))
		t.Logf("output of the functions:\n%s", tail(string(text)))
	}
}

// command returns a command that runs infra/local as the Makefile does. The command inherits only
// the environment variables that every program needs, and S_YAML, which lets most tests run on
// another deployment.
func (s *stack) command(ctx context.Context, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(built, ".build", "local"), arguments...)
	cmd.Dir = built
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.Getenv("TMPDIR"),
		"PORT=" + s.port, "MQTT_PORT=" + s.mqttPort, "DATA_DIR=" + s.data, "S_YAML=" + os.Getenv("S_YAML"),
		"WEBHOOK_TOKEN=" + webhookToken, "QUERY_TOKEN=" + queryToken,
	}
	cmd.Env = append(cmd.Env, s.env...)
	return cmd
}

// interrupt stops the stack as Ctrl-C does. The stack must stop cleanly, with exit status 0.
func (s *stack) interrupt(t *testing.T) {
	t.Helper()
	s.stop(t, os.Interrupt)
}

// killHost kills the infra/local process and waits until its child processes have exited, too. It
// returns the number of child processes.
func (s *stack) killHost(t *testing.T) int {
	t.Helper()
	offspring := children(s.cmd.Process.Pid)
	s.kill(t)
	for _, p := range offspring {
		require.Eventually(t, func() bool { return !p.alive() }, patience, pollEvery, "%s outlives its host", p.name)
	}
	return len(offspring)
}

// compact runs the compactor once, like `make compact`.
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

// checkBucket stops the stack cleanly and checks that its bucket satisfies every invariant.
func (s *stack) checkBucket(t *testing.T, ctx context.Context) check.Report {
	t.Helper()
	s.interrupt(t)
	bucket, err := oss.OpenStore(filepath.Join(s.data, "oss"))
	require.NoError(t, err)
	report, err := check.Bucket(ctx, bucket, check.Options{})
	require.NoError(t, err)
	require.NoError(t, report.Err())
	return report
}

// requireEvents stops the stack cleanly. The bucket must satisfy every invariant and hold exactly
// the given number of events.
func (s *stack) requireEvents(t *testing.T, events int) {
	t.Helper()
	require.EqualValues(t, events, s.checkBucket(t, t.Context()).Events)
}

func (s *stack) url(path string) string { return "http://127.0.0.1:" + s.port + path }

// target returns the address and login of the local broker.
func (s *stack) target() ends.Target {
	return ends.Target{Address: "127.0.0.1:" + s.mqttPort, User: "device", Password: "devpass"}
}

// objects returns a map from key to file path. The map contains every object whose key starts with
// prefix. The OSS stand-in names the file of each object after the object's key.
func (s *stack) objects(t *testing.T, prefix string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(s.data, func(path string, entry os.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // the file was deleted after its folder was listed
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

// age makes every object appear an hour older in listings than it is, until the stack stops. The
// compactor then treats every run as ended, and every partition of a past day as quiet; see RunAge
// and Quiet in compact.Config.
func (s *stack) age(t *testing.T) {
	t.Helper()
	s.aged = true
	require.NoError(t, s.setStore(t.Context(), ""))
}

// ruinAllBut overwrites the segments outside the given partitions, and returns the number of
// overwritten segments.
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

// partitionOf returns the partition that a segment's key names, in the form that receipts use.
func partitionOf(key string) string {
	return strings.TrimPrefix(key[:strings.LastIndexByte(key, '/')], "events/")
}
