package traceapi

import (
	"cmp"
	"context"
	"strings"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/fleet"
	"devicetrace/pkg/query"
	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

// windowOf returns the minute of an instant and its two neighbors. The end is exclusive.
func windowOf(at time.Time) (from, to time.Time) {
	minute := at.UTC().Truncate(time.Minute)
	return minute.Add(-time.Minute), minute.Add(2 * time.Minute)
}

// maxOwn is the maximum number of its own drops that a device is known to have in a window.
const maxOwn = 10_000

// addOwn adds the device's own events in the window, and decides what the question is about if the
// request does not say. It makes the requests of a trace of three minutes, or none without a device.
func (a api) addOwn(ctx context.Context, q scopeRequest, in *fleet.ScopeInput, cost *account) error {
	if q.device.clientID == "" {
		in.Of = cmp.Or(in.Of, fleet.Drops)
		return nil
	}
	from, to := windowOf(q.at)
	s, err := a.open(ctx, query.Request{
		InstanceID: q.device.instanceID, ClientID: q.device.clientID, From: from, To: to.Add(-time.Millisecond), Explain: true,
	})
	if err != nil {
		return err
	}
	defer s.Close()
	own := ownEvents{at: q.at, byKind: map[fleet.Of][]fleet.Drop{}}
	for e, err := range s.Events(ctx) {
		if err != nil {
			return err
		}
		own.add(e)
	}
	cost.add(ctx, s.Result())
	if in.Of == "" {
		in.Of = own.nearest()
	}
	in.Own, in.Node, in.Address = own.byKind[in.Of], own.node, own.address
	return nil
}

// ownEvents collects a device's drops and refusals in a window.
type ownEvents struct {
	at     time.Time
	byKind map[fleet.Of][]fleet.Drop
	// node and address are those of the newest event that is not after the instant at.
	node, address string
}

// add adds the next event. The events must be sorted by time.
func (o *ownEvents) add(e *event.Event) {
	row := segment.FromEvent(e)
	if !e.Time.After(o.at) {
		o.node, o.address = e.Node, e.PeerAddress
	}
	of, ok := ofKind(&row)
	if !ok {
		return
	}
	drops := o.byKind[of]
	if len(drops) == maxOwn {
		if e.Time.After(o.at) {
			return
		}
		drops = drops[1:] // the newer ones are nearer
	}
	o.byKind[of] = append(drops, dropOf(&row))
}

// nearest returns the kind of the event that is nearest to the instant at. Without an event, it
// returns fleet.Drops.
func (o *ownEvents) nearest() fleet.Of {
	nearest, kind := time.Duration(-1), fleet.Drops
	for _, of := range []fleet.Of{fleet.Drops, fleet.Refusals} {
		for _, d := range o.byKind[of] {
			if distance := d.Time.Time().Sub(o.at).Abs(); nearest < 0 || distance < nearest {
				nearest, kind = distance, of
			}
		}
	}
	return kind
}

// ofKind returns what a scope counts the row as. ok is false if it does not count the row.
func ofKind(r *segment.Row) (of fleet.Of, ok bool) {
	switch summary.KindOf(r) {
	case summary.Drop:
		return fleet.Drops, true
	case summary.Refusal:
		return fleet.Refusals, true
	default:
		return "", false
	}
}

// dropOf returns a copy of the row as a drop. It shares no memory with the row.
func dropOf(r *segment.Row) fleet.Drop {
	return fleet.Drop{
		ClientID: strings.Clone(r.ClientID), Time: fleet.Instant(r.Time), Node: strings.Clone(r.Node), Address: strings.Clone(r.PeerAddress),
		Action: strings.Clone(r.Action), ActionInfo: strings.Clone(r.ActionInfo),
	}
}

// dropList collects the drops or the refusals among rows.
type dropList struct {
	of    fleet.Of
	drops []fleet.Drop
	isCut bool // there are more than maxScopeRows
}

func (l *dropList) add(r *segment.Row) error {
	if of, ok := ofKind(r); !ok || of != l.of {
		return nil
	}
	if l.isCut = l.isCut || len(l.drops) == maxScopeRows; !l.isCut {
		l.drops = append(l.drops, dropOf(r))
	}
	return nil
}
