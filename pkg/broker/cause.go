package broker

import (
	"slices"
	"strings"

	"devicetrace/pkg/event"
)

// The reasons in these variables name a cause more exactly than the action info does. As in
// vocabulary, a reason is recognized whichever source sends it. The reasons are spelled as
// reasonName returns them.
var (
	// expiries are reasons that say that a login had expired. NamesExpiry also recognizes every
	// reason that contains the word "expired".
	expiries = setOf("customauth_ttl_expiration") // AWS IoT
	// logins are the beginnings of reasons that say that a login is not valid, whatever the cause.
	// Such a reason is never about a topic.
	logins = []string{
		"bad_username_or_password",
		"clientauthenticationerror",                         // Azure Event Grid, for an expired certificate and a disabled client
		"re_authentication_failed", "authentication_failed", // HiveMQ
	}
	// causes maps other reasons, by the action info of the end, to the cause that they name.
	causes = map[event.ActionInfo]map[string]Cause{
		event.NotAuthorized:   {"ipforbidden": AddressFilter},           // Azure Event Grid
		event.TopicAuthFailed: {"clientauthorizationerror": Permission}, // Azure Event Grid: a topic, a client group or a permission binding
		event.InvalidParam:    {"sessionoverflow": QueueFull},           // Azure Event Grid
		event.ServerShutdown: {
			"kicked":                       Operator, // EMQX
			"byadminkick":                  Operator, // RMQTT
			"administrative_action":        Operator, // section 2.4 of the MQTT 5.0 specification
			"api_initiated_disconnect":     Operator, // AWS IoT
			"closed_via_management_plugin": Operator, // RabbitMQ
			"server_busy":                  Overload, // section 2.4 of the MQTT 5.0 specification
		},
	}
	// webSocketLimits and connectionLimits are reasons that say that a connection lasted as long as
	// the broker allows.
	webSocketLimits  = setOf("websocket_ttl_expiration") // AWS IoT
	connectionLimits = setOf("maximum_connect_time")     // section 2.4 of the MQTT 5.0 specification
	// webSocketCloses are reasons that their source gives for a DISCONNECT and also for a WebSocket
	// close frame.
	webSocketCloses = setOf("client_initiated_disconnect", "clientinitiateddisconnect") // AWS IoT, Azure Event Grid
	// emptyWords are native reasons that do not say why a connection ended.
	emptyWords = setOf("", "normal", "internal_error", "unknown", "none", "null", "undefined")
)

// BrokerStopped and BrokerStarted are the native events of ends that are derived from a broker's
// log. When the broker stops, all open connections end. When it starts, all connections that were
// open before must have ended.
const (
	BrokerStopped = "broker stopped"
	BrokerStarted = "broker started"
)

// EndedWithBroker reports whether an end with the given native event is due to a stop or a start of
// the broker.
func EndedWithBroker(nativeEvent string) bool {
	return nativeEvent == BrokerStopped || nativeEvent == BrokerStarted
}

func setOf(words ...string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, word := range words {
		set[word] = true
	}
	return set
}

// Cause is a cause that a native reason names more exactly than the action info does.
type Cause string

const (
	LoginExpired  Cause = "login-expired"  // the login had expired
	LoginInvalid  Cause = "login-invalid"  // the login was not valid, whatever the cause
	AddressFilter Cause = "address-filter" // the client's address is not allowed
	Permission    Cause = "permission"     // the client lacks a permission, perhaps for a topic
	QueueFull     Cause = "queue-full"     // too many messages to the client were not acknowledged
	Operator      Cause = "operator"       // an operator or a call of the broker's API removed the client
	TimeLimit     Cause = "time-limit"     // the connection lasted as long as the broker allows
	Overload      Cause = "overload"       // the broker was busy
)

// CauseOf returns the cause that the native reason of an end names, or "" if it names none. info is
// the action info of the end.
func CauseOf(info event.ActionInfo, nativeReason string) Cause {
	words, ok := causes[info]
	if !ok { // true for most ends; skip the search by name
		return ""
	}
	if cause, ok := words[reasonName(nativeReason)]; ok {
		return cause
	}
	_, isLimit := NamesTimeLimit(nativeReason)
	switch {
	case info == event.ServerShutdown && isLimit:
		return TimeLimit
	case info == event.NotAuthorized && NamesExpiry(nativeReason):
		return LoginExpired
	case info == event.NotAuthorized && ConcernsLogin(nativeReason):
		return LoginInvalid
	default:
		return ""
	}
}

// IsErrorCode reports whether a native reason is the name of an MQTT 5.0 error code. A client sends
// such a code with DISCONNECT if it leaves because of an error.
func IsErrorCode(nativeReason string) bool {
	_, ok := reasonNames[reasonName(nativeReason)]
	return ok
}

// MayBeWebSocketClose reports whether a native reason that normally means a DISCONNECT may also
// mean a WebSocket close frame.
func MayBeWebSocketClose(nativeReason string) bool { return webSocketCloses[reasonName(nativeReason)] }

// NamesExpiry reports whether the native reason of an end with the action info NotAuthorized says
// that the login had expired.
func NamesExpiry(nativeReason string) bool {
	name := reasonName(nativeReason)
	return expiries[name] || strings.Contains(name, "expired")
}

// ConcernsLogin reports whether the native reason of an end with the action info NotAuthorized is
// about the login and not about a topic. Some reasons, such as "not authorized", can be about
// either.
func ConcernsLogin(nativeReason string) bool {
	return NamesExpiry(nativeReason) || hasAnyPrefix(reasonName(nativeReason), logins)
}

// NamesTimeLimit reports whether a native reason says that the connection lasted as long as the
// broker allows. onlyWebSocket means that the limit applies only to connections over WebSocket.
func NamesTimeLimit(nativeReason string) (onlyWebSocket, ok bool) {
	name := reasonName(nativeReason)
	return webSocketLimits[name], webSocketLimits[name] || connectionLimits[name]
}

// IsMuteWord reports whether a native reason is a word that its source gives for ends of any cause.
func IsMuteWord(source, nativeReason string) bool {
	return nativeReason != "" && slices.Contains(vocabularyOf(source).ownMuteReasons, nativeReason)
}

// GivesReason reports whether a native reason from the given source names a reason, even one whose
// meaning is not known. It returns false for a word such as "unknown", which some sources send if
// there is no reason, and for a word that the source is known to send in very different cases.
func GivesReason(source, nativeReason string) bool {
	return !emptyWords[reasonName(strings.TrimSpace(nativeReason))] && !IsMuteWord(source, nativeReason)
}

// MayEndAtOnce reports whether some version of the source's broker may end a client for a missed
// keep alive as soon as it connects. Mosquitto 2.0.21 does so if the keep alive equals
// max_keepalive.
func MayEndAtOnce(source string) bool { return source == Mosquitto }
