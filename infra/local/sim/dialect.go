package sim

import (
	"slices"
	"strconv"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// end is a reason why a connection ends, or why it is refused.
type end uint8

const (
	goodbye end = iota // the client sends DISCONNECT
	closedByClient
	reset
	silent
	takenOver
	expired
	topicDenied
	shutDown
	wrongPassword
	endCount
)

// wording holds the words and the reason code that a source uses to report an end. code is 0 if the
// source gives no reason code.
type wording struct {
	info   event.ActionInfo
	native string
	code   int32
}

// fields is the set of event fields that a source fills in.
type fields uint16

const (
	began fields = 1 << iota
	peer
	port
	node
	user
	protocol
	version
	keepAlive
	clean
)

func (f fields) has(field fields) bool { return f&field != 0 }

// dialect describes the events from one source, in the form in which that source's decoder returns
// them.
type dialect struct {
	source                    string
	connected, ended, refused string         // names of native events
	endedAs                   map[end]string // native events of those ends that have a separate one
	atConnect, atEnd          fields
	channels                  naming            // returns the channel of a connection
	ids                       naming            // returns the source event id
	words                     [endCount]wording // indexed by end; if info is empty, see mute
	mute                      []end             // reported without a reason; any other end without words is not reported

	seconds  bool // times are whole seconds
	snapshot bool // the source checks devices once a minute, and reports the time of the check
	noTime   bool // the source reports no times
	twice    bool // after a DISCONNECT, the source reports the end of the connection in a second event
}

// naming is a function that returns the identifier that a source gives to a connection or an event.
// If it is nil, the source gives no identifier.
type naming func(*device, *connection) string

func (n naming) name(d *device, c *connection) string {
	if n == nil {
		return ""
	}
	return n(d, c)
}

// random is a naming that returns random text.
func random(d *device, _ *connection) string { return d.anyID() }

// numbered is a naming that returns the connection's number, counted per client.
func numbered(_ *device, c *connection) string { return strconv.FormatUint(c.number, 10) }

// numberedOnNode is a naming that returns the node's name, a slash and the connection's number.
func numberedOnNode(d *device, c *connection) string {
	return d.broker.nodes[c.node] + "/" + numbered(d, c)
}

var emqx = dialect{
	source: broker.EMQX, connected: "client.connected", ended: "client.disconnected", refused: "client.connack",
	atConnect: began | peer | port | node | user | protocol | version | keepAlive | clean,
	atEnd:     began | peer | port | node | user | protocol | version,
	words: [endCount]wording{
		goodbye:        {event.DisconnectedByClient, "normal", 0},
		closedByClient: {event.ClosedByClient, "tcp_closed", 0},
		reset:          {event.SocketIOException, "etimedout", 0},
		silent:         {event.NoHeart, "keepalive_timeout", 0},
		takenOver:      {event.ClientIDConflict, "takenover", 0},
		expired:        {event.NotAuthorized, "not_authorized", 0},
		wrongPassword:  {event.NotAuthorized, "bad_username_or_password", 0x86},
	},
}

var emqx4 = dialect{
	source: broker.EMQX4, connected: "client_connected", ended: "client_disconnected", refused: "client_connack",
	atConnect: began | peer | node | user | version | keepAlive,
	atEnd:     began | peer | node | user,
	words: [endCount]wording{
		goodbye:        {event.DisconnectedByClient, "normal", 0},
		closedByClient: {event.ClosedByClient, "tcp_closed", 0},
		reset:          {event.SocketIOException, "{shutdown,etimedout}", 0},
		silent:         {event.NoHeart, "keepalive_timeout", 0},
		expired:        {event.NotAuthorized, "not_authorized", 0},
		wrongPassword:  {event.NotAuthorized, "bad_username_or_password", 0x86},
	},
}

// mochi is the local broker, which sends the project's own form.
var mochi = dialect{
	source: "mochi", connected: "session established", ended: "disconnect", refused: "connack",
	atConnect: began | peer | port | node | user | protocol | version | keepAlive | clean,
	atEnd:     began | peer | port | node | user | protocol | version | keepAlive | clean,
	channels:  random, ids: random,
	words: [endCount]wording{
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

var awsIoT = dialect{
	source: broker.AWSIoT, connected: "connected", ended: "disconnected", refused: "connect_failed",
	atConnect: peer | user, atEnd: user,
	channels: random, ids: numbered,
	words: [endCount]wording{
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

// azure is a source that reports no refusals.
var azure = dialect{
	source:    broker.AzureEventGrid,
	connected: "Microsoft.EventGrid.MQTTClientSessionConnected", ended: "Microsoft.EventGrid.MQTTClientSessionDisconnected",
	atConnect: node | user, atEnd: node | user,
	channels: numberedOnNode, ids: random,
	words: [endCount]wording{
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

// apsaraMQ is a source that reports no refusals. It reports each DISCONNECT from a client. It
// reports all other ends of connections without a reason.
var apsaraMQ = dialect{
	source: broker.ApsaraMQ, connected: "connect", ended: "tcpclean",
	atConnect: peer, atEnd: peer,
	channels: random, twice: true,
	mute: []end{closedByClient, goodbye, reset, silent, takenOver, expired, topicDenied, wrongPassword, shutDown},
}

var mosquitto = dialect{
	source: broker.Mosquitto, connected: "connected", ended: "disconnected", refused: "disconnected",
	atConnect: peer | port | user | protocol | version | keepAlive | clean,
	atEnd:     peer | port,
	seconds:   true,
	words: [endCount]wording{
		goodbye:        {event.DisconnectedByClient, "", 0},
		closedByClient: {event.ClosedByClient, "connection closed by client", 0},
		reset:          {event.SocketIOException, "bad socket read/write: Connection timed out", 0},
		silent:         {event.NoHeart, "exceeded timeout", 0},
		takenOver:      {event.ClientIDConflict, "session taken over", 0},
		wrongPassword:  {event.NotAuthorized, "not authorised", 0},
	},
}

// rmqtt is a source that does not report ends if a node stops.
var rmqtt = dialect{
	source: broker.RMQTT, connected: "client_connected", ended: "client_disconnected", refused: "client_connack",
	atConnect: peer | port | node | user | version | keepAlive | clean,
	atEnd:     peer | port | node | user,
	words: [endCount]wording{
		goodbye:        {event.DisconnectedByClient, "Disconnect(V3),RemoteClose", 0},
		closedByClient: {event.ClosedByClient, "RemoteClose", 0},
		reset:          {event.SocketIOException, `io error, "Connection reset by peer (os error 104)"`, 0},
		silent:         {event.NoHeart, "KeepaliveTimeout", 0},
		takenOver:      {event.ClientIDConflict, "Kicked", 0},
		expired:        {event.NotAuthorized, `Disconnect(Other("JWT Auth expired"))`, 0},
		topicDenied:    {event.TopicAuthFailed, "PublishRefused", 0},
		wrongPassword:  {event.NotAuthorized, "Connection Refused, not authorized", 0},
	},
}

// hiveMQ is a source that reports a reset like an end by the client. Its times have a zone.
var hiveMQ = dialect{
	source: broker.HiveMQ, connected: "connected", ended: "was disconnected", refused: "was disconnected during CONNECT",
	endedAs: map[end]string{
		goodbye: "disconnected gracefully", closedByClient: "disconnected ungracefully", reset: "disconnected ungracefully",
	},
	atConnect: peer | clean, atEnd: peer,
	words: [endCount]wording{
		goodbye:        {event.DisconnectedByClient, "", 0},
		closedByClient: {event.ClosedByClient, "", 0},
		reset:          {event.ClosedByClient, "", 0},
		silent:         {event.NoHeart, "Client was idle for too long", 0},
		takenOver:      {event.ClientIDConflict, "Another client connected with the same client id.", 0},
		expired:        {event.NotAuthorized, "Re-authentication failed", 0},
		topicDenied:    {event.TopicAuthFailed, "Not authorized to publish on topic 'a' with QoS '1' and retain 'false'", 0},
		wrongPassword:  {event.NotAuthorized, "Authentication failed", 0},
	},
}

// aliyunIoT is a source that reports no refusals. It gives a reason only for a takeover.
var aliyunIoT = dialect{
	source: broker.AliyunIoT, connected: "online", ended: "offline",
	atConnect: peer, atEnd: peer,
	words: [endCount]wording{takenOver: {event.ClientIDConflict, "427", 0}},
	mute:  []end{closedByClient, goodbye, reset, silent, expired, topicDenied, shutDown},
}

// iotHub and huawei are sources that look at the state of a device only once a minute.
var (
	iotHub = dialect{
		source:    broker.AzureEventGrid,
		connected: "Microsoft.Devices.DeviceConnected", ended: "Microsoft.Devices.DeviceDisconnected",
		ids: random, snapshot: true,
		mute: []end{closedByClient, goodbye, reset, silent, takenOver, expired, topicDenied, shutDown},
	}
	huawei = dialect{
		source: broker.HuaweiIoTDA, connected: "device.status ONLINE", ended: "device.status OFFLINE",
		snapshot: true,
		mute:     []end{closedByClient, goodbye, reset, silent, takenOver, expired, topicDenied, shutDown},
	}
)

// verneMQ is a source that reports neither refusals nor the reason why a connection ended.
var verneMQ = dialect{
	source: broker.VerneMQ, connected: "on_register", ended: "on_client_gone",
	atConnect: peer | port | user,
	noTime:    true,
	mute:      []end{closedByClient, goodbye, reset, silent, takenOver, expired, topicDenied, wrongPassword},
}

// nativeEnd returns the native event that the source sends for the given end.
func (l *dialect) nativeEnd(why end) string {
	if name, ok := l.endedAs[why]; ok {
		return name
	}
	return l.ended
}

// reports returns true if the source sends an event for the given end.
func (l *dialect) reports(why end) bool {
	return l.words[why].info != "" || slices.Contains(l.mute, why)
}
