package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

func (q quarantine) replayDay(ctx context.Context, day string) error {
	items, _, err := q.all(ctx, day)
	if err != nil {
		return err
	}
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = item.ID
	}
	return q.replay(ctx, ids)
}

// errNotUnderstood says that a replay came to its end, but not all is recorded.
var errNotUnderstood = errors.New("not all of it is understood; it stays in quarantine")

// replayed is what became of an item.
type replayed struct {
	Recorded int     `json:"recorded"`
	Rejected []fault `json:"rejected"`
	// fault is of the item itself, where it cannot be had.
	fault error
}

// replay goes on after an item that is still not understood or cannot be had, and stops
// where the recorder fails. To do it again does no harm.
func (q quarantine) replay(ctx context.Context, ids []string) error {
	recorded, understood := 0, 0
	for i, id := range ids {
		got, err := q.replayOne(ctx, id)
		if err != nil {
			return fmt.Errorf("replay %s, after %d of %d: %w", clean(id), i, len(ids), err)
		}
		recorded += got.Recorded
		if got.isUnderstood() {
			understood++
		}
		fmt.Fprintf(q.out, "[%d/%d] %s  %s\n", i+1, len(ids), clean(id), got)
	}
	fmt.Fprintf(q.out, "%s replayed, %d understood, %s recorded.\n", count(len(ids), "item"), understood, count(recorded, "event"))
	if understood < len(ids) {
		return errNotUnderstood
	}
	return nil
}

func (q quarantine) replayOne(ctx context.Context, id string) (got replayed, err error) {
	err = q.api.call(ctx, http.MethodPost, itemPath(id)+"/replay", &got, http.StatusOK, http.StatusUnprocessableEntity)
	var r refused
	if errors.As(err, &r) && r.ofItem() {
		return replayed{fault: r}, nil
	}
	return got, err
}

func (r replayed) isUnderstood() bool { return r.fault == nil && len(r.Rejected) == 0 }

func (r replayed) String() string {
	switch {
	case r.fault != nil:
		return r.fault.Error()
	case len(r.Rejected) > 0:
		return "recorded " + count(r.Recorded, "event") + ", still not understood: " + r.Rejected[0].String()
	default:
		return "recorded " + count(r.Recorded, "event")
	}
}
