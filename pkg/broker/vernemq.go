package broker

import (
	"net/http"

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
		ends: []string{"on_client_offline", "on_client_gone"},
	},
}

// vernemqHook is the header that names the hook.
const vernemqHook = "Vernemq-Hook"

// vernemqDeciding lists the prefixes of the hooks that ask for a decision about a client or
// a message (https://docs.vernemq.com/plugin-development/webhookplugins).
var vernemqDeciding = []string{"auth_on_", "on_auth", "on_deliver", "on_unsubscribe"}

// vernemqHandshake recognizes hooks that ask for a decision. It responds that VerneMQ must ask its
// next plugin. It never responds with an error, because VerneMQ treats an error as a refusal and
// would lock out all clients. It does not read the body, because the body contains passwords or
// messages.
func vernemqHandshake(r HandshakeRequest) (HandshakeResponse, bool) {
	hook := r.Header.Get(vernemqHook)
	if r.Method != http.MethodPost || !hasAnyPrefix(hook, vernemqDeciding) {
		return HandshakeResponse{}, false
	}
	return HandshakeResponse{Status: http.StatusOK, Body: map[string]string{"result": "next"}}, true
}

// vernemqHooks lists the hooks that are recorded. None of them says why a connection ended.
// on_client_wakeup is not listed, because on_register has already reported the same connection.
var vernemqHooks = map[string]struct {
	action  event.Action
	info    event.ActionInfo
	version int32 // MQTT protocol level; 0 if unknown
}{
	"on_register":       {event.Connect, event.Accepted, 0},
	"on_register_m5":    {event.Connect, event.Accepted, 5},
	"on_client_offline": {event.Close, event.Unexplained, 0}, // the connection ended, but not the session
	"on_client_gone":    {event.Close, event.Unexplained, 0}, // the connection and the session ended
}

// decodeVerneMQ is the Decoder for VerneMQ. It does not parse the body of a hook that is not
// recorded. Such a body may contain a password (auth_on_register) or a message (on_publish). If
// parsing failed, the body would be rejected, and rejected bodies are stored as received.
func decodeVerneMQ(body []byte, meta Meta) Batch {
	if _, makesRow := vernemqHooks[meta.Hook]; !makesRow && meta.Hook != "" {
		return Batch{}
	}
	return decode[vernemq](body, meta)
}

// vernemq is the body of a hook. A header names the hook. No hook sends a time, and a hook that
// reports the end of a connection sends only the client identifier.
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
	if r.meta.Hook == "" {
		r.refuse("vernemq-hook", "is missing; this header must name the hook, such as on_register")
		return false
	}
	hook := vernemqHooks[r.meta.Hook]
	e.Source = VerneMQ
	e.NativeEvent = r.meta.Hook
	e.Action, e.ActionInfo, e.ProtocolVersion = hook.action, hook.info, hook.version
	e.ClientID = r.clientID("client_id", m.clientID)
	e.Username = r.text("username", m.username)
	e.PeerAddress = r.text("peer_addr", m.peerAddr)
	e.PeerPort = r.integer("peer_port", m.peerPort, maxPort).Value
	r.setTime(e)
	return true
}
