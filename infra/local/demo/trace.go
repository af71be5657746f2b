package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// row is one event of a trace, with the columns that the demo shows.
type row struct {
	Action       string    `json:"action"`
	ActionInfo   string    `json:"action_info"`
	ChannelID    string    `json:"channel_id"`
	Time         time.Time `json:"time"`
	NativeReason string    `json:"native_reason"`
}

// trace is the response of the query function.
type trace struct {
	Events  []row `json:"events"`
	Receipt struct {
		Objects  int     `json:"objects"`
		Requests int     `json:"requests"`
		Bytes    int64   `json:"bytes"`
		Ms       float64 `json:"ms"`
	} `json:"receipt"`
}

// traceAPI sends queries to the query function.
type traceAPI struct{ base, token string }

// page returns a link to the page that shows a device's events in a time range. The token
// is in the link's fragment, which browsers do not send to the server.
func (a traceAPI) page(instance, device string, from, to time.Time) string {
	q := url.Values{
		"instance": {instance}, "client": {device},
		"from": {format(from)}, "to": {format(to)},
	}
	return a.base + "/?" + q.Encode() + "#token=" + url.QueryEscape(a.token)
}

func format(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

const (
	// pollEvery is the pause between queries while rows are still missing.
	pollEvery = 250 * time.Millisecond
	// tellEvery is the interval at which await prints how many rows have arrived.
	tellEvery = 5 * time.Second
)

// await repeats a query for the device's rows since the given time. It stops when the response has
// at least the given number of rows.
func (a traceAPI) await(ctx context.Context, device string, since time.Time, rows int) (trace, error) {
	tellAt := time.Now().Add(tellEvery)
	for {
		got, err := a.query(ctx, device, since)
		if err != nil || len(got.Events) >= rows {
			return got, err
		}
		if time.Now().After(tellAt) {
			fmt.Printf("  %d of %d rows so far\n", len(got.Events), rows)
			tellAt = tellAt.Add(tellEvery)
		}
		select {
		case <-time.After(pollEvery):
		case <-ctx.Done():
			return got, fmt.Errorf("only %d of %d rows arrived: %w", len(got.Events), rows, ctx.Err())
		}
	}
}

// query makes one query. It rounds the start of the range down to a whole millisecond,
// because event times are whole milliseconds.
func (a traceAPI) query(ctx context.Context, device string, since time.Time) (got trace, err error) {
	q := url.Values{"instance": {"local"}, "client": {device}, "from": {strconv.FormatInt(since.UnixMilli(), 10)}}
	body, err := send(ctx, http.MethodGet, a.base+"/api/v1/trace?"+q.Encode(), a.token, nil)
	if err != nil {
		return trace{}, err
	}
	return got, json.Unmarshal(body, &got)
}
