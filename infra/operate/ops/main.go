// Ops is the operator's command. It works with a deployed system and with `make run`.
//
//	go build -o ops ./infra/operate/ops
//	ops help
//	ops why GID_a@@@dev1 -instance prod
//	ops help quarantine replay
//
// `ops help` lists the commands. The help of a command shows its flags, its environment
// variables and an example. Flags may stand before or after the other arguments.
//
// The exit status is one of these:
//   - 0: the command succeeded, or printed its help
//   - 1: the command failed, the check found a violation, or a replayed item was still not
//     understood
//   - 2: the command line or DEVICE_TRACE_URL is invalid, whether ops or the server detects it (`go run`
//     turns 2 into 1)
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

const (
	statusFailed = 1
	statusUsage  = 2
)

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{ReplaceAttr: withoutTime})))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], terminal{
		getenv: os.Getenv, stdout: os.Stdout, stderr: os.Stderr, interactive: isTerminal(os.Stdout),
	})
	stop()
	os.Exit(status)
}

// withoutTime removes the time from log lines. Ops logs only to explain its own errors.
func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
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
	err := dispatch(ctx, t, program, commands, line)
	var wrong wrongUsage
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		fmt.Fprintln(t.stderr, "ops: interrupted")
		return statusFailed
	case errors.As(err, &wrong):
		fmt.Fprintf(t.stderr, "ops: %s\n\n%s\nRun `%s -h` for help.\n", wrong, wrong.command.usage(wrong.path), wrong.path)
		return statusUsage
	default:
		fmt.Fprintln(t.stderr, "ops:", err)
		return statusFailed
	}
}
