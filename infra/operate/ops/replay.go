package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
)

func prepareReplay(flags *flag.FlagSet) action {
	day := dayFlag(flags, "day")
	return func(ctx context.Context, t terminal, ids []string) error {
		if (len(ids) > 0) == (day.String() != "") {
			return errUsage("takes either IDs or -day")
		}
		return replay(ctx, t, ids, day.String())
	}
}

// replay replays the items with the given ids or, if a day is given, all items of that day.
func replay(ctx context.Context, t terminal, ids []string, day string) error {
	r, err := newRecorder(t)
	if err != nil {
		return err
	}
	if day != "" {
		if ids, err = r.idsOf(ctx, day); err != nil {
			return err
		}
	}
	return replayAll(ctx, t, r, ids)
}

func (r recorder) idsOf(ctx context.Context, day string) ([]string, error) {
	items, _, err := r.items(ctx, day)
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = item.ID
	}
	return ids, err
}

var errNotUnderstood = errors.New("some items are still not understood; they stay in quarantine")

// replayAll replays the items with the given ids and prints each result. If an item is missing,
// damaged or still not understood, replayAll continues with the rest and finally returns
// errNotUnderstood. If the recorder fails, replayAll stops. The command can then be run again,
// because it is harmless to replay an item twice.
func replayAll(ctx context.Context, t terminal, r recorder, ids []string) error {
	recorded, understood := 0, 0
	for i, id := range ids {
		result, err := r.replay(ctx, id)
		if err != nil {
			return fmt.Errorf("replay %s (%d of %d replayed before): %w", clean(id), i, len(ids), err)
		}
		recorded += result.Recorded
		if result.isUnderstood() {
			understood++
		}
		fmt.Fprintf(t.stdout, "[%d/%d] %s  %s\n", i+1, len(ids), clean(id), result)
	}
	fmt.Fprintf(t.stdout, "%s replayed, %d understood, %s recorded.\n", count(len(ids), "item"), understood, count(recorded, "event"))
	if understood < len(ids) {
		return errNotUnderstood
	}
	return nil
}

// replayResult is the outcome of replaying one item.
type replayResult struct {
	Recorded int         `json:"recorded"`
	Rejected []rejection `json:"rejected"`
	// unavailable is the reason why the item cannot be replayed at all, or nil.
	unavailable error
}

func (r recorder) replay(ctx context.Context, id string) (result replayResult, err error) {
	err = r.call(ctx, http.MethodPost, itemPath(id)+"/replay", &result, http.StatusOK, http.StatusUnprocessableEntity)
	var refused refusal
	if errors.As(err, &refused) && refused.isAboutItem() {
		return replayResult{unavailable: refused}, nil
	}
	return result, err
}

func (r replayResult) isUnderstood() bool { return r.unavailable == nil && len(r.Rejected) == 0 }

func (r replayResult) String() string {
	switch {
	case r.unavailable != nil:
		return r.unavailable.Error()
	case len(r.Rejected) > 0:
		return "recorded " + count(r.Recorded, "event") + ", still not understood: " + r.Rejected[0].String()
	default:
		return "recorded " + count(r.Recorded, "event")
	}
}
