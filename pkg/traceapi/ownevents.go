package traceapi

import (
	"context"
	"strings"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/fleet"
	"devicetrace/pkg/query"
	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

// maxOwn is the maximum number of a device's own drops, and of its refusals, that are kept.
const maxOwn = 10_000

// readOwn adds the device's events from one instant to another to own. It makes the requests of a
// trace, or none if there is no device.
func (a api) readOwn(ctx context.Context, d device, from, to time.Time, own *ownEvents) (query.Result, error) {
	if d.clientID == "" {
		return query.Result{}, nil
	}
	s, err := a.open(ctx, query.Request{
		InstanceID: d.instanceID, ClientID: d.clientID, From: from, To: to.Add(-time.Millisecond), Explain: true,
	})
	if err != nil {
		return query.Result{}, err
	}
	defer s.Close()
	for e, err := range s.Events(ctx) {
		if err != nil {
			return query.Result{}, err
		}
		own.add(e)
	}
	return s.Result(), nil
}

// ownEvents collects a device's drops and refusals in a window.
type ownEvents struct {
	at     time.Time
	byKind map[fleet.Of][]fleet.Drop
	// node and address come from the newest event that is not later than the instant at.
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

// nearest returns the kind of the event nearest to the instant at. If there are no events, it
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

// ofKind returns whether a scope counts the row as a drop or as a refusal. ok is false if the scope
// does not count it.
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

// dropList collects the drops and refusals among rows.
type dropList struct {
	byKind map[fleet.Of][]fleet.Drop
	size   int
	bytes  int  // total size of the texts
	isCut  bool // there are more than maxScopeRows, or more than maxScopeTexts
}

func (l *dropList) add(r *segment.Row) error {
	of, ok := ofKind(r)
	if !ok || l.isCut {
		return nil
	}
	d := dropOf(r)
	l.size++
	l.bytes += len(d.ClientID) + len(d.Node) + len(d.Address) + len(d.Action) + len(d.ActionInfo)
	if l.isCut = l.size > maxScopeRows || l.bytes > maxScopeTexts; l.isCut {
		l.byKind = nil
		return nil
	}
	l.byKind[of] = append(l.byKind[of], d)
	return nil
}
