package fleet

import (
	"strconv"
	"time"

	"devicetrace/pkg/event"
)

// connection is a network connection of a device.
type connection struct {
	began   time.Duration // negative: the day before
	channel string
	address string
	port    int32
	node    int
}

// open is a connection that begins at an instant, from an address, without an event.
func (d *device) open(at time.Duration, address string) connection {
	c := connection{began: at.Truncate(time.Millisecond), address: address, port: 1024 + d.random.Int32N(64_512), node: d.node}
	if d.broker.source.tells.channel {
		c.channel = d.anyChannel()
	}
	return c
}

// connect begins a connection, and tells.
func (d *device) connect(at time.Duration, address string) connection {
	c := d.open(at, address)
	source := d.broker.source
	e := d.event(at, &c)
	e.Action, e.ActionInfo, e.NativeEvent = event.Connect, event.Accepted, source.connected
	if source.tells.connectedAt {
		e.ConnectedAt = d.day.Add(c.began)
	}
	d.emit(e)
	return c
}

// disconnect ends a connection, and tells if the broker does.
func (d *device) disconnect(c *connection, at time.Duration, why end) {
	source := d.broker.source
	if why == takenOver && source.tells.noTakeover || why == shutDown && source.tells.noShutdown {
		return
	}
	e := d.event(at, c)
	d.say(&e, why)
	e.NativeEvent = source.ended
	if source.tells.atEnd {
		e.ConnectedAt = d.day.Add(c.began)
	}
	if !source.tells.peerAtEnd {
		e.PeerAddress, e.PeerPort = "", 0
	}
	e.KeepAlive, e.CleanStart = event.Optional[int32]{}, event.Optional[bool]{}
	if source.tells.twice && why == goodbye {
		first := e
		first.Action, first.ActionInfo, first.NativeEvent = event.Disconnect, event.DisconnectedByClient, "disconnect"
		d.emit(first)
		d.postpone(&e, d.between(0, 20*time.Millisecond))
	}
	d.emit(e)
}

// refuse is a CONNECT that the broker does not accept.
func (d *device) refuse(at time.Duration, address string, why end) {
	c := d.open(at, address)
	e := d.event(at, &c)
	d.say(&e, why)
	e.NativeEvent = d.broker.source.refused
	d.emit(e)
}

// say is why, in the words of the source.
func (d *device) say(e *event.Event, why end) {
	s := d.broker.source.says[why]
	e.Action, e.ActionInfo, e.NativeReason = event.Close, s.info, s.native
	if s.info == event.DisconnectedByClient {
		e.Action = event.Disconnect
	}
}

// event holds what the source tells of everything that happens to a connection.
func (d *device) event(at time.Duration, c *connection) event.Event {
	tells := d.broker.source.tells
	e := event.Event{
		InstanceID: d.broker.id, ClientID: d.clientID, ChannelID: c.channel, Source: d.broker.source.name,
	}
	d.stamp(&e, at)
	if tells.peer {
		e.PeerAddress = c.address
	}
	if tells.port {
		e.PeerPort = c.port
	}
	if tells.node {
		e.Node = d.broker.nodes[c.node]
	}
	if tells.login {
		e.Username, e.Protocol, e.ProtocolVersion = d.username, "MQTT", d.version
		e.KeepAlive, e.CleanStart = event.Some(d.keepAlive), event.Some(d.clean)
	}
	if tells.ids {
		d.last++
		e.SourceEventID = strconv.FormatUint(d.last, 10)
	}
	return e
}

// stamp sets the times: what the source knows of them, and some milliseconds later.
func (d *device) stamp(e *event.Event, at time.Duration) {
	tells := d.broker.source.tells
	received := (at + d.delay()).Truncate(time.Millisecond)
	e.Time, e.TimeOrigin, e.ReceivedAt = d.day.Add(at.Truncate(time.Millisecond)), event.FromBroker, d.day.Add(received)
	switch {
	case tells.seconds:
		e.Time = d.day.Add(at.Truncate(time.Second))
	case tells.noTime:
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
