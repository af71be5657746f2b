package sim

import (
	"time"

	"devicetrace/pkg/event"
)

// connection is a device's network connection.
type connection struct {
	began   time.Duration // time since the start of the script; negative if the connection began before the script
	number  uint64
	channel string
	address string
	port    int32
	node    int
}

// open returns a connection that begins at the given time. Unlike connect, it adds no
// event.
func (d *device) open(at time.Duration, address string) connection {
	d.connections++
	c := connection{
		began: at.Truncate(time.Millisecond), number: d.connections,
		address: address, port: 1024 + d.random.Int32N(64_512), node: d.node,
	}
	c.channel = d.broker.dialect.channels.name(d, &c)
	return c
}

// connect opens a connection and adds its connect event.
func (d *device) connect(at time.Duration, address string) connection {
	c := d.open(at, address)
	e := d.event(at, &c, d.broker.dialect.atConnect)
	e.Action, e.ActionInfo, e.NativeEvent = event.Connect, event.Accepted, d.broker.dialect.connected
	d.emit(e)
	d.newest = c
	return c
}

// disconnect ends a connection. It adds an event only if the broker reports this kind of end.
func (d *device) disconnect(c *connection, at time.Duration, why end) {
	dialect := d.broker.dialect
	if !dialect.reports(why) {
		return
	}
	e := d.event(at, c, dialect.atEnd)
	e.NativeEvent = dialect.nativeEnd(why)
	dialect.explain(&e, why)
	if dialect.twice && why == goodbye {
		first := e
		first.Action, first.ActionInfo, first.NativeEvent = event.Disconnect, event.DisconnectedByClient, "disconnect"
		d.emit(first)
		later := d.between(0, 20*time.Millisecond).Truncate(time.Millisecond)
		e.Time, e.ReceivedAt = e.Time.Add(later), e.ReceivedAt.Add(later)
	}
	d.emit(e)
}

// refuse adds the event for a CONNECT that the broker refuses. Some sources report a refusal in the
// same way as the end of a connection.
func (d *device) refuse(at time.Duration, address string, why end) {
	dialect := d.broker.dialect
	known := dialect.atConnect
	if dialect.refused == dialect.ended {
		known = dialect.atEnd
	}
	c := d.open(at, address)
	e := d.event(at, &c, known&^began)
	e.NativeEvent = dialect.refused
	dialect.explain(&e, why)
	d.emit(e)
}

// endAs ends a connection with the given native event and words. Scripts use it for ends that a
// source reports only in certain versions or circumstances.
func (d *device) endAs(c *connection, at time.Duration, nativeEvent string, w wording) {
	e := d.event(at, c, d.broker.dialect.atEnd)
	e.NativeEvent = nativeEvent
	w.explain(&e)
	d.emit(e)
}

// explain sets the fields that say why a connection ended or was refused, in the source's words.
func (l *dialect) explain(e *event.Event, why end) { l.words[why].explain(e) }

func (w wording) explain(e *event.Event) {
	e.Action, e.ActionInfo, e.NativeReason = event.Close, w.info, w.native
	if w.info == event.DisconnectedByClient {
		e.Action = event.Disconnect
	}
	if w.code != 0 {
		e.ReasonCode = event.Some(w.code)
	}
}

// event returns an event about a connection. known says which details of the connection the source
// reports. The caller sets the fields that say what happened.
func (d *device) event(at time.Duration, c *connection, known fields) event.Event {
	e := event.Event{InstanceID: d.broker.id, ClientID: d.clientID, ChannelID: c.channel, Source: d.broker.dialect.source}
	d.stamp(&e, at)
	e.SourceEventID = d.broker.dialect.ids.name(d, c)
	if known.has(began) {
		e.ConnectedAt = d.start.Add(c.began)
	}
	if known.has(peer) {
		e.PeerAddress = c.address
	}
	if known.has(port) {
		e.PeerPort = c.port
	}
	if known.has(node) {
		e.Node = d.broker.nodes[c.node]
	}
	if known.has(user) {
		e.Username = d.username
	}
	if known.has(protocol) {
		e.Protocol = "MQTT"
	}
	if known.has(version) {
		e.ProtocolVersion = d.version
	}
	if known.has(keepAlive) {
		e.KeepAlive = event.Some(d.keepAlive)
	}
	if known.has(clean) {
		e.CleanStart = event.Some(d.clean)
	}
	return e
}

// stamp sets an event's received time, and sets its event time to what the source would report.
func (d *device) stamp(e *event.Event, at time.Duration) {
	received := (at + d.delay()).Truncate(time.Millisecond)
	e.Time, e.TimeOrigin, e.ReceivedAt = d.start.Add(at.Truncate(time.Millisecond)), event.FromBroker, d.start.Add(received)
	switch {
	case d.broker.dialect.seconds:
		e.Time = d.start.Add(at.Truncate(time.Second))
	case d.broker.dialect.snapshot:
		e.Time = d.start.Add(at.Truncate(time.Minute) + time.Minute)
		e.ReceivedAt = e.ReceivedAt.Add(time.Minute)
	case d.broker.dialect.noTime:
		e.Time, e.TimeOrigin = e.ReceivedAt, event.FromReceiver
	}
}

// emit adds an event to the device's events if it happens between the start of the script and the
// end of the simulation.
func (d *device) emit(e event.Event) {
	if !e.Time.Before(d.start) && e.Time.Before(d.until) {
		d.events = append(d.events, e)
	}
}
