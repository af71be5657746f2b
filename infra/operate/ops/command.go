package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// command is a command of ops, such as "quarantine list". A command without an action is a group: it
// only contains other commands, such as "quarantine".
type command struct {
	// name is the word that selects the command among its siblings.
	name string
	// synopsis lists the arguments in the usage line, such as "[-day 2026-11-22] ID…".
	synopsis string
	// summary is a phrase that describes the command in lists of commands.
	summary string
	// help is the rest of the command's help: explanations, an example and the environment. It ends
	// with a line end.
	help string
	// prepare adds the command's flags to the given set and returns the function that runs the
	// command. It is nil for a group.
	prepare func(*flag.FlagSet) action
	// commands lists the commands of a group.
	commands []command
}

// action runs a command. arguments are the words of the command line that are neither the command
// nor flags. If the command line is wrong, action returns an errUsage.
type action func(ctx context.Context, t terminal, arguments []string) error

// errUsage is the error for an invalid command line or environment variable. Its text describes
// what is wrong.
type errUsage string

func (e errUsage) Error() string { return string(e) }

// wrongUsage is an errUsage together with the command that the command line names.
type wrongUsage struct {
	path    string // the words of the command, starting with "ops"
	command command
	problem error
}

func (e wrongUsage) Error() string {
	if words, isCommand := strings.CutPrefix(e.path, program+" "); isCommand {
		return words + ": " + e.problem.Error()
	}
	return e.problem.Error()
}

// program is the name of the whole command.
const program = "ops"

// dispatch runs c or one of the commands below it, as the words of the line say. path names c itself. If
// the line asks for help, dispatch prints the help of the command instead. The error for an invalid line
// is a wrongUsage.
func dispatch(ctx context.Context, t terminal, path string, c command, line []string) error {
	switch {
	case c.prepare != nil:
		return c.execute(ctx, t, path, line)
	case len(line) == 0:
		return wrongUsage{path, c, errors.New("no command given: use one of " + c.names())}
	case line[0] == "help":
		return explain(t, path, c, line[1:])
	case isHelpFlag(line[0]):
		return explain(t, path, c, nil)
	}
	next, found := c.find(line[0])
	if !found {
		return wrongUsage{path, c, fmt.Errorf("%q is not a command: use one of %s", line[0], c.names())}
	}
	return dispatch(ctx, t, path+" "+next.name, next, line[1:])
}

// explain prints the help of the command below c that the words name, or of c if there are no words.
func explain(t terminal, path string, c command, words []string) error {
	if len(words) == 0 || isHelpFlag(words[0]) || words[0] == "help" {
		_, err := io.WriteString(t.stdout, c.helpText(path))
		return err
	}
	next, found := c.find(words[0])
	switch {
	case !found && c.prepare != nil:
		return wrongUsage{path, c, fmt.Errorf("there is no help for %q", words[0])}
	case !found:
		return wrongUsage{path, c, fmt.Errorf("there is no help for %q: use one of %s", words[0], c.names())}
	}
	return explain(t, path+" "+next.name, next, words[1:])
}

func isHelpFlag(word string) bool {
	return slices.Contains([]string{"-h", "-help", "--help"}, word)
}

// execute parses the flags of the command and runs it. If the line asks for help, with a flag or as the
// single word "help", execute prints the help of the command instead.
func (c command) execute(ctx context.Context, t terminal, path string, line []string) error {
	flags := flag.NewFlagSet(path, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the caller prints the error
	flags.Usage = func() {}
	run := c.prepare(flags)
	arguments, err := parse(flags, line)
	switch {
	case errors.Is(err, flag.ErrHelp), slices.Equal(line, []string{"help"}):
		return explain(t, path, c, nil)
	case err == nil:
		err = run(ctx, t, arguments)
	}
	var wrong errUsage
	if errors.As(err, &wrong) {
		return wrongUsage{path, c, err}
	}
	return err
}

// parse parses a line in which flags may stand before, between and after the arguments. All words
// after "--" are arguments, even if they begin with a hyphen.
func parse(flags *flag.FlagSet, line []string) (arguments []string, err error) {
	for {
		if err := flags.Parse(line); err != nil {
			return nil, asUsage(err)
		}
		rest := flags.Args()
		if parsed := line[:len(line)-len(rest)]; len(rest) == 0 || len(parsed) > 0 && parsed[len(parsed)-1] == "--" {
			return append(arguments, rest...), nil
		}
		arguments, line = append(arguments, rest[0]), rest[1:]
	}
}

// asUsage returns the error of package flag as an errUsage, except for flag.ErrHelp.
func asUsage(err error) error {
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	if word, isUnknown := strings.CutPrefix(err.Error(), "flag provided but not defined: "); isUnknown {
		return errUsage(fmt.Sprintf("%q is not a flag of this command; if it is an argument, put -- before it and after all flags", word))
	}
	return errUsage(err.Error())
}

func (c command) find(name string) (found command, ok bool) {
	i := slices.IndexFunc(c.commands, func(one command) bool { return one.name == name })
	if i < 0 {
		return command{}, false
	}
	return c.commands[i], true
}

// names lists the names of the group's commands.
func (c command) names() string {
	var names []string
	for _, one := range c.commands {
		names = append(names, one.name)
	}
	return strings.Join(names, ", ")
}
