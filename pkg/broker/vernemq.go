package broker

import (
	"net/http"
	"slices"
	"strings"

	"devicetrace/pkg/event"
)

var vernemqSource = Source{
	Name:         VerneMQ,
	Decode:       decodeVerneMQ,
	TokenInPath:  true,
	TokenInQuery: true,
	HookHeader:   vernemqHook,
	Handshake:    vernemqHandshake,
	vocabulary: vocabulary{
		ends:     []string{"on_client_offline", "on_client_gone"},
		muteEnds: []string{"on_client_offline", "on_client_gone"},
	},
}

// vernemqHook is the header that names the hook.
const vernemqHook = "Vernemq-Hook"

// vernemqDeciding are the prefixes of hooks that ask for a decision about a client or a
// message (https://docs.vernemq.com/plugin-development/webhookplugins).
var vernemqDeciding = []string{"auth_on_", "on_auth", "on_deliver", "on_unsubscribe"}

// vernemqHandshake leaves a decision to the next plugin. VerneMQ takes a failure for a
// no, and would lock out all clients. The body holds passwords or messages, so it is not
// looked at.
func vernemqHandshake(r HandshakeRequest) (HandshakeResponse, bool) {
	hook := r.Header.Get(vernemqHook)
	decides := slices.ContainsFunc(vernemqDeciding, func(prefix string) bool { return strings.HasPrefix(hook, prefix) })
	if r.Method != http.MethodPost || !decides {
		return HandshakeResponse{}, false
	}
	return HandshakeResponse{Status: http.StatusOK, Body: map[string]string{"result": "next"}}, true
}

// vernemqHooks are the webhooks of VerneMQ that make a row. Why a connection ended is
// told by none of them, and on_client_wakeup comes with the same connect as
// on_register.
var vernemqHooks = map[string]struct {
	action  event.Action
	info    event.ActionInfo
	version int32 // of MQTT, 0 where the hook does not tell
}{
	"on_register":       {event.Connect, event.Accepted, 0},
	"on_register_m5":    {event.Connect, event.Accepted, 5},
	"on_client_offline": {event.Close, event.ClosedByClient, 0}, // the session stays
	"on_client_gone":    {event.Close, event.ClosedByClient, 0}, // the session ended with it
}

// decodeVerneMQ is the Decoder of VerneMQ. The bodies of all other hooks are not even
// parsed: those of auth_on_register hold passwords, those of on_publish messages, and
// a rejected item is kept as it came.
func decodeVerneMQ(body []byte, meta Meta) Batch {
	if _, makesRow := vernemqHooks[meta.Hook]; !makesRow && meta.Hook != "" {
		return Batch{}
	}
	return decode[vernemq](body, meta)
}

// vernemq is the body of a webhook. The hook's name comes beside it. No hook tells a
// time, and those of an end tell the client identifier alone.
type vernemq struct {
	clientID, username, peerAddr, peerPort value
}

func (m *vernemq) slot(key []byte) *value {
	switch string(key) {
	case "client_id":
		return &m.clientID
	case "username":
		return &m.username
	case "peer_addr":
		return &m.peerAddr
	case "peer_port":
		return &m.peerPort
	default:
		return nil
	}
}

func (m *vernemq) row(r *reader, e *event.Event) bool {
	if r.hook == "" {
		r.refuse("vernemq-hook", "the header must name the hook")
		return false
	}
	hook := vernemqHooks[r.hook]
	e.Source = VerneMQ
	e.NativeEvent = r.hook
	e.Action, e.ActionInfo, e.ProtocolVersion = hook.action, hook.info, hook.version
	e.ClientID = r.clientID("client_id", m.clientID)
	e.Username = r.text("username", m.username)
	e.PeerAddress = r.text("peer_addr", m.peerAddr)
	e.PeerPort = r.integer("peer_port", m.peerPort, maxPort).Value
	r.when(e)
	return true
}
