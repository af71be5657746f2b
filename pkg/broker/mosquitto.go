package broker

import (
	"bytes"
	"time"

	"devicetrace/pkg/event"
)

var mosquittoSource = Source{
	Name:   Mosquitto,
	Decode: decodeMosquitto,
	isLog:  true,
	Traits: Traits{RefusalsLookLikeEnds: true}, // lines about refusals and about ended connections have the same form
	vocabulary: vocabulary{
		refusals:       []string{mosquittoRefused},
		sureEnds:       []string{mosquittoStopped, mosquittoStarted},
		ownMuteReasons: []string{string(mosquittoSocketError), string(mosquittoNoMemory)},
		notRestarts:    []string{"out of memory"},
	},
}

// mosquittoRead parses a line of the log of Eclipse Mosquitto 1.4 to 2.1. Mosquitto writes the line
// to a file, to the standard output or to syslog, or publishes it:
//
//	1795339800: New client connected from 192.0.2.7:52341 as dev1 (p2, c1, k60, u'user').
//	1795339810: Socket error on client dev1, disconnecting.                                 1.x
//	1795339810: Client dev1 closed its connection.                                          2.0
//	1795339810: Client dev1 [192.0.2.7:52341] disconnected: connection closed by client.    2.1.1
//
// Mosquitto 2.1.0 writes the same lines as 2.0, except for an end with a reason that is new in 2.1.
// Such a line is, for example, "Client dev1 disconnected, session taken over."
//
// Other programs may have put prefixes before the line; see mosquittoCut.
//
// version is the version of Mosquitto, or "" if unknown.
//
// Lines about anything else are ignored: found is false. fault is set if the line seems to be about
// a connection, but cannot be understood.
func mosquittoRead(in *logText, version string) (said mosquittoLine, found bool, fault string) {
	said, found, fault = mosquittoParse(in.text)
	said.at = in.at
	switch {
	case fault != "":
	case found && mosquittoMayBeTruncated(in, version):
		fault = "the line may be truncated, because it is as long as the longest that Mosquitto writes"
	case !found && said.event == "" && mosquittoIsUnknown(in):
		fault = "the line has an unknown prefix; send the lines as Mosquitto writes them, or with the prefixes of docker, kubectl, " +
			"journald or syslog, and set log_timestamp_format to %Y-%m-%dT%H:%M:%S%z, or leave it out"
	}
	return said, found && fault == "", fault
}

// mosquittoCut cuts from a line what Mosquitto and other programs wrote before Mosquitto's message.
// outer is the time that other programs give outside the line, or zero. received is the time of
// receipt, or zero.
func mosquittoCut(line []byte, outer, received time.Time) logText {
	return cutPrefixes(line, mosquittoBegins, outer, received)
}

// mosquittoIsUnknown reports whether a text that does not begin like a message about a connection
// contains one after a prefix of an unknown form. A text that begins like another message of
// Mosquitto contains none, unless the message directly follows words that may also be a prefix,
// such as "Error: ".
func mosquittoIsUnknown(in *logText) bool {
	for _, opening := range []string{"Error: ", "Warning: ", "Notice: ", "Info: ", "Broker: "} {
		if after, ok := bytes.CutPrefix(in.text, []byte(opening)); ok {
			_, found, _ := mosquittoParse(after)
			return found
		}
	}
	if after, isIndented := bytes.CutPrefix(in.text, []byte("\t")); isIndented && len(in.stamp) == 0 {
		inner := mosquittoCut(after, time.Time{}, time.Time{})
		_, found, _ := mosquittoParse(inner.text)
		return found && len(inner.stamp) > 0
	}
	return !mosquittoIsOther(in.text) && mosquittoHides(in.text)
}

// isAnonymous reports whether the line has no client identifier. If Mosquitto does not know the
// client identifier, it writes a placeholder instead. Lines with a placeholder should be ignored,
// but cannot always be distinguished from lines with an identifier. The placeholder depends on the
// version:
//
//   - Up to 2.0, the placeholder is <unknown>. If a client is really called <unknown>, none of its
//     lines are recorded, whatever the version.
//   - In 2.1.0, the placeholder is the client's address. With other versions, the address may be a
//     real identifier. An end event with an address as the identifier is therefore ignored only in
//     two cases: if the line has the form "disconnected, WHY.", which only 2.1.0 writes, except for
//     "disconnected, not authorised."; or if the body says that the version is 2.1.0 and no such
//     client connected in the body; see mosquittoSender.isPlaceholder.
//   - From 2.1.1 on, the placeholder is the client's address, and the line repeats the address in
//     brackets. An end event is therefore ignored if its line has the same address in both places.
//     Unfortunately, this also ignores the end events of a client whose identifier really is its
//     address.
func (m *mosquittoLine) isAnonymous() bool {
	address, _, _ := cutLast(m.from, ":")
	return len(m.id) == 0 || string(m.id) == "<unknown>" || m.action != event.Connect && bytes.Equal(m.id, address)
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

// mosquittoVersions maps the version in a line to the protocol level. Mosquitto up to 2.0 writes 1
// for level 3 and 2 for level 4; Mosquitto 2.1 writes the level itself.
var mosquittoVersions = map[uint64]int32{1: 3, 2: 4, 3: 3, 4: 4, 5: 5}
