package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/url"
	"time"
)

var quarantineCommand = command{
	name: "quarantine",
	usage: []string{
		"list [-day 2026-11-22]     what could not be understood that day (UTC; today)",
		"show ID                    the original input; on standard error, what was wrong",
		"replay ID…                 decode it again, and record what is understood now",
		"replay -day 2026-11-22     the same for all of a day",
	},
	run: runQuarantine,
}

const quarantinePath = "/webhooks/quarantine"

func runQuarantine(ctx context.Context, c console, arguments []string) error {
	if len(arguments) == 0 {
		return errUsage("quarantine: say list, show or replay")
	}
	verb := arguments[0]
	flags := flag.NewFlagSet("quarantine "+verb, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run tells the fault
	day := flags.String("day", "", "")
	if err := flags.Parse(arguments[1:]); err != nil {
		return errUsage(flags.Name() + ": " + err.Error())
	}
	api, err := newAPI(c)
	if err != nil {
		return err
	}
	q := quarantine{c, api}
	ids := flags.Args()
	switch {
	case verb == "list" && len(ids) == 0:
		return q.list(ctx, *day)
	case verb == "show" && len(ids) == 1 && *day == "":
		return q.show(ctx, ids[0])
	case verb == "replay" && len(ids) > 0 && *day == "":
		return q.replay(ctx, ids)
	case verb == "replay" && len(ids) == 0 && *day != "":
		return q.replayDay(ctx, *day)
	default:
		return errUsage(flags.Name() + ": that is no form of this command")
	}
}

// quarantine are the commands about input that could not be understood.
type quarantine struct {
	console
	api api
}

func itemPath(id string) string { return quarantinePath + "/" + url.PathEscape(id) }

// fault is what was wrong with one item of a body.
type fault struct {
	Item  int    `json:"item"`
	Field string `json:"field"`
	Error string `json:"error"`
}

func (f fault) String() string {
	if f.Field == "" {
		return clean(fmt.Sprintf("item %d: %s", f.Item, f.Error))
	}
	return clean(fmt.Sprintf("item %d, %s: %s", f.Item, f.Field, f.Error))
}

// about is what is known of an item beside its body.
type about struct {
	ID         string    `json:"id"`
	ReceivedAt time.Time `json:"received_at"`
	Route      string    `json:"route"`
	InstanceID string    `json:"instance_id"`
}

func (a about) received() string {
	if a.ReceivedAt.IsZero() {
		return "unknown"
	}
	return a.ReceivedAt.UTC().Format(time.DateTime)
}
