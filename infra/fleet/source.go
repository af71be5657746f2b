package fleet

import "devicetrace/pkg/event"

// end is how a connection ends, or, for the last ones, why it does not begin.
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
	serverBusy
	ends
)

// saying is how a source puts an end.
type saying struct {
	info   event.ActionInfo
	native string
}

// tells says what a source tells of a connection.
type tells struct {
	channel     bool // an identifier of its own
	connectedAt bool // when it began
	atEnd       bool // the same again when it ends
	peer        bool // address
	port        bool // and port
	peerAtEnd   bool // when it ends
	node        bool
	login       bool // user name, protocol, keep alive
	ids         bool // an identifier of each event
	seconds     bool // times in whole seconds only
	noTime      bool // none at all
	noTakeover  bool // no end of a connection that is taken over
	noShutdown  bool // no end of a connection whose node stops
	twice       bool // a DISCONNECT, and then that the connection is gone
}

// source is a kind of broker as its decoder shows it.
type source struct {
	name                      string
	connected, ended, refused string // native events
	tells                     tells
	says                      [ends]saying
}

var emqx = source{
	name: "emqx", connected: "client.connected", ended: "client.disconnected", refused: "client.connack",
	tells: tells{connectedAt: true, atEnd: true, peer: true, port: true, peerAtEnd: true, node: true, login: true, noShutdown: true},
	says: [ends]saying{
		goodbye:        {event.DisconnectedByClient, "normal"},
		closedByClient: {event.ClosedByClient, "tcp_closed"},
		reset:          {event.SocketIOException, "etimedout"},
		silent:         {event.NoHeart, "keepalive_timeout"},
		takenOver:      {event.ClientIDConflict, "takenover"},
		expired:        {event.NotAuthorized, "not_authorized"},
		shutDown:       {event.ServerShutdown, "server_moved"},
		wrongPassword:  {event.NotAuthorized, "bad_username_or_password"},
		serverBusy:     {event.ServerShutdown, "server_busy"},
	},
}

var emqx4 = source{
	name: "emqx4", connected: "client_connected", ended: "client_disconnected", refused: "client_connack",
	tells: tells{connectedAt: true, atEnd: true, peer: true, peerAtEnd: true, node: true, login: true, noTakeover: true, noShutdown: true},
	says: [ends]saying{
		goodbye:        {event.DisconnectedByClient, "normal"},
		closedByClient: {event.ClosedByClient, "tcp_closed"},
		reset:          {event.SocketIOException, "{shutdown,etimedout}"},
		silent:         {event.NoHeart, "keepalive_timeout"},
		expired:        {event.NotAuthorized, "not_authorized"},
		wrongPassword:  {event.NotAuthorized, "bad_username_or_password"},
		serverBusy:     {event.ServerShutdown, "server_busy"},
	},
}

// hook is a broker that sends the project's own form.
var hook = source{
	name: "mochi", connected: "session established", ended: "disconnect", refused: "connack",
	tells: tells{channel: true, connectedAt: true, atEnd: true, peer: true, port: true, peerAtEnd: true, node: true, login: true, ids: true},
	says: [ends]saying{
		goodbye:        {event.DisconnectedByClient, "disconnected"},
		closedByClient: {event.ClosedByClient, "EOF"},
		reset:          {event.SocketIOException, "read: connection reset by peer"},
		silent:         {event.NoHeart, "i/o timeout"},
		takenOver:      {event.ClientIDConflict, "session takeover"},
		expired:        {event.NotAuthorized, "bad username or password"},
		topicDenied:    {event.TopicAuthFailed, "not authorized"},
		shutDown:       {event.ServerShutdown, "server shutting down"},
		wrongPassword:  {event.NotAuthorized, "bad username or password"},
		serverBusy:     {event.ServerShutdown, "server busy"},
	},
}

var awsIoT = source{
	name: "aws-iot", connected: "connected", ended: "disconnected", refused: "connect_failed",
	tells: tells{channel: true, peer: true},
	says: [ends]saying{
		goodbye:        {event.DisconnectedByClient, "CLIENT_INITIATED_DISCONNECT"},
		closedByClient: {event.SocketIOException, "CONNECTION_LOST"},
		reset:          {event.SocketIOException, "CONNECTION_LOST"},
		silent:         {event.NoHeart, "MQTT_KEEP_ALIVE_TIMEOUT"},
		takenOver:      {event.ClientIDConflict, "DUPLICATE_CLIENTID"},
		expired:        {event.NotAuthorized, "CUSTOMAUTH_TTL_EXPIRATION"},
		shutDown:       {event.ServerShutdown, "SERVER_INITIATED_DISCONNECT"},
		wrongPassword:  {event.NotAuthorized, "AUTHORIZATION_FAILED"},
		serverBusy:     {event.ServerShutdown, "SERVER_ERROR"},
	},
}

var azure = source{
	name:      "azure-eventgrid",
	connected: "Microsoft.EventGrid.MQTTClientSessionConnected", ended: "Microsoft.EventGrid.MQTTClientSessionDisconnected",
	tells: tells{channel: true, node: true, ids: true},
	says: [ends]saying{
		goodbye:        {event.DisconnectedByClient, "ClientInitiatedDisconnect"},
		closedByClient: {event.SocketIOException, "ConnectionLost"},
		reset:          {event.SocketIOException, "ConnectionLost"},
		silent:         {event.SocketIOException, "ConnectionLost"},
		takenOver:      {event.ClientIDConflict, "SessionTakenOver"},
		expired:        {event.NotAuthorized, "ClientAuthenticationError"},
		topicDenied:    {event.TopicAuthFailed, "ClientAuthorizationError"},
		shutDown:       {event.ServerShutdown, "ServerInitiatedDisconnect"},
	},
}

// apsaraMQ says that a connection ended, not why, but for a DISCONNECT.
var apsaraMQ = source{
	name: "apsaramq", connected: "connect", ended: "tcpclean",
	tells: tells{channel: true, peer: true, peerAtEnd: true, twice: true},
	says:  always(saying{event.ClosedByClient, ""}),
}

var mosquitto = source{
	name: "mosquitto", connected: "connected", ended: "disconnected", refused: "disconnected",
	tells: tells{peer: true, port: true, peerAtEnd: true, login: true, seconds: true, noShutdown: true},
	says: [ends]saying{
		goodbye:        {event.DisconnectedByClient, ""},
		closedByClient: {event.ClosedByClient, "connection closed by client"},
		reset:          {event.SocketIOException, "bad socket read/write: Connection timed out"},
		silent:         {event.NoHeart, "exceeded timeout"},
		takenOver:      {event.ClientIDConflict, "session taken over"},
		wrongPassword:  {event.NotAuthorized, "not authorised"},
		serverBusy:     {event.ServerShutdown, "server busy"},
	},
}

var vernemq = source{
	name: "vernemq", connected: "on_register", ended: "on_client_gone",
	tells: tells{peer: true, port: true, noTime: true, noShutdown: true},
	says:  always(saying{event.ClosedByClient, ""}),
}

func always(s saying) (all [ends]saying) {
	for i := range all {
		all[i] = s
	}
	return all
}
