package sim

import (
	"strconv"
	"time"

	"devicetrace/pkg/event"
)

// connection is a network connection of a device.
type connection struct {
	began   time.Duration // negative: the day before
	number  uint64
	channel string
	address string
	port    int32
	node    int
}

// open is a connection that begins at an instant, from an address, without an event.
func (d *device) open(at time.Duration, address string) connection {
	d.connections++
	c := connection{
		began: at.Truncate(time.Millisecond), number: d.connections,
		address: address, port: 1024 + d.random.Int32N(64_512), node: d.node,
	}
	switch d.broker.source.channels {
	case random:
		c.channel = d.anyID()
	case numbered:
		c.channel = d.broker.nodes[c.node] + "/" + strconv.FormatUint(c.number, 10)
	}
	return c
}

// connect begins a connection, and tells.
func (d *device) connect(at time.Duration, address string) connection {
	c := d.open(at, address)
	source := d.broker.source
	e := d.event(at, &c, &source.atConnect)
	e.Action, e.ActionInfo, e.NativeEvent = event.Connect, event.Accepted, source.connected
	d.emit(e)
	return c
}

// disconnect ends a connection, and tells if the broker does.
func (d *device) disconnect(c *connection, at time.Duration, why end) {
	source := d.broker.source
	if why == takenOver && source.noTakeover || why == shutDown && source.noShutdown {
		return
	}
	e := d.event(at, c, &source.atEnd)
	e.NativeEvent = source.ended
	d.say(&e, why)
	if source.twice && why == goodbye {
		first := e
		first.Action, first.ActionInfo, first.NativeEvent = event.Disconnect, event.DisconnectedByClient, "disconnect"
		d.emit(first)
		d.postpone(&e, d.between(0, 20*time.Millisecond))
	}
	d.emit(e)
}

// refuse is a CONNECT that the broker does not accept. Some sources say that as they
// say an end.
func (d *device) refuse(at time.Duration, address string, why end) {
	source := d.broker.source
	tells := source.atConnect
	if source.refused == source.ended {
		tells = source.atEnd
	}
	tells.began = false
	c := d.open(at, address)
	e := d.event(at, &c, &tells)
	e.NativeEvent = source.refused
	d.say(&e, why)
	d.emit(e)
}

// say is why, in the words of the source.
func (d *device) say(e *event.Event, why end) {
	s := &d.broker.source.says[why]
	e.Action, e.ActionInfo, e.NativeReason = event.Close, s.info, s.native
	if s.info == event.DisconnectedByClient {
		e.Action = event.Disconnect
	}
	if s.code != 0 {
		e.ReasonCode = event.Some(s.code)
	}
}

// event is a row about a connection, but for what happened.
func (d *device) event(at time.Duration, c *connection, tells *evidence) event.Event {
	e := event.Event{InstanceID: d.broker.id, ClientID: d.clientID, ChannelID: c.channel, Source: d.broker.source.name}
	d.stamp(&e, at)
	switch d.broker.source.ids {
	case random:
		e.SourceEventID = d.anyID()
	case numbered:
		e.SourceEventID = strconv.FormatUint(c.number, 10)
	}
	if tells.began {
		e.ConnectedAt = d.day.Add(c.began)
	}
	if tells.peer {
		e.PeerAddress = c.address
	}
	if tells.port {
		e.PeerPort = c.port
	}
	if tells.node {
		e.Node = d.broker.nodes[c.node]
	}
	if tells.user {
		e.Username = d.username
	}
	d.profile.fill(&e, tells)
	return e
}

// fill tells how the device connects.
func (p *profile) fill(e *event.Event, tells *evidence) {
	if tells.protocol {
		e.Protocol = "MQTT"
	}
	if tells.version {
		e.ProtocolVersion = p.version
	}
	if tells.keepAlive {
		e.KeepAlive = event.Some(p.keepAlive)
	}
	if tells.clean {
		e.CleanStart = event.Some(p.clean)
	}
}

// stamp sets the times: what the source knows of them, and some milliseconds later.
func (d *device) stamp(e *event.Event, at time.Duration) {
	received := (at + d.delay()).Truncate(time.Millisecond)
	e.Time, e.TimeOrigin, e.ReceivedAt = d.day.Add(at.Truncate(time.Millisecond)), event.FromBroker, d.day.Add(received)
	switch {
	case d.broker.source.seconds:
		e.Time = d.day.Add(at.Truncate(time.Second))
	case d.broker.source.noTime:
		e.Time, e.TimeOrigin = e.ReceivedAt, event.FromReceiver
	}
}

// postpone moves an event to later.
func (d *device) postpone(e *event.Event, by time.Duration) {
	by = by.Truncate(time.Millisecond)
	e.Time, e.ReceivedAt = e.Time.Add(by), e.ReceivedAt.Add(by)
}

// emit keeps what happens in the day.
func (d *device) emit(e event.Event) {
	if since := e.Time.Sub(d.day); since >= 0 && since < oneDay {
		d.events = append(d.events, e)
	}
}
