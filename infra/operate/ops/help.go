package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// helpText returns the whole help of a command or a group.
func (c command) helpText(path string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n%s", path, c.summary, c.usage(path))
	if c.help != "" {
		fmt.Fprintf(&b, "\n%s", c.help)
	}
	if c.prepare == nil {
		fmt.Fprintf(&b, "\nRun `%s help COMMAND` for the flags, the environment and an example of a command.\n", path)
	}
	return b.String()
}

// usage returns the usage line of a command, or the usage lines of all commands of a group.
func (c command) usage(path string) string {
	var b strings.Builder
	fmt.Fprintln(&b, "usage:")
	table := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	c.usageLines(table, path)
	table.Flush() // a strings.Builder returns no errors
	return b.String()
}

func (c command) usageLines(table *tabwriter.Writer, path string) {
	if c.prepare != nil {
		fmt.Fprintf(table, "  %s\t%s\n", strings.TrimSpace(path+" "+c.synopsis), c.summary)
	}
	for _, one := range c.commands {
		one.usageLines(table, path+" "+one.name)
	}
}
