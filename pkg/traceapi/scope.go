package traceapi

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
	"devicetrace/pkg/fleet"
	"devicetrace/pkg/parallel"
	"devicetrace/pkg/query"
)

var scopeParameters = slices.Concat(deviceParameters, []string{"at", "of", "explain", "lang"})

// scopeRequest holds the parameters of a question about who else dropped.
type scopeRequest struct {
	device device // clientID is empty if the question is about an instant alone
	at     time.Time
	of     fleet.Of // empty: decided by the device's own event
	lang   diagnose.Lang
	// explain asks for the list of requests to the store.
	explain bool
}

// scopeResponse is the body of GET /api/v1/scope.
type scopeResponse struct {
	InstanceID event.InstanceID `json:"instance_id"`
	*scopeDevice
	fleet.Scope
	Shards     shardCount         `json:"shards"`
	NotCounted []query.Unreadable `json:"not_counted"`
	Lang       diagnose.Lang      `json:"lang"`
	Title      string             `json:"title"`
	Text       string             `json:"text"`
	*absence
	Receipt query.Receipt `json:"receipt"`
	Plan    []query.Step  `json:"plan,omitempty"`
}

// scopeDevice names the device of a scope.
type scopeDevice struct {
	ClientID event.ClientID `json:"client_id"`
	GroupID  string         `json:"group_id"`
	DeviceID string         `json:"device_id"`
}

// scope returns a response that says who else dropped, or was refused, at an instant.
func (a api) scope(r *http.Request, may permission, large *slot) (response, error) {
	q, err := a.parseScope(r)
	if err != nil {
		return nil, err
	}
	if err := may.read(q.device.instanceID); err != nil {
		return nil, err
	}
	found, err := inTurn(r.Context(), a, func() (scopeResponse, error) { return a.findScope(r.Context(), q, may) })
	if err != nil {
		return nil, err
	}
	encoded := encode(found)
	if wireSize(encoded) > smallBytes {
		if err := large.await(r.Context()); err != nil {
			return nil, err
		}
	}
	return encodedResponse(encoded), nil
}

// findScope reads the device's own events and the sums of the fleet, and finds the scope.
func (a api) findScope(ctx context.Context, q scopeRequest, may permission) (found scopeResponse, err error) {
	read, err := a.readScope(ctx, q)
	if err != nil {
		return found, err
	}
	result, in := read.result, read.input(q, a.now())
	cost := newAccount(q.explain)
	cost.add(ctx, partOf(result))
	if q.device.clientID != "" {
		cost.addParallel(ctx, read.trace)
	}
	absent, err := cost.absence(ctx, a, may, q.device.instanceID)
	if err != nil {
		return found, err
	}
	scope := fleet.ScopeOf(in)
	return scopeResponse{
		InstanceID: q.device.instanceID, scopeDevice: scopeDeviceOf(q.device.clientID), Scope: scope,
		Shards: shardCount{result.Shards, result.OfShards}, NotCounted: shortList(result.NotCounted),
		Lang: q.lang, Title: scope.Title(fleet.Lang(q.lang)), Text: scope.Text(fleet.Lang(q.lang)),
		absence: absent, Receipt: cost.receipt, Plan: cost.steps,
	}, nil
}

// scopeDeviceOf returns the device, or nil if the client identifier is empty.
func scopeDeviceOf(clientID event.ClientID) *scopeDevice {
	if clientID == "" {
		return nil
	}
	groupID, deviceID := clientID.Split()
	return &scopeDevice{clientID, groupID, deviceID}
}

func (a api) parseScope(r *http.Request) (q scopeRequest, err error) {
	values, err := parseValues(r.URL.RawQuery, scopeParameters)
	if err != nil {
		return q, err
	}
	if q.device, err = parseMaybeDevice(values); err != nil {
		return q, err
	}
	if q.at, err = parseEventTime(values, a.now()); err != nil {
		return q, err
	}
	if of := values.Get("of"); of != "" {
		if of, err = parseOneOf(values, "of", string(fleet.Drops), string(fleet.Refusals)); err != nil {
			return q, err
		}
		q.of = fleet.Of(of)
	}
	if q.explain, err = parseFlag(values, "explain"); err != nil {
		return q, err
	}
	q.lang, err = parseLang(values.Get("lang"), r.Header.Get("Accept-Language"))
	return q, err
}

// parseMaybeDevice is like parseDevice, but the client may be missing.
func parseMaybeDevice(values url.Values) (device, error) {
	if values.Get("client") == "" && values.Get("device") == "" && !values.Has("group") {
		instanceID, err := parseInstance(values)
		return device{instanceID: instanceID}, err
	}
	return parseDevice(values)
}

// parseEventTime returns the time of an event, which the parameter "at" must give.
func parseEventTime(values url.Values, now time.Time) (time.Time, error) {
	at, given, err := parseTime(values, "at")
	switch {
	case err != nil:
		return at, err
	case !given:
		return at, missing("at is missing: send the time of the drop, in RFC 3339 or Unix milliseconds")
	case at.After(latest(now)):
		return at, invalid("at is more than an hour after now")
	}
	return at, nil
}

// maxScopeRows is the maximum number of drops and refusals that are listed to find the scope. If
// there are more, the scope rests on the sums and on a sample of the devices.
const maxScopeRows = 50_000

// maxScopeTexts is the maximum total size of the texts of these drops and refusals, in bytes. It
// matters only if the texts are unusually long.
const maxScopeTexts = 16 << 20

// maxScopeBytes is the maximum size of the objects that are read for the list.
const maxScopeBytes = 32 << 20

// scopeRead holds what is read to find a scope.
type scopeRead struct {
	own    ownEvents    // the device's own drops and refusals
	trace  query.Result // the cost of reading them
	result query.FleetResult
	rows   dropList // the drops and refusals of all devices
}

// readScope reads in parallel the device's own events in the window, the sums that the scope needs,
// and the rows of the window if the objects of its day are small.
func (a api) readScope(ctx context.Context, q scopeRequest) (read scopeRead, err error) {
	read.own = ownEvents{at: q.at, byKind: map[fleet.Of][]fleet.Drop{}}
	read.rows = dropList{byKind: map[fleet.Of][]fleet.Drop{}}
	from, to := fleet.Window(q.at)
	err = parallel.Do(2, 2, func(i int) (err error) {
		if i == 0 {
			read.trace, err = a.readOwn(ctx, q.device, from, to, &read.own)
			return err
		}
		read.result, err = a.count(ctx, query.FleetRequest{
			InstanceID: q.device.instanceID, From: fleet.Since(q.at), To: fleet.Until(q.at), Drops: true, Explain: true,
			RowsFrom: from, RowsTo: to, RowsBytes: maxScopeBytes, Rows: read.rows.add,
		})
		return err
	})
	return read, err
}

// input returns what fleet.ScopeOf needs. The device's own events decide what the scope is about if
// the request does not say.
func (s *scopeRead) input(q scopeRequest, now time.Time) fleet.ScopeInput {
	of := cmp.Or(q.of, s.own.nearest())
	in := fleet.ScopeInput{
		At: q.at, ClientID: q.device.clientID, Of: of, Now: now,
		Cells: s.result.Sums.Cells, Vicinities: s.result.Sums.Vicinities,
		Own: s.own.byKind[of], Node: s.own.node, Address: s.own.address,
		Exact: s.result.Exact, AtMostTwice: s.result.AtMostTwice, Complete: completenessOf(s.result).isWhole(),
	}
	if s.result.RowsRead && !s.rows.isCut {
		in.Rows = orEmpty(s.rows.byKind[of])
	}
	return in
}
