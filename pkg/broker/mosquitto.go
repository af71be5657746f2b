package broker

import (
	"bytes"
	"strconv"
	"time"

	"devicetrace/pkg/event"
)

var mosquittoSource = Source{
	Name:   Mosquitto,
	Decode: decodeLines[mosquitto],
	Traits: Traits{RefusalsLookLikeEnds: true}, // one form of line
	vocabulary: vocabulary{
		notRestarts: []string{"out of memory"},
	},
}

// mosquitto is a line of the log of Eclipse Mosquitto 2.0 or 2.1, as log_dest file
// writes it and log_dest topic publishes it:
//
//	1795339800: New client connected from 192.0.2.7:52341 as dev1 (p2, c1, k60, u'user').
//	1795339810: Client dev1 closed its connection.                                          2.0
//	1795339810: Client dev1 [192.0.2.7:52341] disconnected: connection closed by client.    2.1.1
//
// 2.1.0 writes as 2.0 does, and "Client dev1 disconnected, session taken over." where it has
// reasons that 2.0 has not.
//
// Lines with another meaning make no row, and neither does a line without a client
// identifier: Mosquitto writes <unknown> in its place up to 2.0, the client's address
// from 2.1 on. A client that is really called so is taken for none, but for its connects.
//
// The time is Unix seconds, or ISO 8601 with a zone. A local time without a zone
// could be any, so such a line has the time it was received, like one without a time.
type mosquitto []byte

// mosquittoCut is the length of a line that Mosquitto had to cut off, in bytes: its
// buffer is 1,000 bytes long.
const mosquittoCut = 999

func (line mosquitto) row(r *reader, e *event.Event) bool {
	stamp, text := mosquittoStamp(line)
	said, found, fault := mosquittoParse(text)
	switch {
	case fault != "":
		r.refuse("", fault)
		return false
	case found && len(line) == mosquittoCut:
		r.refuse("", "the line is as long as Mosquitto's longest, so its end may be missing")
		return false
	case !found && mosquittoHidden(text):
		r.refuse("time", "the line begins with something that is not known here: log_timestamp_format must be %Y-%m-%dT%H:%M:%S%z, or left out")
		return false
	case !found || said.nobody():
		return false
	}
	said.fill(r, e)
	mosquittoWhen(r, e, stamp)
	return true
}

// fill takes over what a line tells.
func (m *mosquittoSaid) fill(r *reader, e *event.Event) {
	e.Source = Mosquitto
	e.ClientID = event.ClientID(r.words.of(m.id))
	e.Action, e.ActionInfo = m.action, m.info
	e.NativeEvent, e.NativeReason = m.event, r.words.of(m.reason)
	e.PeerAddress, e.PeerPort = r.words.of(m.address), m.port
	if m.action == event.Connect {
		e.Protocol, e.ProtocolVersion = "MQTT", mosquittoVersions[m.version]
		e.CleanStart = event.Some(m.clean == 1)
		e.KeepAlive = event.Some(time.Duration(m.keepAlive) * time.Second)
		e.Username = r.words.of(m.user)
	}
}

// mosquittoVersions are the protocol levels behind the numbers of a line: 2.0 has
// numbers of its own, 2.1 writes the level.
var mosquittoVersions = map[uint64]int32{1: 3, 2: 4, 3: 3, 4: 4, 5: 5}

// mosquittoStamp cuts the time off a line. It is zero where there is none, or none to
// be trusted.
func mosquittoStamp(line []byte) (stamp time.Time, text []byte) {
	before, after, found := bytes.Cut(line, []byte(": "))
	if !found || len(before) > maxStamp {
		return time.Time{}, line
	}
	if seconds, err := strconv.ParseUint(string(before), 10, 64); err == nil {
		return time.Unix(int64(min(seconds, uint64(latest))), 0), after
	}
	for _, layout := range mosquittoZoned {
		if t, err := time.Parse(layout, string(before)); err == nil {
			return t, after
		}
	}
	for _, layout := range mosquittoLocal {
		if _, err := time.Parse(layout, string(before)); err == nil {
			return time.Time{}, after
		}
	}
	return time.Time{}, line
}

// maxStamp is the longest time before a line, in bytes.
const maxStamp = 64

// Values of log_timestamp_format, with a zone and without.
var (
	mosquittoZoned = []string{"2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05 Z0700"}
	mosquittoLocal = []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05"}
)

// mosquittoWhen sets the event's time to that of its line, else to that of its receipt.
func mosquittoWhen(r *reader, e *event.Event, stamp time.Time) {
	switch ms := stamp.UnixMilli(); {
	case stamp.IsZero():
		r.when(e)
	case ms < earliest:
		r.refuse("time", show(stamp.UTC())+" is too long ago: the broker's clock is not set")
	default:
		r.when(e, timeField{"time", value{kind: number, raw: strconv.AppendInt(nil, ms, 10)}})
	}
}

// mosquittoHidden reports whether there is a row behind something that is no time.
func mosquittoHidden(line []byte) bool {
	for at := range min(maxStamp, len(line)) {
		if text, ok := bytes.CutPrefix(line[at:], []byte(": ")); ok {
			if _, found, _ := mosquittoParse(text); found {
				return true
			}
		}
	}
	return false
}
