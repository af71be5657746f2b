package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

const (
	// soakReaders is the number of readers. queryPause is how long a reader pauses between queries.
	soakReaders = 4
	queryPause  = 20 * time.Millisecond
)

// keepQuerying queries random devices, one after another, until ctx ends.
func (k *soak) keepQuerying(ctx context.Context, number uint64) {
	random := k.random(1000 + number)
	for sleep(ctx, queryPause) {
		if a := k.ledger.randomAccount(random); a != nil {
			k.check(ctx, a, 20+random.IntN(400))
		}
	}
}

// check queries a device and compares the rows with the ledger. The rows must contain all events
// that were acknowledged before the query. It returns false if the query was refused.
func (k *soak) check(ctx context.Context, a *account, limit int) (rows []row, ok bool) {
	required := k.ledger.countAcknowledged(a)
	if rows, ok = k.trace(ctx, a, limit); !ok {
		return nil, false
	}
	if err := k.ledger.judge(a, required, idsOf(rows)); err != nil {
		k.fail("%w", err)
	}
	k.checked.Add(1)
	return rows, true
}

// trace returns the rows of all pages of a device's trace. It returns false if the query for one of
// the pages was refused or failed.
func (k *soak) trace(ctx context.Context, a *account, limit int) (rows []row, ok bool) {
	q := question(a.instance, a.client, a.from, a.from.Add(k.duration+k.verdictTime()))
	q.Set("limit", strconv.Itoa(limit))
	for {
		r, err := k.stack.Load().tryAsk(ctx, q)
		if isRefusal(r, err) {
			k.noteRefusal(r, err)
			return nil, false
		}
		var got struct {
			Events     []row
			NextCursor string `json:"next_cursor"`
			Incomplete bool
		}
		if err := json.Unmarshal(r.body, &got); r.status != http.StatusOK || err != nil || got.Incomplete {
			k.fail("query function responded %d: %.1000s", r.status, r.body)
			return nil, false
		}
		rows = append(rows, got.Events...)
		if got.NextCursor == "" {
			return rows, true
		}
		q.Set("cursor", got.NextCursor)
	}
}

// noteRefusal counts a refused query. It has a separate counter for queries that failed because the
// function's process exited during the call.
func (k *soak) noteRefusal(r response, err error) {
	if err == nil && r.status == http.StatusBadGateway {
		k.interrupted.Add(1)
		return
	}
	k.refused.Add(1)
}

// idsOf returns the source event ids of the given rows.
func idsOf(rows []row) []string {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.SourceEventID
	}
	return ids
}
