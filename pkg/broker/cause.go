package broker

import (
	"slices"
	"strings"
)

// The words in these sets name a cause more exactly than the action info does. As in vocabulary, a
// word is recognized whichever source sends it. The names are as reasonName returns them.
var (
	// expiries say that a login had expired. So does every reason that contains the word "expired".
	expiries = setOf("customauth_ttl_expiration") // AWS IoT
	// logins begin the reasons that say that a login is no longer valid, for whatever cause. They
	// never mean a topic.
	logins = []string{
		"bad_username_or_password",
		"clientauthenticationerror",                         // Azure Event Grid, for an expired certificate and a disabled client
		"re_authentication_failed", "authentication_failed", // HiveMQ
	}
	// webSocketLimits and connectionLimits say that a connection lasted as long as the broker
	// allows.
	webSocketLimits  = setOf("websocket_ttl_expiration") // AWS IoT
	connectionLimits = setOf("maximum_connect_time")     // MQTT 5.0, 2.4
	// emptyWords are native reasons of ends that give no reason.
	emptyWords = setOf("", "normal", "internal_error", "unknown", "none", "null", "undefined")
)

// The native events of ends that follow from the log of a broker: all connections that were open
// when the broker stopped, or that had been open before it started again.
const (
	BrokerStopped = "broker stopped"
	BrokerStarted = "broker started"
)

// EndedWithBroker reports whether an end with the given native event follows from a stop or a start
// of the broker.
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
	isPrefix := func(login string) bool { return strings.HasPrefix(reasonName(nativeReason), login) }
	return NamesExpiry(nativeReason) || slices.ContainsFunc(logins, isPrefix)
}

// NamesTimeLimit reports whether a native reason says that the connection lasted as long as the
// broker allows. onlyWebSocket means that the limit is one for connections over WebSocket.
func NamesTimeLimit(nativeReason string) (onlyWebSocket, ok bool) {
	name := reasonName(nativeReason)
	return webSocketLimits[name], webSocketLimits[name] || connectionLimits[name]
}

// GivesReason reports whether a native reason of a source is a word for a reason, even if its
// meaning is not known. Some sources send a word such as "unknown" if there is no reason, or a word
// that is known to be sent in very different cases.
func GivesReason(source, nativeReason string) bool {
	return !emptyWords[reasonName(nativeReason)] && !slices.Contains(vocabularyOf(source).ownMuteReasons, nativeReason)
}

// MayEndAtOnce reports whether a version of the source's broker is known to end some clients for a
// missed keep alive as soon as they connect: Mosquitto 2.0.21, if the keep alive equals
// max_keepalive.
func MayEndAtOnce(source string) bool { return source == Mosquitto }
