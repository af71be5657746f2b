package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// row is what the demo shows of an event.
type row struct {
	Action       string    `json:"action"`
	ActionInfo   string    `json:"action_info"`
	ChannelID    string    `json:"channel_id"`
	Time         time.Time `json:"time"`
	NativeEvent  string    `json:"native_event"`
	NativeReason string    `json:"native_reason"`
}

// answer is the trace of a device, and what it cost to find.
type answer struct {
	Events  []row `json:"events"`
	Receipt struct {
		Objects  int     `json:"objects"`
		Requests int     `json:"requests"`
		Bytes    int64   `json:"bytes"`
		Ms       float64 `json:"ms"`
	} `json:"receipt"`
}

// traceAPI asks the query function.
type traceAPI struct{ base, token string }

// page is the link of the page for a device and a span. The token stands behind the
// "#", which browsers do not send.
func (a traceAPI) page(instance, device string, from, to time.Time) string {
	q := url.Values{
		"instance": {instance}, "client": {device},
		"from": {stamp(from)}, "to": {stamp(to)},
	}
	return a.base + "/?" + q.Encode() + "#token=" + url.QueryEscape(a.token)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// pollEvery is how often the demo asks for rows that are still on their way.
const pollEvery = 250 * time.Millisecond

// await asks until the device has the rows that it should have since then.
func (a traceAPI) await(ctx context.Context, device string, since time.Time, rows int) (answer, error) {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		got, err := a.ask(ctx, device, since)
		if err != nil || len(got.Events) >= rows {
			return got, err
		}
		fmt.Printf("  %d of %d rows so far\n", len(got.Events), rows)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return got, fmt.Errorf("%d of %d rows came: %w", len(got.Events), rows, ctx.Err())
		}
	}
}

// ask is GET /api/v1/trace. Times are whole milliseconds, so from is rounded down.
func (a traceAPI) ask(ctx context.Context, device string, since time.Time) (answer, error) {
	q := url.Values{"instance": {"local"}, "client": {device}, "from": {strconv.FormatInt(since.UnixMilli(), 10)}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+"/api/v1/trace?"+q.Encode(), nil)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err != nil {
		return answer{}, err
	}
	if resp.StatusCode != http.StatusOK {
		return answer{}, fmt.Errorf("the query function answers %s: %.300s", resp.Status, body)
	}
	var got answer
	return got, json.Unmarshal(body, &got)
}
