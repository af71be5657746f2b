package main

import (
	"context"
	"flag"
	"net/url"
	"slices"
	"time"
)

var traceCommand = command{
	name: "trace", synopsis: "CLIENT -instance INSTANCE [-day 2026-11-22 | -from TIME -to TIME]",
	summary: "list the events of a device", help: traceHelp, prepare: prepareTrace,
}

const traceHelp = `The default range is the last 24 hours, which is also the longest range.

flags:
  -instance NAME     the broker instance; without it, the command lists the instances that have events
  -day DATE          a day in the zone of -tz; if the clocks go back on that day, the range ends after 24 hours
  -from TIME         start of the range, such as 2026-11-22T08:00:00Z, or 2026-11-22T08:00 in the zone of -tz;
                     without -to, the range ends 24 hours later, but at most an hour from now
  -to TIME           end of the range; without -from, the range is one hour long
  -action LIST       only these actions, separated by commas: connect, close, disconnect
  -action_info LIST  only these reasons, separated by commas
  -order asc|desc    oldest or newest event first; default asc
  -limit N           maximum number of events; default 1000, at most 5000
  -cursor CURSOR     the cursor that the text of the previous page shows; requires the same -from and -to
  -format FORMAT     text, csv, ndjson or json; default text
` + textFlagsHelp + `
example:
  ops trace GID_a@@@dev1 -instance prod -day 2026-11-22 -action close

` + queryHelp

// traceFlags lists the flags that are passed to the API unchanged, as parameters of the same name.
var traceFlags = []string{"action", "action_info", "order", "limit", "cursor", "format"}

func prepareTrace(flags *flag.FlagSet) action {
	q, span := newQuestionFlags(flags), newSpanFlags(flags)
	for _, name := range traceFlags {
		flags.String(name, "", "")
	}
	return func(ctx context.Context, t terminal, arguments []string) error {
		return q.put(ctx, t, "/api/v1/trace", arguments, func(parameters url.Values, zone *time.Location) error {
			flags.Visit(func(f *flag.Flag) {
				if slices.Contains(traceFlags, f.Name) && f.Value.String() != "" {
					parameters.Set(f.Name, f.Value.String())
				}
			})
			return span.set(parameters, zone, time.Now())
		})
	}
}
