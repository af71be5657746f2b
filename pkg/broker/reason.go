package broker

import (
	"slices"
	"strings"

	"devicetrace/pkg/event"
)

// reason is a row of the table of MQTT 5 reason codes (MQTT 5.0, section 2.4). inConnack is the
// code's meaning in a CONNACK. byBroker is its meaning in a DISCONNECT from the broker. A
// DISCONNECT from the client has no field, because it always means "disconnected by client",
// whatever its code.
type reason struct {
	code      int32
	name      string
	inConnack event.ActionInfo
	byBroker  event.ActionInfo
}

// reasons lists the codes that refuse or end a connection. If MQTT allows a code in only one of
// CONNACK and DISCONNECT, inConnack and byBroker are equal.
var reasons = []reason{
	{0x80, "unspecified_error", event.ServerShutdown, event.ServerShutdown},
	{0x81, "malformed_packet", event.InvalidParam, event.InvalidParam},
	{0x82, "protocol_error", event.InvalidParam, event.InvalidParam},
	{0x83, "implementation_specific_error", event.InvalidParam, event.InvalidParam},
	{0x84, "unsupported_protocol_version", event.InvalidParam, event.InvalidParam},
	{0x85, "client_identifier_not_valid", event.InvalidParam, event.InvalidParam},
	{0x86, "bad_username_or_password", event.NotAuthorized, event.NotAuthorized},
	{0x87, "not_authorized", event.NotAuthorized, event.TopicAuthFailed},
	{0x88, "server_unavailable", event.ServerShutdown, event.ServerShutdown},
	{0x89, "server_busy", event.ServerShutdown, event.ServerShutdown},
	{0x8A, "banned", event.NotAuthorized, event.NotAuthorized},
	{0x8B, "server_shutting_down", event.ServerShutdown, event.ServerShutdown},
	{0x8C, "bad_authentication_method", event.NotAuthorized, event.NotAuthorized},
	{0x8D, "keepalive_timeout", event.NoHeart, event.NoHeart},
	{0x8E, "session_taken_over", event.ClientIDConflict, event.ClientIDConflict},
	{0x8F, "topic_filter_invalid", event.InvalidParam, event.InvalidParam},
	{0x90, "topic_name_invalid", event.InvalidParam, event.InvalidParam},
	{0x91, "packet_identifier_inuse", event.InvalidParam, event.InvalidParam},
	{0x92, "packet_identifier_not_found", event.InvalidParam, event.InvalidParam},
	{0x93, "receive_maximum_exceeded", event.InvalidParam, event.InvalidParam},
	{0x94, "topic_alias_invalid", event.InvalidParam, event.InvalidParam},
	{0x95, "packet_too_large", event.InvalidParam, event.InvalidParam},
	{0x96, "message_rate_too_high", event.InvalidParam, event.InvalidParam},
	{0x97, "quota_exceeded", event.ServerShutdown, event.InvalidParam},
	{0x98, "administrative_action", event.ServerShutdown, event.ServerShutdown},
	{0x99, "payload_format_invalid", event.InvalidParam, event.InvalidParam},
	{0x9A, "retain_not_supported", event.InvalidParam, event.InvalidParam},
	{0x9B, "qos_not_supported", event.InvalidParam, event.InvalidParam},
	{0x9C, "use_another_server", event.ServerShutdown, event.ServerShutdown},
	{0x9D, "server_moved", event.ServerShutdown, event.ServerShutdown},
	{0x9E, "shared_subscriptions_not_supported", event.InvalidParam, event.InvalidParam},
	{0x9F, "connection_rate_exceeded", event.ServerShutdown, event.InvalidParam},
	{0xA0, "maximum_connect_time", event.ServerShutdown, event.ServerShutdown},
	{0xA1, "subscription_identifiers_not_supported", event.InvalidParam, event.InvalidParam},
	{0xA2, "wildcard_subscriptions_not_supported", event.InvalidParam, event.InvalidParam},
}

// returnCodes maps the return codes that refuse a CONNECT in MQTT 3.1 and 3.1.1 to their
// meaning (MQTT 3.1.1, section 3.2.2.3).
var returnCodes = map[int32]event.ActionInfo{
	1: event.InvalidParam,   // unacceptable protocol version
	2: event.InvalidParam,   // identifier rejected
	3: event.ServerShutdown, // server unavailable
	4: event.NotAuthorized,  // bad user name or password
	5: event.NotAuthorized,  // not authorized
}

