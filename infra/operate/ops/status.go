package main

import (
	"context"
	"flag"
	"net/url"
	"time"
)

var statusCommand = command{
	name: "status", synopsis: "CLIENT -instance INSTANCE [-at TIME]",
	summary: "show whether a device is online, or was online at a given time", help: statusHelp, prepare: prepareStatus,
}

const statusHelp = `flags:
  -instance NAME   the broker instance; without it, the command lists the instances that have events
  -at TIME         a past time, such as 2026-11-22T08:00:00Z, or 2026-11-22T08:00 in the zone of -tz; default now
` + textFlagsHelp + `
example:
  ops status GID_a@@@dev1 -instance prod -at 2026-11-22T03:12:00Z

` + queryHelp

func prepareStatus(flags *flag.FlagSet) action {
	q := newQuestionFlags(flags)
	at := flags.String("at", "", "")
	return func(ctx context.Context, t terminal, arguments []string) error {
		return q.put(ctx, t, "/api/v1/status", arguments, func(parameters url.Values, zone *time.Location) error {
			return setTime(parameters, "at", *at, zone)
		})
	}
}
