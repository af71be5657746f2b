package sim

import "devicetrace/pkg/event"

// end is how a connection ends, or why it does not begin.
type end uint8

const (
	goodbye end = iota
	closedByClient
	reset
	silent
	takenOver
	expired
	topicDenied
	shutDown
	wrongPassword
	ends
)

// saying is how a source puts an end. A code of 0 is not told.
type saying struct {
	info   event.ActionInfo
	native string
	code   int32
}

// evidence says what a row tells of its connection.
type evidence struct {
	began, peer, port, node, user, protocol, version, keepAlive, clean bool
}

// source is a kind of broker as its decoder shows it.
type source struct {
	name                      string
	connected, ended, refused string // native events
	atConnect, atEnd          evidence
	channels                  naming // of connections
	ids                       naming // of events
	says                      [ends]saying

	seconds    bool // times are whole seconds
	noTime     bool // there are none
	noTakeover bool // no end of a connection that is taken over
	noShutdown bool // no end of a connection whose node stops
	twice      bool // of a DISCONNECT, a second row tells that the connection is gone
}

// naming is how a source names connections or events.
type naming uint8

const (
	unnamed  naming = iota
	random          // a random text
	numbered        // the number of the client's connection
)

var emqx = source{
	name: "emqx", connected: "client.connected", ended: "client.disconnected", refused: "client.connack",
	atConnect:  evidence{began: true, peer: true, port: true, node: true, user: true, protocol: true, version: true, keepAlive: true, clean: true},
	atEnd:      evidence{began: true, peer: true, port: true, node: true, user: true, protocol: true, version: true},
	noShutdown: true,
	says: [ends]saying{
		goodbye:        {event.DisconnectedByClient, "normal", 0},
		closedByClient: {event.ClosedByClient, "tcp_closed", 0},
		reset:          {event.SocketIOException, "etimedout", 0},
		silent:         {event.NoHeart, "keepalive_timeout", 0},
		takenOver:      {event.ClientIDConflict, "takenover", 0},
		expired:        {event.NotAuthorized, "not_authorized", 0},
		wrongPassword:  {event.NotAuthorized, "bad_username_or_password", 0x86},
	},
}

var emqx4 = source{
	name: "emqx4", connected: "client_connected", ended: "client_disconnected", refused: "client_connack",
	atConnect:  evidence{began: true, peer: true, node: true, user: true, version: true, keepAlive: true},
	atEnd:      evidence{began: true, peer: true, node: true, user: true},
	noTakeover: true, noShutdown: true,
	says: [ends]saying{
		goodbye:        {event.DisconnectedByClient, "normal", 0},
		closedByClient: {event.ClosedByClient, "tcp_closed", 0},
		reset:          {event.SocketIOException, "{shutdown,etimedout}", 0},
		silent:         {event.NoHeart, "keepalive_timeout", 0},
		expired:        {event.NotAuthorized, "not_authorized", 0},
		wrongPassword:  {event.NotAuthorized, "bad_username_or_password", 0x86},
	},
}

// hook is a broker that sends the project's own form.
var hook = source{
	name: "mochi", connected: "session established", ended: "disconnect", refused: "connack",
	atConnect: evidence{began: true, peer: true, port: true, node: true, user: true, protocol: true, version: true, keepAlive: true, clean: true},
	atEnd:     evidence{began: true, peer: true, port: true, node: true, user: true, protocol: true, version: true, keepAlive: true, clean: true},
	channels:  random, ids: random,
	says: [ends]saying{
		goodbye:        {event.DisconnectedByClient, "disconnected", 0},
		closedByClient: {event.ClosedByClient, "EOF", 0},
		reset:          {event.SocketIOException, "read: connection reset by peer", 0},
		silent:         {event.NoHeart, "i/o timeout", 0},
		takenOver:      {event.ClientIDConflict, "session takeover", 0x8E},
		expired:        {event.NotAuthorized, "bad username or password", 0x86},
		topicDenied:    {event.TopicAuthFailed, "not authorized", 0x87},
		shutDown:       {event.ServerShutdown, "server shutting down", 0x8B},
		wrongPassword:  {event.NotAuthorized, "bad username or password", 0x86},
	},
}

