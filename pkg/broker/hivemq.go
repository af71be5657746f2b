package broker

import (
	"bytes"
	"time"

	"devicetrace/pkg/event"
)

var hivemqSource = Source{
	Name:   HiveMQ,
	Decode: decodeHiveMQ,
	isLog:  true,
	Traits: Traits{
		RefusalsLookLikeEnds: true, // "was disconnected" reports both
		RefusalsEnd:          true, // the Enterprise Edition reports the end of a refused connection as well
	},
	vocabulary: vocabulary{
		refusals: []string{hivemqRefused},
		notRestarts: []string{
			"Disconnected via extension system", "The configured maximum amount of connections is reached",
			"Sent PUBLISH, but its onward delivery was prevented by a publish inbound interceptor",
			"Negative SUBSCRIBE acknowledgement for an MQTT 3.1 client is not possible; the client was disconnected instead",
			"Tried to write a SUBACK with empty payload to a client.", "Tried to write an invalid SUBACK return code to a subscriber.",
			"Tried to write a failure code (0x80) to a MQTT 3.1 subscriber.",
			"Connection prevented by extension in CONNACK outbound interceptor",
		},
	},
}

// hivemq is a line from the event log of HiveMQ, which is the file log/event.log of the installation:
//
//	2026-11-29 02:00:00,123 - Client ID: dev1, IP: 192.0.2.7, Clean Start: false, Session Expiry: 3600 connected.
//	2026-11-29 02:05:30,004 - Client ID: dev1, IP: 192.0.2.7 was disconnected. reason: Client was idle for too long.
//
// The forms of the lines follow the source code of the Community Edition, 2019.1 to 2026.5. Lines
// about anything except the start and the end of a connection are ignored. If HiveMQ does not know
// the client identifier, it writes UNKNOWN, and the line is ignored, too. So if a client is really
// called UNKNOWN, none of its lines are recorded.
//
// By default, the time is the local time of HiveMQ, without a zone. Such a line gets the time that
// another program has put before it, or the time of receipt. If the pattern of the log includes the
// zone, the line gets its own time. Other programs may have put prefixes before the line; see
// cutPrefixes.
type hivemq wrappedLine

func (line hivemq) row(r *reader, e *event.Event) bool {
	in := cutPrefixes(line.text, hivemqBegins, line.at, r.meta.ReceivedAt)
	at, text, _ := hivemqStamp(in.text)
	if at.IsZero() {
		at = in.at
	}
	said, found, fault := hivemqParse(text)
	switch {
	case fault != "":
		r.refuse("", fault)
		return false
	case !found || string(said.id) == hivemqUnknown:
		return false
	}
	said.fill(r, e)
	r.setStamp(e, at)
	return true
}

// fill sets the event's fields, except its time, from the line.
func (m *hivemqLine) fill(r *reader, e *event.Event) {
	e.Source = HiveMQ
	e.ClientID = event.ClientID(r.interned.text(m.id))
	e.Action, e.ActionInfo = m.action, m.info
	e.NativeEvent, e.NativeReason = m.event, r.interned.text(m.reason)
	e.PeerAddress = m.address
	e.CleanStart = m.cleanStart
}

// hivemqStamp splits a line into HiveMQ's own time and its text. The time is zero if the line has
// no time or if the time has no zone. The letter Z counts as a zone, because HiveMQ's pattern for
// the zone writes it. The default pattern pads the time with spaces before the hyphen.
func hivemqStamp(line []byte) (at time.Time, text []byte, found bool) {
	s, rest, found := cutStamp(line, time.Time{})
	text, isOwn := bytes.CutPrefix(bytes.TrimLeft(rest, " "), []byte("- "))
	if !found || !isOwn {
		return time.Time{}, line, false
	}
	return s.at, text, true
}

// hivemqBegins reports whether a text begins with HiveMQ's own time or like a line that names a
// client.
func hivemqBegins(text []byte) bool {
	_, text, isStamped := hivemqStamp(text)
	return isStamped || hivemqNames(text)
}

// decodeHiveMQ is the Decoder for HiveMQ's event log. A line may be wrapped in a JSON object; see
// wrapping.
func decodeHiveMQ(body []byte, meta Meta) Batch {
	b, ok := openLog(body, meta)
	start := startOf(body)
	switch {
	case !ok:
		return b.batch
	case start.isWrongRoute(body):
		b.reject(body, "", wantsLines)
		return b.batch
	}
	b.each(body, func(raw []byte, at int) {
		line := unwrap(raw, hivemqBegins)
		if line.fault == "" {
			line.fault = lineFault(line.text)
		}
		if line.fault != "" {
			b.reject(raw, "", line.fault)
			return
		}
		b.add(raw, placedLine{hivemq(line), &b, at})
	})
	result := b.result()
	result.Events = withoutSecondEnds(result.Events)
	return result
}

// withoutSecondEnds removes each ungraceful end that only repeats the previous line about the
// client. The Enterprise Edition logs such an end when it has closed a connection itself. The two
// lines are at most a second apart and have the same address. If the lines are in different bodies,
// both are recorded, and only the reader of the events can recognize that they report one end.
func withoutSecondEnds(events []event.Event) []event.Event {
	last := map[event.ClientID]int{} // the index in kept of the newest event of a client
	kept := events[:0]
	for _, e := range events {
		i, isKnown := last[e.ClientID]
		if isKnown && e.NativeEvent == hivemqUngraceful && repeatsEnd(&kept[i], &e) {
			continue
		}
		last[e.ClientID] = len(kept)
		kept = append(kept, e)
	}
	return kept
}

// repeatsEnd reports whether an ungraceful end repeats the end in the client's event before it.
func repeatsEnd(before, ungraceful *event.Event) bool {
	return before.NativeEvent == hivemqWasDisconnected && before.PeerAddress == ungraceful.PeerAddress &&
		ungraceful.Time.Sub(before.Time).Abs() <= time.Second
}