// Refused returns the meaning of a code in a CONNACK that refuses the connection. MQTT 3 refuses
// with codes from 1 to 5, and MQTT 5 with codes from 128 on. The codes do not overlap, so Refused
// does not need the MQTT version.
func Refused(code byte) event.ActionInfo {
	if info, ok := returnCodes[int32(code)]; ok {
		return info
	}
	if r, ok := reasonOf(int32(code)); ok {
		return r.inConnack
	}
	return event.InvalidParam // the code is reserved
}

// ClosedByBroker returns the meaning of a code in a DISCONNECT from the broker. It returns
// event.Unexplained for a code that MQTT does not define.
func ClosedByBroker(code byte) event.ActionInfo {
	if code == 0 {
		return event.ServerShutdown
	}
	if r, ok := reasonOf(int32(code)); ok {
		return r.byBroker
	}
	return event.Unexplained
}

// clientMaySend reports whether MQTT 5 allows a client to send a code from 0x80 on in DISCONNECT
// (MQTT 5.0, section 3.14.2.1).
func clientMaySend(code int32) bool {
	return 0x80 <= code && code <= 0x83 || code == 0x90 || 0x93 <= code && code <= 0x99
}

// reasonOf returns the row of reasons for a code. The codes in reasons begin at 0x80 and have no
// gaps.
func reasonOf(code int32) (reason, bool) {
	i := int(code) - 0x80
	if i < 0 || i >= len(reasons) {
		return reason{}, false
	}
	return reasons[i], true
}

// reasonNames maps each reason's name to its row in the reasons table.
var reasonNames = func() map[string]reason {
	names := make(map[string]reason, len(reasons))
	for _, r := range reasons {
		names[r.name] = r
	}
	return names
}()

// spellings maps variants of a reason's name to the name in the tables of this package.
var spellings = map[string]string{
	"takeovered":         "takenover",
	"taken_over":         "takenover",
	"session_taken_over": "takenover",
	"keep_alive_timeout": "keepalive_timeout",
	"not_authorised":     "not_authorized",
	"server_unavaliable": "server_unavailable",
	"client_banned":      "banned",
	// EMQX's names for the return codes of MQTT 3
	"unacceptable_protocol_version":  "unsupported_protocol_version",
	"malformed_username_or_password": "bad_username_or_password",
	"unauthorized_client":            "not_authorized",
}

var underscores = strings.NewReplacer(" ", "_", "-", "_")

// reasonName returns the name that the tables of this package use for a native reason.
func reasonName(native string) string {
	name := underscores.Replace(strings.ToLower(native))
	if known, ok := spellings[name]; ok {
		return known
	}
	return name
}

// reasonPrefix is the beginning of native reasons that continue with details, and their meaning.
type reasonPrefix struct {
	prefix string
	info   event.ActionInfo
}

// infoByPrefix returns the action info for a native reason. The first entry that matches decides, so
// exceptions come before the general rule.
func infoByPrefix(known []reasonPrefix, native string) (info event.ActionInfo, ok bool) {
	for _, k := range known {
		if strings.HasPrefix(native, k.prefix) {
			return k.info, true
		}
	}
	return event.Unexplained, false
}

// hasAnyPrefix reports whether a text begins with any of the given prefixes.
func hasAnyPrefix(text string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(text, prefix) })
}

// table turns lists of names, one list per meaning, into a map from name to meaning. The lists are
// easy to read, and the map is fast to search.
func table(byInfo map[event.ActionInfo][]string) map[string]event.ActionInfo {
	byName := map[string]event.ActionInfo{}
	for info, names := range byInfo {
		for _, name := range names {
			byName[name] = info
		}
	}
	return byName
}

// ending returns the action and action info for a native reason. The action info comes from
// reasons, the source's table. If the native reason is missing, or if the table does not contain it,
// the action info is event.Unexplained. The action is disconnect if the client sent a DISCONNECT,
// and close otherwise.
func ending(reasons map[string]event.ActionInfo, native string) (event.Action, event.ActionInfo) {
	switch info, known := reasons[native]; {
	case !known:
		return event.Close, event.Unexplained
	case info == event.DisconnectedByClient:
		return event.Disconnect, info
	default:
		return event.Close, info
	}
}
