package diagnose

// cutTitles holds the titles, in English and Chinese, that replace the titles in verdictTexts if
// the span was cut. A title that is true of any part of a span needs no replacement.
var cutTitles = map[Code][2]string{
	"never-accepted": {"Every login since {cut} refused, none accepted", "自 {cut} 起登录均被拒绝，没有一次成功"},
	"no-drops":       {"No drops on record since {cut}", "自 {cut} 起没有掉线记录"},
}

// phrase identifies a sentence or a part of a sentence. The phrases table holds the wording.
type phrase string

const (
	lasted           phrase = "lasted"
	hadBegun         phrase = "had-begun"
	startUnknown     phrase = "start-unknown"
	startNotExamined phrase = "start-not-examined"
	from             phrase = "from"
	asUser           phrase = "as-user"
	hadKeepAlive     phrase = "keep-alive"
	nextFrom         phrase = "next-from"
	nextOnNode       phrase = "next-on-node"
	noEnd            phrase = "no-end"
	noneFollowed     phrase = "none-followed"
	loginAccepted    phrase = "accepted"
	loginRefused     phrase = "refused"
	happenedOnce     phrase = "happened-once"
	happenedOften    phrase = "happened-often"
	happenedSince    phrase = "happened-since"
	examinedSince    phrase = "examined-since"
	notSince         phrase = "not-since"
	keptAlive        phrase = "kept-alive"
	endedByBroker    phrase = "ended-by-broker"

	onceAt       phrase = "once-at"
	mostRecently phrase = "most-recently"
	nowhere      phrase = "nowhere"
	onNodes      phrase = "on-nodes"
	behind       phrase = "behind"
	at           phrase = "at"
	oneAddress   phrase = "one-address"
	sameAddress  phrase = "same-address"
	endsAtOnce   phrase = "ends-at-once"
	closeFrame   phrase = "close-frame"
	wakesEvenly  phrase = "wakes-evenly"

	mayAlternateKeepAlive phrase = "may-alternate-keep-alive"
	mayAlternateVersion   phrase = "may-alternate-version"
	mayAlternateUser      phrase = "may-alternate-user"

	webSocketConnections phrase = "web-socket-connections"
	anyConnections       phrase = "any-connections"
	shortenKeepAlive     phrase = "shorten-keep-alive"
	noAddressReturned    phrase = "no-address-returned"
	heardUntil           phrase = "heard-until"
	differentKeepAlive   phrase = "different-keep-alive"
	differentVersion     phrase = "different-version"
	differentUser        phrase = "different-user"

	oftenClosed        phrase = "often-closed"
	oftenBroken        phrase = "often-broken"
	oftenSilent        phrase = "often-silent"
	oftenTakenOver     phrase = "often-taken-over"
	oftenNotAuthorized phrase = "often-not-authorized"
	oftenDenied        phrase = "often-denied"
	oftenInvalid       phrase = "often-invalid"
	oftenByBroker      phrase = "often-by-broker"
	oftenUnexplained   phrase = "often-unexplained"
	oftenUnclear       phrase = "often-unclear"
	oftenForbidden     phrase = "often-forbidden"
	oftenInvalidOrFull phrase = "often-invalid-or-full"

	sinceThen  phrase = "since-then"
	inThisSpan phrase = "in-this-span"

	appliesSince    phrase = "applies-since"
	atLeastSince    phrase = "at-least-since"
	atLeastSinceDay phrase = "at-least-since-day"
	usuallyADay     phrase = "usually-a-day"
	onEarlierDays   phrase = "on-earlier-days"
	onEarlierDay    phrase = "on-earlier-day"
	droppedLast     phrase = "dropped-last"

	connectsEvery       phrase = "connects-every"
	connectsEverySecond phrase = "connects-every-second"
	connectsOften       phrase = "connects-often"
	fromManyAddresses   phrase = "from-many-addresses"
	otherEnds           phrase = "other-ends"
)

