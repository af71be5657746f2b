package main

import (
	"flag"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// leaves returns c and all commands and groups below it, each with the words that name it.
func leaves(path []string, c command) (all []leaf) {
	all = append(all, leaf{path, c})
	for _, one := range c.commands {
		all = append(all, leaves(append(path[:len(path):len(path)], one.name), one)...)
	}
	return all
}

type leaf struct {
	path    []string
	command command
}

// Every spelling of a request for help must print the help on standard output, with status 0.
func TestHelpAtEveryLevel(t *testing.T) {
	for _, l := range leaves(nil, commands) {
		lines := [][]string{append([]string{"help"}, l.path...)}
		for _, spelling := range []string{"-h", "-help", "--help"} {
			lines = append(lines, append(l.path[:len(l.path):len(l.path)], spelling))
		}
		lines = append(lines, append(l.path[:len(l.path):len(l.path)], "help"))
		lines = append(lines, append(lines[0][:len(lines[0]):len(lines[0])], "help"))
		for _, line := range lines {
			status, out, err := opsWith(t, nil, line...)
			require.Zero(t, status, line)
			require.Empty(t, err, line)
			require.Equal(t, l.command.helpText(strings.Join(append([]string{"ops"}, l.path...), " ")), out, line)
		}
	}
}

// The help of a command must have a summary, an example, the environment and every flag.
func TestHelpIsComplete(t *testing.T) {
	for _, l := range leaves(nil, commands) {
		path := strings.Join(append([]string{"ops"}, l.path...), " ")
		require.NotEmpty(t, l.command.summary, path)
		if l.command.prepare == nil {
			continue
		}
		require.True(t, strings.HasSuffix(l.command.help, "\n"), path)
		require.Contains(t, l.command.help, "\nexample:\n  "+path, path)
		require.Contains(t, l.command.help, "\nenvironment", path)
		flags := flag.NewFlagSet(path, flag.ContinueOnError)
		l.command.prepare(flags)
		flags.VisitAll(func(f *flag.Flag) { require.Contains(t, l.command.help, "\n  -"+f.Name, path) })
	}
}

func TestFlagsBeforeAndAfterArguments(t *testing.T) {
	for _, c := range []struct {
		line, arguments []string
		day             string
	}{
		{[]string{}, nil, ""},
		{[]string{"a", "-day", day, "b"}, []string{"a", "b"}, day},
		{[]string{"-day=" + day, "a"}, []string{"a"}, day},
		{[]string{"a", "b", "--day", day}, []string{"a", "b"}, day},
		{[]string{"-", "-day", day}, []string{"-"}, day},
		{[]string{"-day", day, "--", "-a", "-day"}, []string{"-a", "-day"}, day},
		{[]string{"a", "--", "--", "-h"}, []string{"a", "--", "-h"}, ""},
	} {
		flags := flag.NewFlagSet("", flag.ContinueOnError)
		flags.SetOutput(io.Discard)
		got := dayFlag(flags, "day")
		arguments, err := parse(flags, c.line)
		require.NoError(t, err)
		require.Equal(t, c.arguments, arguments, c.line)
		require.Equal(t, c.day, got.String(), c.line)
	}
}

// The default token must apply only to a server on this machine.
func TestDefaultToken(t *testing.T) {
	for base, want := range map[string]string{
		"http://127.0.0.1:8080": "local", "http://localhost:9": "local", "http://[::1]:9": "local",
		"https://trace.example.com": "", "http://10.0.0.1": "", "http://localhost.example.com": "",
	} {
		got, err := token(terminal{getenv: func(string) string { return "" }}, "ADMIN_TOKEN", base)
		require.Equal(t, want, got, base)
		if want == "" {
			require.EqualError(t, err, "set the environment variable ADMIN_TOKEN to the token of the server at "+base)
		}
		got, err = token(terminal{getenv: func(string) string { return "t " }}, "ADMIN_TOKEN", base)
		require.NoError(t, err)
		require.Equal(t, "t", got)
	}
}
