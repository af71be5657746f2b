package traceapi

import (
	"context"
	"net/http"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/query"
	"devicetrace/pkg/summary"
)

// devicesResponse is the body of GET /api/v1/devices.
type devicesResponse struct {
	InstanceID event.InstanceID `json:"instance_id"`
	// Days are the UTC days that were searched, oldest first.
	Days    []string     `json:"days"`
	Devices []deviceLine `json:"devices"`
	Covered covered      `json:"covered"`
	// Exact means that the counts of all devices are exact. Otherwise, some may be too high.
	Exact      bool               `json:"exact"`
	NotCounted []query.Unreadable `json:"not_counted"`
	NextCursor string             `json:"next_cursor,omitempty"`
	*absence
	Receipt query.Receipt `json:"receipt"`
	Plan    []query.Step  `json:"plan,omitempty"`
}

// covered says how many devices were searched, and how many of them the whole list contains.
type covered struct {
	Devices  int64      `json:"devices"`
	Matched  int64      `json:"matched"`
	Shards   shardCount `json:"shards"`
	Complete bool       `json:"complete"`
}

// findDevices returns a response that lists devices.
func (a api) findDevices(r *http.Request, may permission, large *slot) (response, error) {
	q, err := parseFinder(r.URL.RawQuery, a.now())
	if err != nil {
		return nil, err
	}
	if err := may.read(q.instanceID); err != nil {
		return nil, err
	}
	found, err := inTurn(r.Context(), a, func() (foundDevices, error) { return a.find(r.Context(), q) })
	if err != nil {
		return nil, err
	}
	absent, err := found.account.absence(r.Context(), a, may, q.instanceID)
	if err != nil {
		return nil, err
	}
	page := found.page(q, large)
	page.absence, page.Receipt, page.Plan = absent, found.account.receipt, found.account.steps
	if q.format == "csv" {
		return page.csv(q.bom), nil
	}
	return jsonResponse(page), nil
}

// foundDevices is the result of a search, before it is cut to the size of a page.
type foundDevices struct {
	account account
	result  query.FleetResult
	matched int64
	devices []listedDevice
	more    bool // more devices follow
}

// listedDevice is a device and its place in the list. If the device must not be shown, it has no
// line, but the next page still begins after its place.
type listedDevice struct {
	place place
	line  *deviceLine
}

// find reads the devices of the searched days and selects the devices of the page.
func (a api) find(ctx context.Context, q finderRequest) (found foundDevices, err error) {
	found.account = newAccount(q.explain)
	list := ranking{order: q.order, after: q.after, limit: q.limit}
	found.result, err = a.count(ctx, query.FleetRequest{
		InstanceID: q.instanceID, From: q.first, To: q.last.Add(day), Match: q.readerMatch(),
		Explain: true,
		Devices: func(d *summary.Device) error {
			if q.selects(d) {
				found.matched++
				list.add(d)
			}
			return ctx.Err()
		},
	})
	if err != nil {
		return found, err
	}
	found.account.add(ctx, partOf(found.result))
	ranked, more := list.page()
	for _, d := range ranked {
		line := lineOf(&d.device)
		found.devices = append(found.devices, listedDevice{d.place, &line})
	}
	found.more = more
	if q.state == summary.Offline {
		err = a.confirm(ctx, q, &found)
	}
	return found, err
}

// page returns the response with as many devices as fit in maxBytes. Without the slot large, they
// must fit in smallBytes.
func (f foundDevices) page(q finderRequest, large *slot) devicesResponse {
	complete := completenessOf(f.result)
	page := devicesResponse{
		InstanceID: q.instanceID, Days: q.dates(), Devices: []deviceLine{},
		Covered: covered{Devices: f.result.Searched, Matched: f.matched, Shards: complete.Shards, Complete: complete.isWhole()},
		Exact:   f.result.DevicesExact, NotCounted: complete.NotCounted,
	}
	size := wireSize(encode(page)) + wireSize(encode(f.account.steps))
	var last place
	for i, d := range f.devices {
		if d.line != nil {
			size += wireSize(encode(d.line))
			if i > 0 && (size > maxBytes || size > smallBytes && !large.take()) {
				page.NextCursor = last.cursor()
				return page
			}
			page.Devices = append(page.Devices, *d.line)
		}
		last = d.place
	}
	if f.more {
		page.NextCursor = last.cursor()
	}
	return page
}

func (q finderRequest) dates() (dates []string) {
	for day := q.first; !day.After(q.last); day = day.AddDate(0, 0, 1) {
		dates = append(dates, day.Format(time.DateOnly))
	}
	return dates
}
