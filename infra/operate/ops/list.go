package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"text/tabwriter"
)

// entry is an item as the list shows it.
type entry struct {
	about
	Size       int64  `json:"size"`
	Errors     int    `json:"errors"`
	FirstError *fault `json:"first_error"`
	// Damaged says that nothing but id and size is known.
	Damaged bool `json:"damaged"`
}

// pageSize is how many items are asked for at once: the most that there can be.
const pageSize = 200

// all is every item of a day, newest first, and the day that was meant.
func (q quarantine) all(ctx context.Context, day string) (items []entry, meant string, err error) {
	for after := ""; ; {
		var page struct {
			Day       string  `json:"day"`
			Items     []entry `json:"items"`
			NextAfter string  `json:"next_after"`
		}
		parameters := url.Values{"limit": {strconv.Itoa(pageSize)}, "day": {day}, "after": {after}}
		if err := q.api.call(ctx, http.MethodGet, quarantinePath+"?"+parameters.Encode(), &page, http.StatusOK); err != nil {
			return nil, "", err
		}
		items, day, after = append(items, page.Items...), page.Day, page.NextAfter
		if after == "" {
			slices.SortStableFunc(items, func(a, b entry) int { return b.ReceivedAt.Compare(a.ReceivedAt) })
			return items, day, nil
		}
	}
}

func (q quarantine) list(ctx context.Context, day string) error {
	items, day, err := q.all(ctx, day)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(q.out, 0, 0, 2, ' ', 0)
	if len(items) > 0 {
		fmt.Fprintln(table, "RECEIVED (UTC)\tROUTE\tINSTANCE\tBYTES\tERRORS\tFIRST ERROR\tID")
	}
	for _, item := range items {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%s\t%s\n", item.received(), clean(item.Route), clean(item.InstanceID),
			item.Size, item.Errors, item.why(), clean(item.ID))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(q.out, "%s: %s in quarantine.\n", day, count(len(items), "item"))
	return err
}

func (e entry) why() string {
	switch {
	case e.Damaged:
		return "the item is damaged in the bucket"
	case e.FirstError == nil:
		return ""
	default:
		return e.FirstError.String()
	}
}