var awsIoT = source{
	name: "aws-iot", connected: "connected", ended: "disconnected", refused: "connect_failed",
	atConnect: evidence{peer: true, user: true},
	atEnd:     evidence{user: true},
	channels:  random, ids: numbered,
	says: [ends]saying{
		goodbye:        {event.DisconnectedByClient, "CLIENT_INITIATED_DISCONNECT", 0},
		closedByClient: {event.SocketIOException, "CONNECTION_LOST", 0},
		reset:          {event.SocketIOException, "CONNECTION_LOST", 0},
		silent:         {event.NoHeart, "MQTT_KEEP_ALIVE_TIMEOUT", 0},
		takenOver:      {event.ClientIDConflict, "DUPLICATE_CLIENTID", 0},
		expired:        {event.NotAuthorized, "CUSTOMAUTH_TTL_EXPIRATION", 0},
		shutDown:       {event.ServerShutdown, "SERVER_INITIATED_DISCONNECT", 0},
		wrongPassword:  {event.NotAuthorized, "AUTHORIZATION_FAILED", 0},
	},
}

// azure tells no refusals.
var azure = source{
	name:      "azure-eventgrid",
	connected: "Microsoft.EventGrid.MQTTClientSessionConnected", ended: "Microsoft.EventGrid.MQTTClientSessionDisconnected",
	atConnect: evidence{node: true, user: true},
	atEnd:     evidence{node: true, user: true},
	channels:  numbered, ids: random,
	says: [ends]saying{
		goodbye:        {event.DisconnectedByClient, "ClientInitiatedDisconnect", 0},
		closedByClient: {event.SocketIOException, "ConnectionLost", 0},
		reset:          {event.SocketIOException, "ConnectionLost", 0},
		silent:         {event.SocketIOException, "ConnectionLost", 0},
		takenOver:      {event.ClientIDConflict, "SessionTakenOver", 0},
		expired:        {event.NotAuthorized, "ClientAuthenticationError", 0},
		topicDenied:    {event.TopicAuthFailed, "ClientAuthorizationError", 0},
		shutDown:       {event.ServerShutdown, "ServerInitiatedDisconnect", 0},
	},
}

// apsaraMQ tells no refusals, and why a connection ended only by a DISCONNECT.
var apsaraMQ = source{
	name: "apsaramq", connected: "connect", ended: "tcpclean",
	atConnect: evidence{peer: true},
	atEnd:     evidence{peer: true},
	channels:  random, twice: true,
	says: always(saying{event.ClosedByClient, "", 0}),
}

var mosquitto = source{
	name: "mosquitto", connected: "connected", ended: "disconnected", refused: "disconnected",
	atConnect: evidence{peer: true, port: true, user: true, protocol: true, version: true, keepAlive: true, clean: true},
	atEnd:     evidence{peer: true, port: true},
	seconds:   true, noShutdown: true,
	says: [ends]saying{
		goodbye:        {event.DisconnectedByClient, "", 0},
		closedByClient: {event.ClosedByClient, "connection closed by client", 0},
		reset:          {event.SocketIOException, "bad socket read/write: Connection timed out", 0},
		silent:         {event.NoHeart, "exceeded timeout", 0},
		takenOver:      {event.ClientIDConflict, "session taken over", 0},
		wrongPassword:  {event.NotAuthorized, "not authorised", 0},
	},
}

// vernemq tells no refusals, and never why a connection ended.
var vernemq = source{
	name: "vernemq", connected: "on_register", ended: "on_client_gone",
	atConnect: evidence{peer: true, port: true, user: true},
	noTime:    true, noShutdown: true,
	says: always(saying{event.ClosedByClient, "", 0}),
}

func always(s saying) (all [ends]saying) {
	for i := range all {
		all[i] = s
	}
	return all
}
