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
	isLog:  true,
	Traits: Traits{RefusalsLookLikeEnds: true}, // lines about refusals and about ended connections have the same form
	vocabulary: vocabulary{
		notRestarts: []string{"out of memory"},
	},
}

// mosquitto is a line from the log of Eclipse Mosquitto 2.0 or 2.1. Mosquitto writes the line to a
// file (log_dest file) or publishes it (log_dest topic):
//
//	1795339800: New client connected from 192.0.2.7:52341 as dev1 (p2, c1, k60, u'user').
//	1795339810: Client dev1 closed its connection.                                          2.0
//	1795339810: Client dev1 [192.0.2.7:52341] disconnected: connection closed by client.    2.1.1
//
// Mosquitto 2.1.0 writes the same lines as 2.0, except where a disconnect has a reason that is new
// in 2.1. In that case, it writes a line such as "Client dev1 disconnected, session taken over."
//
// Lines about anything else are ignored. If Mosquitto does not know the client identifier, it
// writes a placeholder instead. Lines with a placeholder should be ignored, too, but the decoder
// cannot always distinguish a placeholder from an identifier. The placeholder depends on the
// version:
//
//   - Up to 2.0, the placeholder is <unknown>. If a client is really called <unknown>, none of its
//     lines are recorded, whatever the version.
//   - In 2.1.0, the placeholder is the client's address. A line of the form "disconnected, WHY."
//     with an address as the identifier is ignored, unless WHY is "not authorised". In lines with
//     this WHY or of any other form, the decoder wrongly takes the address for a client identifier.
//   - From 2.1.1 on, the placeholder is the client's address, and the line repeats the address in
//     brackets. An end event is therefore ignored if its line has the same address in both places.
//     Unfortunately, this also ignores the end events of a client whose identifier really is its
//     address.
//
// The time is in Unix seconds, or ISO 8601 with a zone. If a line has no time, or only a local time
// without a zone, its event gets the time of receipt.
type mosquitto []byte

// mosquittoCut is the length in bytes to which Mosquitto truncates longer lines: its buffer holds
// 1,000 bytes, including the final NUL. A line of exactly this length may have been truncated.
const mosquittoCut = 999

func (line mosquitto) row(r *reader, e *event.Event) bool {
	stamp, text := mosquittoStamp(line)
	said, found, fault := mosquittoParse(text)
	switch {
	case fault != "":
		r.refuse("", fault)
		return false
	case found && len(line) == mosquittoCut:
		r.refuse("", "the line may be truncated, because it is as long as the longest that Mosquitto writes")
		return false
	case !found && mosquittoHidden(text):
		r.refuse("time", "the line begins with an unknown form of time; set log_timestamp_format to %Y-%m-%dT%H:%M:%S%z, or leave it out")
		return false
	case !found || said.isAnonymous():
		return false
	}
	said.fill(r, e)
	mosquittoWhen(r, e, stamp)
	return true
}

// fill sets the event's fields, except its time, from the line.
func (m *mosquittoLine) fill(r *reader, e *event.Event) {
	e.Source = Mosquitto
	e.ClientID = event.ClientID(r.interned.text(m.id))
	e.Action, e.ActionInfo = m.action, m.info
	e.NativeEvent, e.NativeReason = m.event, r.interned.text(m.reason)
	e.PeerAddress, e.PeerPort = r.interned.text(m.address), m.port
	if m.action == event.Connect {
		e.Protocol, e.ProtocolVersion = "MQTT", mosquittoVersions[m.version]
		e.CleanStart = event.Some(m.clean == 1)
		e.KeepAlive = event.Some(time.Duration(m.keepAlive) * time.Second)
		e.Username = r.interned.text(m.user)
	}
}

// mosquittoVersions maps the version in a line to the protocol level. Mosquitto 2.0 writes 1 for
// level 3 and 2 for level 4; Mosquitto 2.1 writes the level itself.
var mosquittoVersions = map[uint64]int32{1: 3, 2: 4, 3: 3, 4: 4, 5: 5}

// mosquittoStamp splits a line into its time and its text. The time is zero if the line has no
// time or if the time has no zone.
func mosquittoStamp(line []byte) (stamp time.Time, text []byte) {
	before, after, found := bytes.Cut(line, []byte(": "))
	if !found || len(before) > maxStamp {
		return time.Time{}, line
	}
	if seconds, err := strconv.ParseUint(string(before), 10, 64); err == nil {
		return time.Unix(int64(min(seconds, uint64(maxMilliseconds))), 0), after
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

// maxStamp is the maximum length in bytes of the time at the beginning of a line.
const maxStamp = 64

// mosquittoZoned lists the accepted layouts of a time with a zone. mosquittoLocal lists the
// accepted layouts of a time without a zone. The layout in a log depends on Mosquitto's setting
// log_timestamp_format.
var (
	mosquittoZoned = []string{"2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05 Z0700"}
	mosquittoLocal = []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05"}
)

// mosquittoWhen sets the event's time to stamp, the time in the line. If stamp is zero, it uses the
// time of receipt instead.
func mosquittoWhen(r *reader, e *event.Event, stamp time.Time) {
	switch ms := stamp.UnixMilli(); {
	case stamp.IsZero():
		r.setTime(e)
	case ms < minMilliseconds:
		r.refuse("time", formatTime(stamp.UTC())+" is before 1973; set the clock of the broker")
	default:
		r.setTime(e, timeField{"time", value{kind: number, raw: strconv.AppendInt(nil, ms, 10)}})
	}
}

// mosquittoHidden reports whether the line consists of an unknown prefix, ": " and a message about
// a connection, even a damaged one. The prefix is probably a time in an unknown format.
func mosquittoHidden(line []byte) bool {
	for at := range min(maxStamp, len(line)) {
		if text, ok := bytes.CutPrefix(line[at:], []byte(": ")); ok {
			if _, found, fault := mosquittoParse(text); found || fault != "" {
				return true
			}
		}
	}
	return false
}
