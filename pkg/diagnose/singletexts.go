package diagnose

// singleTexts holds the wording of the verdicts of singles.
var singleTexts = map[Code][2]verdictText{
	"not-authorized": {
		{
			"The broker ended the connection: not authorized",
			"The broker ended an accepted connection as not authorized, {count}. Perhaps the login expired or was withdrawn, the client was banned, or it used a topic without permission.",
			"Check that the credentials are valid and not expired, and were not changed at that time. Check the permissions for the exact topics that the client uses.",
			"Some brokers report a denied topic in the same words as an expired login.",
		},
		{
			"连接被服务端断开：not authorized",
			"服务端以 not authorized 断开了已建立的连接，共 {count}。可能是登录已过期或被撤销、客户端被封禁，或使用了无权访问的 Topic。",
			"请确认凭证有效、未过期，且当时没有被更换。并检查客户端所用的每个 Topic 的权限。",
			"有些服务端对无权访问的 Topic 和过期的登录用词相同。",
		},
	},
	"topic-denied": {
		{
			"The broker ended the connection: topic not allowed",
			"The broker ended the connection because the client has no permission for a topic that it published or subscribed to (topic auth failed), {count}.",
			"Check the client's permissions for the exact topics that it uses, and the topic names in its program.",
			"",
		},
		{
			"连接被服务端断开：无权访问 Topic",
			"客户端发布或订阅了没有权限的 Topic（topic auth failed），服务端断开了连接，共 {count}。",
			"请检查客户端所用的每个 Topic 的权限，以及程序中的 Topic 名称。",
			"",
		},
	},
	"client-id-conflict": {
		{
			"Another connection took the client identifier",
			"A new connection with the same client identifier ended the older one (clientId conflict), {count}. Either a second client uses it, or the device reconnected before the broker noticed that its old connection was dead.",
			"Compare the address of each connection with the next one's; different devices need different client identifiers. Look for duplicate deployments and misconfigured provisioning.",
			"A device that moves between networks can come back from another address before the broker notices that its old connection is dead.",
		},
		{
			"Client ID 被另一个连接取代",
			"使用相同 Client ID 的新连接使旧连接断开（clientId conflict），共 {count}。可能有第二个客户端，也可能设备在旧连接被发现失效之前就重连了。",
			"请比较每个连接与下一个连接的地址：不同的设备需要各自独立的 Client ID。并检查是否有重复部署或配置下发错误。",
			"在不同网络之间切换的设备，可能在服务端发现旧连接失效之前就从另一个地址重新连接。",
		},
	},
	conflictShared: {
		{
			"Another connection took the client identifier",
			"A new connection with the same client identifier ended the older one (clientId conflict), {count}.",
			"Give each program or device a client identifier of its own. Look for duplicate deployments and misconfigured provisioning.",
			"Another verdict gives the evidence that the identifier is shared.",
		},
		{
			"Client ID 被另一个连接取代",
			"使用相同 Client ID 的新连接使旧连接断开（clientId conflict），共 {count}。",
			"请为每个程序或设备分配独立的 Client ID。并检查是否有重复部署或配置下发错误。",
			"共用 Client ID 的依据见另一条结论。",
		},
	},
	conflictUnseen: {
		{
			"Another connection took the client identifier, but its connect event is missing",
			"A new connection with the same client identifier ended the older one (clientId conflict), {count}{lately}. That proves a newer connection, although none is on record, so the client may well be online.",
			"Find out why the connect event is missing: look in the logs of the broker and its webhooks. Make sure that the client identifier is unique; look for duplicate deployments and misconfigured provisioning.",
			"The event may have been lost on its way.",
		},
		{
			"Client ID 被另一个连接取代，但没有该连接的记录",
			"使用相同 Client ID 的新连接使旧连接断开（clientId conflict），共 {count}{lately}。这证明有更新的连接，只是没有记录，因此客户端很可能在线。",
			"请查看服务端及其 Webhook 的日志，查明为何缺少连接事件。并确认 Client ID 唯一，检查是否有重复部署或配置下发错误。",
			"该事件可能在传输中丢失。",
		},
	},
	conflictUnknown: {
		{
			"Another connection took the client identifier",
			"A new connection with the same client identifier ended the older one (clientId conflict), {count}. It may be a second client or the same device; the events name no addresses that would show which.",
			"Make sure that the client identifier is unique: look for duplicate deployments and misconfigured provisioning. The log of the broker or the device may name the addresses.",
			"A device that lost its connection may come back before the broker notices that the old connection is dead.",
		},
		{
			"Client ID 被另一个连接取代",
			"使用相同 Client ID 的新连接使旧连接断开（clientId conflict），共 {count}。可能是第二个客户端，也可能是同一设备；事件中没有地址，无法区分。",
			"请确认 Client ID 唯一，检查是否有重复部署或配置下发错误。服务端或设备的日志中可能有地址。",
			"断线的设备可能在服务端发现旧连接失效之前就重新连接。",
		},
	},
	conflictSame: {
		{
			"Another connection took the client identifier",
			"A new connection with the same client identifier ended the older one (clientId conflict), {count}, both from {address}. Either the device itself reconnected, or a second program or device is behind that address.",
			"Look for a second program or device behind {address}, a duplicate deployment or misconfigured provisioning. If there is none, check why the device reconnects without closing its connection.",
			"Several devices can share one address behind a NAT gateway or a load balancer.",
		},
		{
			"Client ID 被另一个连接取代",
			"使用相同 Client ID 的新连接使旧连接断开（clientId conflict），共 {count}，两者都从{address}连接。可能是设备自己重连，也可能该地址之后还有另一个程序或设备。",
			"请查找{address}之后是否有另一个程序或设备、重复部署或配置下发错误。如果没有，请检查设备为何不关闭旧连接就重连。",
			"NAT 网关或负载均衡之后的多台设备可以共用一个地址。",
		},
	},
	conflictNoReturns: {
		{
			"The client reconnected from a new address",
			"A new connection with the same client identifier ended the older one (clientId conflict), {count}, each time from a new address. Probably one device reconnected after its network had changed.",
			"Check the device's network: how often it changes or drops. If several of these addresses cannot belong to the device, look for duplicate deployments.",
			"No address came back after another had taken over, as would happen if two clients competed for the identifier.",
		},
		{
			"客户端从新的地址重新连接",
			"使用相同 Client ID 的新连接使旧连接断开（clientId conflict），共 {count}，每次都来自新的地址。很可能是同一台设备在网络变化后重连。",
			"请检查设备的网络多久变化或中断一次。如果其中多个地址不可能属于该设备，请检查是否有重复部署。",
			"如果是两个客户端争用此 Client ID，被取代的地址会重新连上，而这里没有任何地址如此。",
		},
	},
	"keep-alive-timeout": {
		{
			"No heartbeat: the client went silent",
			"The broker heard nothing from the client for longer than it allows and ended the connection (no heart), {count}. The network, the power or the program may have failed.",
			"Check the network's stability and the device's power at those times. Check that its program is not blocked or overloaded, and sends its heartbeat in time.",
			"The network may have been interrupted, the device may have lost power or slept, or its program may have been blocked. The events do not say which.",
		},
		{
			"心跳超时：客户端失去响应",
			"服务端在其允许的时间内没有收到客户端的数据，断开了连接（no heart），共 {count}。可能是网络、电源或程序出了问题。",
			"请检查这些时间的网络是否稳定、设备电源是否正常。并确认程序没有被阻塞或过载，能按时发送心跳。",
			"可能是网络中断、设备断电或休眠，或程序被阻塞；事件中没有说明是哪一种。",
		},
	},
	wentAway: {
		{
			"No heartbeat: the client went silent and stayed away",
			"The broker heard nothing from the client for longer than it allows and ended the connection (no heart), {count}. The client then mostly stayed away for {absence} or more: probably asleep, switched off or unplugged.",
			"If the device is meant to sleep or to be switched off, have it send DISCONNECT first. Otherwise, check its power and network at those times.",
			"A running program usually tries again sooner. The device may also have had no network for that long, or its program may have been blocked.",
		},
		{
			"心跳超时：客户端失去响应，且长时间没有重连",
			"服务端在其允许的时间内没有收到客户端的数据，断开了连接（no heart），共 {count}。之后客户端大多 {absence}以上没有重连：很可能是休眠、关机或断电。",
			"如果设备本来就会休眠或关机，请让它先发送 DISCONNECT。否则请检查这些时间的电源和网络。",
			"正在运行的程序通常会更早重试。设备也可能长时间没有网络，或程序被阻塞。",
		},
	},
	"keep-alive-early": {
		{
			"The broker ended the connection before the keep alive ran out",
			"The broker reported a missed keep alive (no heart) {lengths} after CONNECT, {count}, although the client announced {keep_alive}. The broker is the cause.",
			"Compare the device's keep alive with the broker's own limits (server keep alive, max_keepalive).",
			"The broker either applies a shorter limit of its own or has a fault. MQTT lets a client be silent for one and a half times its keep alive (MQTT 5.0, 3.1.2.10). A broker may impose a shorter keep alive on MQTT 5.0 clients, which the events do not show.",
		},
		{
			"服务端在 keep alive 到期之前断开了连接",
			"服务端在 CONNECT 之后 {lengths}就上报心跳超时（no heart），共 {count}，而客户端的 keep alive 为 {keep_alive}。原因在服务端。",
			"请将设备的 keep alive 与服务端自身的限制（server keep alive、max_keepalive）对照。",
			"可能是服务端自身使用了更短的时限，也可能是服务端存在缺陷。MQTT 允许客户端在 1.5 倍 keep alive 的时间内不发送数据（MQTT 5.0，3.1.2.10）。服务端可以对 MQTT 5.0 客户端规定更短的 keep alive，事件中不会体现。",
		},
	},
	"invalid-param": {
		{
			"The client violated the protocol or a limit",
			"The broker ended the connection because the client sent a packet that is not valid MQTT or that exceeds a limit, such as one on size or rate (invalid param), {count}.",
			"“Evidence” shows the broker's own words. Check the version of the device's MQTT library, the size and rate of its messages, and the limits of the broker.",
			"",
		},
		{
			"客户端违反协议或超出限制",
			"由于客户端发送的内容不符合 MQTT 协议，或超出了大小、速率等限制（invalid param），服务端断开了连接，共 {count}。",
			"服务端的原文见“证据”。请检查设备所用 MQTT 客户端库的版本、消息的大小和速率，以及服务端的限制。",
			"",
		},
	},
	"refused-login": {
		{
			"Login refused",
			"The broker refused a login as not authorized, {count}.",
			"Check that the credentials are valid and not expired. Compare address and user name under “Evidence”: the login may have come from another client.",
			"The broker's log may show more about these times.",
		},
		{
			"登录被拒绝",
			"服务端以 not authorized 拒绝了登录，共 {count}。",
			"请确认凭证有效且未过期。并对照“证据”中的地址和用户名：登录也可能来自其他客户端。",
			"服务端当时的日志可能有更多说明。",
		},
	},
	loginFlaky: {
		{
			"Logins refused now and then, and accepted soon after",
			"The broker refused a login as not authorized, {count}, but mostly accepted a login of the same user within {within}. The credentials are probably valid, and the broker's login service fails at times.",
			"Check the login service that the broker uses (database, HTTP service, certificate check) and its log at those times. The device's credentials need no change.",
			"A login service that is slow or overloaded can refuse logins that it would otherwise accept.",
		},
		{
			"登录时而被拒绝，随后又成功",
			"服务端以 not authorized 拒绝了登录，共 {count}，但大多在 {within}内又接受了同一用户的登录。凭证很可能有效，是服务端的认证服务时有故障。",
			"请检查服务端所用的认证服务（数据库、HTTP 服务、证书校验）及其当时的日志。设备的凭证无需更改。",
			"认证服务缓慢或过载时，可能拒绝本来会接受的登录。",
		},
	},
	"refused-invalid": {
		{
			"CONNECT refused because of its content",
			"The broker refused CONNECT because of its content, such as the protocol version, the client identifier, or a will message that is not allowed, {count}.",
			"“Evidence” shows the broker's own words. Check the protocol version, the form and length of the client identifier, and the will message.",
			"",
		},
		{
			"CONNECT 因内容被拒绝",
			"由于 CONNECT 的内容（例如协议版本、Client ID，或不被允许的遗嘱消息），服务端拒绝了连接，共 {count}。",
			"服务端的原文见“证据”。请检查协议版本、Client ID 的格式和长度以及遗嘱消息。",
			"",
		},
	},
	"refused-by-broker": {
		{
			"CONNECT refused, but not because of the credentials",
			"The broker refused CONNECT, {count}, but not because of the client's credentials. It was busy, unavailable or over a quota, or gave another reason.",
			"“Evidence” shows the broker's own words. Check the broker's load, quotas and limits of the connection rate at those times.",
			"",
		},
		{
			"CONNECT 被拒绝，但与凭证无关",
			"服务端拒绝了 CONNECT，共 {count}，但原因不是客户端的凭证。服务端繁忙、不可用、超出配额，或有其他原因。",
			"服务端的原文见“证据”。请检查服务端当时的负载、配额和连接速率限制。",
			"",
		},
	},
	"refused-unexplained": {
		{
			"CONNECT refused, reason not reported",
			"The broker refused CONNECT, {count}, without giving a known reason.",
			"Check the log of the broker at those times. “Evidence” shows the broker's own words, if there are any.",
			"",
		},
		{
			"CONNECT 被拒绝，原因未上报",
			"服务端拒绝了 CONNECT，共 {count}，没有给出已知的原因。",
			"请查看服务端当时的日志。如果服务端有说明，原文见“证据”。",
			"",
		},
	},
	"network-error": {
		{
			"The network connection broke",
			"The connection ended with a network error (Socket IOException), {count}, such as a reset or lost packets. The events do not say which side caused it.",
			"Look in application and system network logs for instability, or for a firewall rule or a network interface that broke the connection. Check whether other devices dropped at the same times.",
			"Devices in between can reset connections, too. If many devices dropped at the same time, look at what they share.",
		},
		{
			"网络连接异常中断",
			"连接因网络错误（Socket IOException）中断，共 {count}，例如连接被重置或数据包丢失。事件中没有说明是哪一侧造成的。",
			"请在应用日志和系统网络日志中检查网络不稳定、防火墙规则或网卡问题。并检查其他设备是否同时断开。",
			"中间的网络设备也会重置连接。如果多台设备同时断开，请检查它们共用的部分。",
		},
	},
	"closed-by-client": {
		{
			"Closed by the client without DISCONNECT",
			"The client's side closed the TCP connection without a DISCONNECT (closed by client), {count}. Perhaps the program crashed, was killed or gave up, or the operating system or a device in between closed the connection.",
			"Look in the application log for a crash or an unhandled exception, and in system and network logs for a killed process, or for a firewall rule or a network interface that closed the connection.",
			"The events do not say which of these happened. If the program disconnects on purpose, have it send DISCONNECT first.",
		},
		{
			"客户端未发送 DISCONNECT 就关闭连接",
			"TCP 连接从客户端一侧关闭，之前没有 DISCONNECT（closed by client），共 {count}。可能是程序崩溃、被终止或放弃连接，也可能是操作系统或中间设备关闭了连接。",
			"请在应用日志中查找崩溃或未处理的异常，在系统和网络日志中查找被终止的进程、防火墙规则或网卡问题。",
			"事件中没有说明是哪一种。如果是程序主动断开，请先发送 DISCONNECT。",
		},
	},
	"server-shutdown": {
		{
			"Ended by the broker",
			"The broker{where} ended the connection itself (ServerShutdown), {count}. Possible reasons are a restart, maintenance, rebalancing, overload, a time limit, or an operator who removed the client.",
			"No action is required on the device. “Evidence” shows the broker's own words; compare the times with restarts, maintenance and operations at the broker.",
			"",
		},
		{
			"由服务端断开",
			"服务端{where}主动断开了连接（ServerShutdown），共 {count}。可能是重启、维护、重新均衡、过载、达到时限，或管理员移除了该客户端。",
			"设备侧无需处理。服务端的原文见“证据”，请与服务端的重启、维护和操作记录对照。",
			"",
		},
	},
	"no-keep-alive": {
		{
			"No keep alive: the broker cannot notice if this connection dies",
			"The connection that has been open since {since} has a keep alive of 0. If the device vanishes without closing it, the broker does not notice, and the device still seems online.",
			"Have the device connect with a keep alive, such as 60 s.",
			"A keep alive of 0 switches off the check for silent clients (MQTT 5.0, 3.1.2.10). The broker may still apply a limit of its own, which the events do not show.",
		},
		{
			"没有 keep alive：服务端无法发现此连接失效",
			"自 {since} 起打开的连接 keep alive 为 0。如果设备没有关闭连接就消失，服务端不会发现，设备看上去仍然在线。",
			"请让设备使用 keep alive 连接，例如 60 秒。",
			"keep alive 为 0 表示不检查客户端是否还在发送数据（MQTT 5.0，3.1.2.10）。服务端自身仍可能有时限，事件中不会体现。",
		},
	},
	"end-unexplained": {
		{
			"Reason not reported",
			"The broker reported that the connection ended, {count}, but not why.",
			"Check the log of the broker or the device at those times.",
			"A missing reason does not show whether the network, the device or the broker is at fault.",
		},
		{
			"原因未上报",
			"服务端上报了连接断开，共 {count}，但没有上报原因。",
			"请查看服务端或设备当时的日志。",
			"没有上报原因，因此无法判断问题在网络、设备还是服务端。",
		},
	},
	"replaced-on-another-node": {
		{
			"Broker {nodes} probably stopped; the device came back on another node",
			"Broker {nodes} probably stopped: the device's next connection was on another node, and no end of the previous one is on record, {count}. A node that stops reports no ends.",
			"Check whether the node was restarted or failed at that time. If it did, other devices left it at the same moment.",
			"The end event may also have been lost on its way; the log of the broker's webhooks may show this. Or the device reconnected before the broker noticed that its old connection was dead; EMQX 4 then reports no end.",
		},
		{
			"服务端节点 {nodes} 可能已停止；设备在另一个节点上重新连接",
			"服务端节点 {nodes} 可能已停止：设备的下一个连接在另一个节点上，而前一个连接没有断开记录，共 {count}。停止的节点不会上报断开。",
			"请检查该节点当时是否重启或故障。如果是，其他设备也会在同一时刻离开该节点。",
			"也可能是断开事件在传输中丢失，服务端的 Webhook 日志中可能有记录。或者设备在服务端发现旧连接失效之前就重新连接了（EMQX 4 不上报这种断开）。",
		},
	},
	"end-inferred": {
		{
			"No end reported before the next connection",
			"The client connected again, and no end of its previous connection is on record, {count}. Why and when that connection ended is not known.",
			"If this happens often, check that the broker reports all ends, and check the log of its webhooks.",
			"Either the broker did not report the end, or the event was lost on its way.",
		},
		{
			"下一个连接之前没有断开记录",
			"客户端重新连接，而前一个连接没有断开记录，共 {count}。断开的原因和准确时间未知。",
			"如果经常出现，请检查服务端是否上报所有断开事件，并查看其 Webhook 日志。",
			"可能是服务端没有上报断开，也可能是事件在传输中丢失。",
		},
	},
	"clean-disconnect": {
		{
			"Disconnected by the client itself",
			"The client sent DISCONNECT before it closed the connection (disconnected by client), {count}.",
			"Nothing to do, unless the device should have stayed connected.",
			"",
		},
		{
			"客户端主动断开",
			"客户端发送 DISCONNECT 后正常断开（disconnected by client），共 {count}。",
			"无需处理，除非设备本应保持连接。",
			"",
		},
	},
	"no-drops": {
		{
			"No drops on record",
			"No dropped connection and no refused login is on record for this time.",
			"Nothing to do.",
			"",
		},
		{
			"没有掉线记录",
			"在此期间没有连接掉线的记录，也没有登录被拒绝的记录。",
			"无需处理。",
			"",
		},
	},
	"offline-throughout": {
		{
			"Offline the whole time",
			"The client has been offline since {since}, and has no events in this time.",
			"Look at the day of the last connection to see how it ended.",
			"",
		},
		{
			"一直离线",
			"该客户端自 {since} 起离线，在此期间没有任何事件。",
			"请查看最后一次连接所在的日期，了解其断开原因。",
			"",
		},
	},
	nothingInSpan: {
		{
			"No events in this time",
			"This client has no events in this time. Earlier days were not searched, so it is not known whether the client was online.",
			"Look at the client's status, which is searched in all events that are kept.",
			"",
		},
		{
			"此期间没有事件",
			"在此期间没有该客户端的事件。由于未查询更早的日期，无法得知该客户端当时是否在线。",
			"请查看该客户端的状态，状态会在所有保留的事件中查询。",
			"",
		},
	},
	"nothing-recorded": {
		{
			"No events on record",
			"This client has no events in this time, and no earlier connection was found.",
			"Check the instance and the client identifier, including upper and lower case. If they are right, the device has not reached the broker, or the broker does not report to this system.",
			"",
		},
		{
			"没有事件记录",
			"在此期间没有该客户端的事件，之前也没有找到任何连接。",
			"请检查实例和 Client ID（区分大小写）。如果无误，则设备没有连到服务端，或服务端没有向本系统上报事件。",
			"",
		},
	},
}
