package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

const (
	// soakAskers ask all along, at soakAskPace each.
	soakAskers  = 4
	soakAskPace = 20 * time.Millisecond
)

// keepAsking asks about one device after the other.
func (k *soak) keepAsking(ctx context.Context, number uint64) {
	random := k.random(1000 + number)
	for sleep(ctx, soakAskPace) {
		if a := k.ledger.any(random); a != nil {
			k.check(ctx, a, 20+random.IntN(400))
		}
	}
}

// check asks about a device and holds the answer to what the ledger said before. Not
// ok: the question was refused.
func (k *soak) check(ctx context.Context, a *account, page int) (rows []row, ok bool) {
	promised := k.ledger.promised(a)
	if rows, ok = k.trace(ctx, a, page); !ok {
		return nil, false
	}
	if err := k.ledger.judge(a, promised, namesOf(rows)); err != nil {
		k.problem("%w", err)
	}
	k.answered.Add(1)
	return rows, true
}

// trace is all pages of a device's trace. Not ok: one of them was refused.
func (k *soak) trace(ctx context.Context, a *account, page int) (rows []row, ok bool) {
	q := question(a.instance, a.device, a.from, a.from.Add(k.lasts+k.settles()))
	q.Set("limit", strconv.Itoa(page))
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
			k.problem("the query function answers %d: %.1000s", r.status, r.body)
			return nil, false
		}
		rows = append(rows, got.Events...)
		if got.NextCursor == "" {
			return rows, true
		}
		q.Set("cursor", got.NextCursor)
	}
}

// noteRefusal counts refusals, and apart from them the answers that ended with the process
// that was about to give them.
func (k *soak) noteRefusal(r response, err error) {
	if err == nil && r.status == http.StatusBadGateway {
		k.cut.Add(1)
		return
	}
	k.refused.Add(1)
}

// namesOf are what their sources called the events.
func namesOf(rows []row) []string {
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r.SourceEventID
	}
	return names
}
