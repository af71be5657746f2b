package webhook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/parallel"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/serve"
)

// listing is a page of what was received on a day, newest first. The pages follow
// each other by id, which says nothing of the time of the day.
type listing struct {
	Day   layout.Day `json:"day"`
	Items []summary  `json:"items"`
	// NextAfter is the value of after for the next page; empty on the last one.
	NextAfter string `json:"next_after,omitempty"`
}

// summary is what a person wants to know of an item first.
type summary struct {
	ID         string            `json:"id"`
	ReceivedAt time.Time         `json:"received_at,omitzero"`
	Route      string            `json:"route,omitempty"`
	InstanceID event.InstanceID  `json:"instance_id,omitempty"`
	Size       int64             `json:"size"`   // bytes in the bucket
	Errors     int               `json:"errors"` // how many
	FirstError *quarantine.Error `json:"first_error,omitempty"`
	// Damaged says that nothing but id and size is known.
	Damaged bool `json:"damaged,omitempty"`
}

const (
	defaultPage = 50
	maxPage     = 200
	// parallelReads is how many items are read at once.
	parallelReads = 8
)

// page is what a request for a listing asks for.
type page struct {
	day   layout.Day
	after quarantine.ID // zero for the first page
	limit int
}

// list costs a request for the page and one or two for each of its items.
func (a admin) list(w http.ResponseWriter, r *http.Request) {
	asked, err := parsePage(r.URL.Query(), a.handler.config.Now())
	if err != nil {
		serve.Fail(w, http.StatusBadRequest, "InvalidParameter", err.Error())
		return
	}
	entries, more, err := quarantine.List(r.Context(), a.handler.config.Store, asked.day, asked.after, asked.limit)
	if err != nil {
		failItem(w, r, err)
		return
	}
	items, err := a.summarise(r.Context(), entries)
	if err != nil {
		failItem(w, r, err)
		return
	}
	answer := listing{Day: asked.day, Items: items}
	if more {
		answer.NextAfter = entries[len(entries)-1].ID.String()
	}
	serve.JSON(w, http.StatusOK, answer)
}

func parsePage(q url.Values, now time.Time) (page, error) {
	asked := page{day: layout.DayOf(now), limit: defaultPage}
	if day := q.Get("day"); day != "" {
		start, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return page{}, errors.New("day must be a date as in 2026-11-22")
		}
		asked.day = layout.DayOf(start)
	}
	if limit := q.Get("limit"); limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 || n > maxPage {
			return page{}, fmt.Errorf("limit must be a whole number from 1 to %d", maxPage)
		}
		asked.limit = n
	}
	if after := q.Get("after"); after != "" {
		id, err := quarantine.ParseID(after)
		if err != nil || id.Day != asked.day {
			return page{}, errors.New("after must be the id of an item of the day")
		}
		asked.after = id
	}
	return asked, nil
}

// summarise reads the items of a page. What went out of the bucket meanwhile is left out.
func (a admin) summarise(ctx context.Context, entries []quarantine.Entry) ([]summary, error) {
	summaries, gone := make([]summary, len(entries)), make([]bool, len(entries))
	err := parallel.Do(len(entries), parallelReads, func(i int) (err error) {
		summaries[i], err = summaryOf(ctx, a.handler.config.Store, entries[i])
		if gone[i] = errors.Is(err, fs.ErrNotExist); gone[i] {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	found := []summary{}
	for i := range summaries {
		if !gone[i] {
			found = append(found, summaries[i])
		}
	}
	slices.SortStableFunc(found, func(a, b summary) int {
		return cmp.Or(b.ReceivedAt.Compare(a.ReceivedAt), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

func summaryOf(ctx context.Context, store quarantine.Reader, entry quarantine.Entry) (summary, error) {
	s := summary{ID: entry.ID.String(), Size: entry.Size}
	item, err := quarantine.Summarise(ctx, store, entry)
	if errors.Is(err, quarantine.ErrDamaged) {
		s.Damaged = true
		return s, nil
	}
	s.ReceivedAt, s.Route, s.InstanceID, s.Errors = item.ReceivedAt, item.Route, item.InstanceID, len(item.Errors)
	if len(item.Errors) > 0 {
		s.FirstError = &item.Errors[0]
	}
	return s, err
}
