package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"text/tabwriter"
)

func prepareList(flags *flag.FlagSet) action {
	day := dayFlag(flags, "day")
	return func(ctx context.Context, t terminal, ids []string) error {
		if len(ids) > 0 {
			return errUsage("takes no ID; to see one item, use show")
		}
		return list(ctx, t, day.String())
	}
}

// list prints the quarantined items of a day. An empty day means today (UTC).
func list(ctx context.Context, t terminal, day string) error {
	r, err := newRecorder(t)
	if err != nil {
		return err
	}
	items, day, err := r.items(ctx, day)
	if err != nil {
		return err
	}
	return printItems(t, items, day)
}

// listedItem is one item in the recorder's listing of the quarantine.
type listedItem struct {
	itemHead
	Size       int64      `json:"size"`
	Errors     int        `json:"errors"`
	FirstError *rejection `json:"first_error"`
	// Damaged reports whether the item is damaged. Only the id and the size of a damaged item
	// are known.
	Damaged bool `json:"damaged"`
}

// pageSize is the maximum number of items per page that the recorder allows.
const pageSize = 200

// items returns all quarantined items of a day, newest first, and the date of that day. An empty
// day means today (UTC).
func (r recorder) items(ctx context.Context, day string) (items []listedItem, listedDay string, err error) {
	for after := ""; ; {
		var listing struct {
			Day       string       `json:"day"`
			Items     []listedItem `json:"items"`
			NextAfter string       `json:"next_after"`
		}
		parameters := url.Values{"limit": {strconv.Itoa(pageSize)}, "day": {day}, "after": {after}}
		if err := r.call(ctx, http.MethodGet, quarantinePath+"?"+parameters.Encode(), &listing, http.StatusOK); err != nil {
			return nil, "", err
		}
		items, day, after = append(items, listing.Items...), listing.Day, listing.NextAfter
		if after == "" {
			slices.SortStableFunc(items, func(a, b listedItem) int { return b.ReceivedAt.Compare(a.ReceivedAt) })
			return items, day, nil
		}
	}
}

func printItems(t terminal, items []listedItem, day string) error {
	table := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	if len(items) > 0 {
		fmt.Fprintln(table, "RECEIVED (UTC)\tROUTE\tINSTANCE\tBYTES\tERRORS\tFIRST ERROR\tID")
	}
	for _, item := range items {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%s\t%s\n", item.received(), clean(item.Route), clean(item.InstanceID),
			item.Size, item.Errors, item.reason(), clean(item.ID))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(t.stdout, "%s: %s in quarantine.\n", day, count(len(items), "item"))
	return err
}

func (i listedItem) reason() string {
	switch {
	case i.Damaged:
		return "the item is damaged in the bucket"
	case i.FirstError == nil:
		return ""
	default:
		return i.FirstError.String()
	}
}
