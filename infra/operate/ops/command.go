package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"devicetrace/pkg/layout"
)

// command is a command of ops, such as "quarantine list".
type command struct {
	words []string
	run   func(context.Context, terminal, arguments) error
}

var commands = []command{
	{[]string{"quarantine", "list"}, runList},
	{[]string{"quarantine", "show"}, runShow},
	{[]string{"quarantine", "replay"}, runReplay},
	{[]string{"check"}, runCheck},
}

const usage = `usage:
  ops quarantine list [-day 2026-11-22]     list the items received on that day (UTC; default today)
  ops quarantine show ID                    print an item's original input, and its errors on standard error;
                                            on a terminal, control characters are escaped
  ops quarantine replay ID…                 decode items again and record the events that are understood now
  ops quarantine replay -day 2026-11-22     replay all items of that day
  ops check [-day 2026-11-22]               read the whole bucket, or one day of it, and report violations

environment of quarantine:
  DEVICE_TRACE_URL   the recorder's address; default http://127.0.0.1:8080
  ADMIN_TOKEN        the recorder's; default local
environment of check:
  OSS_ENDPOINT, OSS_REGION, OSS_BUCKET, OSS_PREFIX,
  ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET, ALIBABA_CLOUD_SECURITY_TOKEN
`

// errUsage is the error for an invalid command line or environment variable. Its text describes
// what is wrong.
type errUsage string

func (e errUsage) Error() string { return string(e) }

func dispatch(ctx context.Context, line []string, t terminal) error {
	for _, c := range commands {
		if n := len(c.words); len(line) >= n && slices.Equal(line[:n], c.words) {
			a, err := parseArguments(strings.Join(c.words, " "), line[n:])
			if err != nil {
				return err
			}
			return c.run(ctx, t, a)
		}
	}
	return unknownCommand(line)
}

func unknownCommand(line []string) error {
	switch {
	case len(line) == 0:
		return errUsage("no command given")
	case line[0] == "quarantine":
		return errUsage("quarantine needs one of list, show or replay after it")
	default:
		return errUsage(fmt.Sprintf("unknown command %q", line[0]))
	}
}

// arguments holds a parsed command line: the command's words, the -day flag and the ids.
type arguments struct {
	command string
	day     string // "" if not given
	ids     []string
}

func parseArguments(command string, line []string) (arguments, error) {
	a := arguments{command: command}
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // no output here, because run prints the error
	flags.StringVar(&a.day, "day", "", "")
	if err := flags.Parse(line); err != nil {
		return a, a.wrong(err.Error())
	}
	if a.day != "" && layout.Day(a.day).Start().IsZero() {
		return a, a.wrong(fmt.Sprintf("-day must be a date such as 2026-11-22, not %q", a.day))
	}
	a.ids = flags.Args()
	return a, nil
}

// wrong returns an errUsage that names the command and the problem.
func (a arguments) wrong(problem string) error { return errUsage(a.command + ": " + problem) }
