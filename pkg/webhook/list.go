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

// listResponse holds one page of the items received on a day. Pages are in the order of the ids,
// which are unrelated to the time of day. Within a page, items are sorted by time, newest first. A
// later page may therefore contain newer items.
type listResponse struct {
	Day   layout.Day   `json:"day"`
	Items []listedItem `json:"items"`
	// NextAfter is the value of the parameter "after" for the next request. It is empty in the last
	// response.
	NextAfter string `json:"next_after,omitempty"`
}

// listedItem is the summary of an item in a listing.
type listedItem struct {
	ID         string            `json:"id"`
	ReceivedAt time.Time         `json:"received_at,omitzero"`
	Route      string            `json:"route,omitempty"`
	InstanceID event.InstanceID  `json:"instance_id,omitempty"`
	Size       int64             `json:"size"`   // size of the object, in bytes
	Errors     int               `json:"errors"` // number of rejected items
	FirstError *quarantine.Error `json:"first_error,omitempty"`
	// Damaged is true if the item is damaged. Only its id and size are then known.
	Damaged bool `json:"damaged,omitempty"`
}

const (
	defaultLimit = 50
	maxLimit     = 200
	// parallelReads is the maximum number of items read at the same time.
	parallelReads = 8
)

// listRequest holds the parameters of a list request.
type listRequest struct {
	day   layout.Day
	after quarantine.ID // zero in the first request
	limit int
}

// list responds with one page of the items received on a day. It costs one store request for the
// listing, and one for each item on the page.
func (a admin) list(w http.ResponseWriter, r *http.Request) {
	request, err := parseListRequest(r.URL.Query(), a.handler.config.Now())
	if err != nil {
		serve.Fail(w, http.StatusBadRequest, "InvalidParameter", err.Error())
		return
	}
	memory := a.handler.budget.part()
	defer memory.release()
	response, err := a.readPage(r.Context(), request, memory)
	if err != nil {
		failRead(w, r, err)
		return
	}
	serve.JSON(w, http.StatusOK, response)
}

// readPage acquires the memory for a page from the budget, and then reads the page. The error may be
// errBusy.
func (a admin) readPage(ctx context.Context, request listRequest, memory *part) (listResponse, error) {
	if err := memory.resize(listWeight); err != nil {
		return listResponse{}, err
	}
	store := a.handler.config.Store
	entries, more, err := quarantine.List(ctx, store, request.day, request.after, request.limit)
	if err != nil {
		return listResponse{}, err
	}
	items, err := listItems(ctx, store, entries)
	if err != nil {
		return listResponse{}, err
	}
	response := listResponse{Day: request.day, Items: items}
	if more {
		response.NextAfter = entries[len(entries)-1].ID.String()
	}
	return response, nil
}

func parseListRequest(q url.Values, now time.Time) (listRequest, error) {
	request := listRequest{day: layout.DayOf(now), limit: defaultLimit}
	if day := q.Get("day"); day != "" {
		start, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return listRequest{}, errors.New("day must be a date, as in 2026-11-22")
		}
		request.day = layout.DayOf(start)
	}
	if limit := q.Get("limit"); limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 || n > maxLimit {
			return listRequest{}, fmt.Errorf("limit must be a whole number from 1 to %d", maxLimit)
		}
		request.limit = n
	}
	if after := q.Get("after"); after != "" {
		id, err := quarantine.ParseID(after)
		if err != nil || id.Day != request.day {
			return listRequest{}, errors.New("after must be the id of an item of the day")
		}
		request.after = id
	}
	return request, nil
}

// listItems reads the items of a listing and sorts them, newest first. It omits items that
// were deleted after the listing.
func listItems(ctx context.Context, store quarantine.Reader, entries []quarantine.Entry) ([]listedItem, error) {
	items, gone := make([]listedItem, len(entries)), make([]bool, len(entries))
	err := parallel.Do(len(entries), parallelReads, func(i int) (err error) {
		items[i], err = readListed(ctx, store, entries[i])
		if gone[i] = errors.Is(err, fs.ErrNotExist); gone[i] {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	found := []listedItem{}
	for i := range items {
		if !gone[i] {
			found = append(found, items[i])
		}
	}
	slices.SortStableFunc(found, func(a, b listedItem) int {
		return cmp.Or(b.ReceivedAt.Compare(a.ReceivedAt), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

func readListed(ctx context.Context, store quarantine.Reader, entry quarantine.Entry) (listedItem, error) {
	listed := listedItem{ID: entry.ID.String(), Size: entry.Size}
	summary, err := quarantine.GetSummary(ctx, store, entry)
	if errors.Is(err, quarantine.ErrDamaged) {
		listed.Damaged = true
		return listed, nil
	}
	listed.ReceivedAt, listed.Route, listed.InstanceID = summary.ReceivedAt, summary.Route, summary.InstanceID
	listed.Errors, listed.FirstError = summary.Errors, summary.FirstError
	return listed, err
}
