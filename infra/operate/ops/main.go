// Ops is the operator's command. It works with a deployed system and with `make run`.
//
//	go run ./infra/operate/ops quarantine list [-day D]
//	go run ./infra/operate/ops quarantine show ID
//	go run ./infra/operate/ops quarantine replay ID…
//	go run ./infra/operate/ops quarantine replay -day D
//	go run ./infra/operate/ops check [-day D]
//
// The quarantine commands call the recorder at DEVICE_TRACE_URL (default http://127.0.0.1:8080)
// with ADMIN_TOKEN (default local).
//
// The check command reads the bucket directly. It uses the same environment variables as the
// functions: OSS_ENDPOINT, OSS_REGION, OSS_BUCKET and OSS_PREFIX. Three more variables hold the
// access key: ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and
// ALIBABA_CLOUD_SECURITY_TOKEN. The access key must be allowed to list and read objects.
// `make check` runs the same check on the data of `make run`.
//
// The exit status is one of these:
//   - 0: the command succeeded
//   - 1: the command failed, the check found a violation, or a replayed item was still not
//     understood
//   - 2: the command line or DEVICE_TRACE_URL is invalid (`go run` turns 2 into 1)
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const (
	statusFailed = 1
	statusUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], terminal{
		getenv: os.Getenv, stdout: os.Stdout, stderr: os.Stderr, interactive: isTerminal(os.Stdout),
	})
	stop()
	os.Exit(status)
}

// terminal holds the environment and the output streams of a command.
type terminal struct {
	getenv         func(string) string
	stdout, stderr io.Writer
	interactive    bool // whether stdout is a terminal
}

// isTerminal reports whether f is a terminal or another character device. If the kind of f is not
// known, it reports true, which is the safe choice.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err != nil || info.Mode()&os.ModeCharDevice != 0
}

// env returns the value of an environment variable, or the given default if the value is empty.
func (t terminal) env(name, byDefault string) string {
	if value := t.getenv(name); value != "" {
		return value
	}
	return byDefault
}

// run executes a command line and returns the exit status.
func run(ctx context.Context, line []string, t terminal) int {
	err := dispatch(ctx, line, t)
	var wrong errUsage
	switch {
	case err == nil:
		return 0
	case errors.As(err, &wrong):
		fmt.Fprintf(t.stderr, "ops: %s\n\n%s", wrong, usage)
		return statusUsage
	default:
		fmt.Fprintln(t.stderr, "ops:", err)
		return statusFailed
	}
}
