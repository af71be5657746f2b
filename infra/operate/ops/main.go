// Ops is the operator's command, for a deployed system or `make run`.
//
//	go run ./infra/operate/ops quarantine list [-day D]
//	go run ./infra/operate/ops quarantine show ID
//	go run ./infra/operate/ops quarantine replay ID…
//	go run ./infra/operate/ops quarantine replay -day D
//	go run ./infra/operate/ops check [-day D]
//
// Environment: DEVICE_TRACE_URL (http://127.0.0.1:8080) is where the system is,
// ADMIN_TOKEN (local) the recorder's; check reads the bucket itself, which is named as
// for the functions: OSS_ENDPOINT, OSS_REGION, OSS_BUCKET, OSS_PREFIX, and an access key
// that may list and read (ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET,
// ALIBABA_CLOUD_SECURITY_TOKEN). `make check` is the same for the data of `make run`.
// Exit status: 0 all is well, 1 something failed, is still not understood or violates an
// invariant, 2 the command was not (`go run` makes that 1 too).
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

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], console{getenv: os.Getenv, out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(status)
}

// console is what a command works with.
type console struct {
	getenv   func(string) string
	out, err io.Writer
}

// env is an environment variable, or what to take where it is not set.
func (c console) env(name, otherwise string) string {
	if value := c.getenv(name); value != "" {
		return value
	}
	return otherwise
}

// command is what a word on the command line runs.
type command struct {
	name  string
	usage []string // its forms, without the name
	run   func(ctx context.Context, c console, arguments []string) error
}

var commands = []command{quarantineCommand, checkCommand}

// errUsage is a command line that makes no sense, and why.
type errUsage string

func (e errUsage) Error() string { return string(e) }

const (
	statusFailed = 1
	statusUsage  = 2
)

// run does what the command line says and returns the exit status.
func run(ctx context.Context, arguments []string, c console) int {
	err := dispatch(ctx, arguments, c)
	var usage errUsage
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		fmt.Fprintf(c.err, "ops: %s\n\n", usage)
		printUsage(c.err)
		return statusUsage
	default:
		fmt.Fprintln(c.err, "ops:", err)
		return statusFailed
	}
}

func dispatch(ctx context.Context, arguments []string, c console) error {
	if len(arguments) == 0 {
		return errUsage("a command is missing")
	}
	for _, command := range commands {
		if command.name == arguments[0] {
			return command.run(ctx, c, arguments[1:])
		}
	}
	return errUsage(fmt.Sprintf("there is no command %q", arguments[0]))
}

func printUsage(w io.Writer) {
	fmt.Fprintln(w, "usage:")
	for _, command := range commands {
		for _, form := range command.usage {
			fmt.Fprintf(w, "  ops %s %s\n", command.name, form)
		}
	}
	fmt.Fprintln(w, "environment: DEVICE_TRACE_URL (http://127.0.0.1:8080), ADMIN_TOKEN (local);")
	fmt.Fprintln(w, "  of check: OSS_ENDPOINT, OSS_REGION, OSS_BUCKET, OSS_PREFIX, ALIBABA_CLOUD_ACCESS_KEY_ID and so on")
}