var phrases = map[phrase][2]string{
	lasted:           {"The connection had lasted {length}.", "该连接持续了 {length}。"},
	hadBegun:         {"The connection had begun {length} earlier.", "该连接在 {length}之前开始。"},
	startUnknown:     {"The start of the connection is not on record.", "没有该连接开始时间的记录。"},
	startNotExamined: {"The start of the connection is not among the events that were examined.", "在已分析的事件中没有该连接的开始时间。"},
	from:             {"The client's address was {address}.", "客户端地址为 {address}。"},
	asUser:           {"The user name was {username}.", "用户名为 {username}。"},
	hadKeepAlive:     {"The keep alive was {keep_alive}.", "keep alive 为 {keep_alive}。"},
	nextFrom:         {"The next connection came from {address}.", "下一个连接来自 {address}。"},
	nextOnNode:       {"The connection was on node {node}, the next one on node {next}.", "该连接在节点 {node}，下一个连接在节点 {next}。"},
	noEnd:            {"No end was reported before the next connection.", "下一个连接之前没有上报断开。"},
	noneFollowed:     {"No connection followed.", "此后没有新的连接。"},
	loginAccepted:    {"This login was accepted.", "这次登录成功。"},
	loginRefused:     {"This login was refused.", "这次登录被拒绝。"},
	happenedOnce:     {"It happened at {last}.", "发生于 {last}。"},
	happenedOften:    {"In this span, it happened from {first} to {last}.", "在此时间段内，发生于 {first} 至 {last}。"},
	happenedSince:    {"Only events since {cut} were examined; among them, it happened from {first} to {last}.", "仅分析了 {cut} 之后的事件，其中发生于 {first} 至 {last}。"},
	examinedSince:    {"Only events since {cut} were examined.", "仅分析了 {cut} 之后的事件。"},
	notSince:         {"It has not happened again: the client has been connected since {since}.", "此后没有再次发生：客户端自 {since} 起一直在线。"},
	keptAlive:        {"the keep alive of {keep_alive} is less than half that", " keep alive（{keep_alive}）不到其一半"},
	endedByBroker:    {"the broker reports that it ended the connections itself", "服务端上报为主动断开"},

	onceAt:       {", at {last}", "，时间为 {last}"},
	mostRecently: {", most recently at {last}", "，最近一次为 {last}"},
	nowhere:      {"", ""},
	onNodes:      {" on {nodes}", "（节点 {nodes}）"},
	behind:       {" behind {address}", "（均位于 {address} 之后）"},
	at:           {" at {addresses}", "（来自 {addresses}）"},
	oneAddress:   {"{address}", " {address} "},
	sameAddress:  {"the same address", "同一地址"},
	closeFrame:   {"The source reports a WebSocket close frame in the same way; browsers and client libraries end connections with it.", "该来源对 WebSocket 的关闭帧上报相同的原因；浏览器和客户端库用关闭帧来断开连接。"},
	wakesEvenly:  {"The client comes back at regular intervals, like a device that sleeps without sending DISCONNECT.", "该客户端按固定间隔重新连接，就像没有发送 DISCONNECT 就休眠的设备。"},
	endsAtOnce:   {"Mosquitto 2.0.21 disconnects a client at once if its keep alive equals max_keepalive; if this is the version in use, update it.", "如果 keep alive 等于 max_keepalive，Mosquitto 2.0.21 会立即断开客户端；如果是该版本，请升级。"},

	mayAlternateKeepAlive: {"The keep alive is not the cause; it only tells the connections apart. A single device also alternates if its settings depend on the network.", "keep alive 不是原因，它只用来区分这些连接。如果设备在不同网络中使用不同的设置，同一台设备也会来回切换。"},
	mayAlternateVersion:   {"A single device also alternates if its library falls back to an older version, such as MQTT 3.1, when it cannot connect.", "如果设备的客户端库在无法连接时回退到旧版本（例如 MQTT 3.1），同一台设备也会来回切换。"},
	mayAlternateUser:      {"A single device also alternates if it has two sets of credentials.", "如果设备有两组凭证，同一台设备也会来回切换。"},

	webSocketConnections: {"WebSocket connections", " WebSocket 连接"},
	anyConnections:       {"connections", "连接"},
	shortenKeepAlive:     {"With a keep alive of at most a few minutes, the broker notices dead connections sooner.", "如果 keep alive 不超过几分钟，服务端能更早发现失效的连接。"},
	noAddressReturned:    {"No address ever came back, so a second client is unlikely.", "没有任何地址再次出现，因此不太可能有第二个客户端。"},
	heardUntil:           {"In each of these connections, the last packet arrived at most {within} after CONNECT.", "在每个连接中，最后一个数据包最晚在 CONNECT 之后 {within}到达。"},
	differentKeepAlive:   {"a keep alive of {a} or {b}", "keep alive 为 {a}或 {b}"},
	differentVersion:     {"MQTT {a} or {b}", "MQTT 版本为 {a} 或 {b}"},
	differentUser:        {"user name {a} or {b}", "用户名为 {a} 或 {b}"},

	oftenClosed:        {"the client's side closed the connection {n}", "连接从客户端一侧关闭 {n}"},
	oftenBroken:        {"the network connection broke {n}", "网络连接异常中断 {n}"},
	oftenSilent:        {"the broker reported a missed keep alive {n}", "服务端上报心跳超时 {n}"},
	oftenTakenOver:     {"another connection took the client identifier {n}", "Client ID 被另一个连接取代 {n}"},
	oftenNotAuthorized: {"the broker ended the connection as not authorized {n}", "服务端以 not authorized 断开连接 {n}"},
	oftenDenied:        {"the broker ended the connection because of a denied topic {n}", "因无权访问 Topic 被服务端断开 {n}"},
	oftenInvalid:       {"the client violated the protocol or a limit {n}", "客户端违反协议或超出限制 {n}"},
	oftenByBroker:      {"the broker ended the connection {n}", "服务端主动断开连接 {n}"},
	oftenUnexplained:   {"the connection ended {n}, reason not reported", "连接断开 {n}，原因未上报"},
	oftenForbidden:     {"the broker ended the connection because of a missing permission {n}", "因缺少权限被服务端断开 {n}"},
	oftenInvalidOrFull: {"the broker ended the connection because of a limit or a protocol violation {n}", "因超出限制或违反协议被服务端断开 {n}"},
	oftenUnclear:       {"the connection ended {n}, reason not clear", "连接断开 {n}，原因不明"},

	sinceThen:  {"since {at}", "自 {at} 起"},
	inThisSpan: {"in this span", "在此时间段内"},

	appliesSince:    {"since {at}, {age}", "自 {at} 起，已有 {age}"},
	atLeastSince:    {"at least since {at}; earlier days do not show it either way", "至少自 {at} 起；更早的日期无法判断"},
	atLeastSinceDay: {"at least since {day}, the earliest day searched", "至少自 {day} 起，即所查询的最早一天"},
	usuallyADay:     {"{drops} on {day}; usually {usual} a day", "{day} {drops}；平时每天 {usual} 次"},
	onEarlierDays:   {"{drops} on {day}; {usual} a day on {days} earlier days", "{day} {drops}；此前有记录的 {days} 天每天 {usual} 次"},
	onEarlierDay:    {"{drops} on {day}; {usual} on an earlier day", "{day} {drops}；此前有记录的一天为 {usual} 次"},
	droppedLast:     {"last drop {time}, {reason}", "最近一次掉线 {time}，{reason}"},

	connectsEvery:       {"Connects about every {every}", "约每 {every}连接一次"},
	connectsEverySecond: {"Connects more than once a second", "每秒连接不止一次"},
	connectsOften:       {"Many short connections", "大量短连接"},
	otherEnds:           {"“Also found” explains the other ends.", "其他断开的含义见“其他发现”。"},
	fromManyAddresses:   {"The client came from a new address nearly every time, which also points to the device's network.", "该客户端几乎每次都来自不同的地址，这也说明可能是设备的网络问题。"},
}
