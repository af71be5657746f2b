package diagnose

// verdictTexts holds the wording of every verdict in English and Chinese. A verdict with
// alternative wordings has a code for each of them. A name in braces is a placeholder; for example,
// {count} stands for how often something happened. Action infos stay in English in both languages,
// so that people can search for them. Where a text refers to a section of the page, it quotes the
// title of the section.
var verdictTexts = map[Code][2]verdictText{
	"two-places": {
		{
			"Several clients seem to share this client identifier",
			"Connections from {addresses} took this client identifier from each other: {count} an address came back after another one had taken over. A broker allows one connection per client identifier, so each new connection ends the previous one. Usually the credentials were copied to a second device, or a second process uses them.",
			"Find out who connects from {addresses}. Give each device its own client identifier and credentials, and replace credentials that were copied. If all these addresses are networks of one device, have it close its old connection before it switches networks. If they belong to a load balancer, make it pass on the clients' own addresses (PROXY protocol).",
		},
		{
			"疑似多个客户端共用此 Client ID",
			"来自 {addresses} 的连接互相抢占此 Client ID：某个地址被另一个地址取代后又重新连上，共 {count}。同一个 Client ID 只能保持一个连接，每个新连接都会使前一个断开。通常是凭证被复制到了另一台设备，或者有另一个进程在使用它。",
			"请查明 {addresses} 各是哪台设备或程序。为每台设备分配独立的 Client ID 和凭证，并更换已被复制的凭证。如果这些地址都是同一台设备的不同网络，请让设备先关闭旧连接，再切换网络。如果这些是负载均衡的地址，请让其透传客户端的真实地址（PROXY protocol）。",
		},
	},
	"refused-after-success": {
		{
			"Every login refused since {since} (it worked before)",
			"The client was connected before. Since its last connection ended, the broker has refused its logins as not authorized, {count}, and accepted none. Likely causes: the credentials were changed or have expired, or the client is banned.",
			"Compare the user name and password, or the certificate, on the device with what the broker expects. Check whether they have expired, and whether the client identifier, the user name or the address is on a ban list. If the addresses under “Evidence” cannot be the device's, another client is trying to use its identifier.",
		},
		{
			"自 {since} 起登录均被拒绝（此前正常）",
			"该客户端之前连接成功过。最后一次连接断开之后，其登录以 not authorized 被拒绝，共 {count}，没有一次成功。可能的原因：凭证已被更换或过期，或者该客户端已被封禁。",
			"请核对设备上的用户名、密码或证书与服务端的配置是否一致，检查凭证是否过期，以及 Client ID、用户名或地址是否在黑名单中。如果“证据”中的地址不可能属于该设备，则是其他客户端在尝试使用此 Client ID。",
		},
	},
	"refused-other-user": {
		{
			"Logins refused with another user name",
			"The last connection used the user name {username}. Since it ended, the broker has refused logins with other user names, most recently {other}, as not authorized, {count}. Either someone else is trying to use this client identifier, or the device was given other credentials.",
			"Compare the addresses under “Evidence” with the address of the last connection. If the device itself logs in as {other}, check its credentials. Otherwise these refusals do not explain why the device is offline; find out who sends them.",
		},
		{
			"使用其他用户名的登录被拒绝",
			"最后一次连接的用户名为 {username}。该连接断开之后，使用其他用户名（最近一次为 {other}）的登录以 not authorized 被拒绝，共 {count}。可能是他人在尝试使用此 Client ID，也可能是设备被配置了别的凭证。",
			"请将“证据”中的地址与最后一次连接的地址对照。如果确实是该设备以 {other} 登录，请检查其凭证；如果不是，这些拒绝不能说明设备为何离线，请查明登录来自何处。",
		},
	},
	"never-accepted": {
		{
			"Every login refused, none accepted",
			"The broker refused the client's logins as not authorized, {count}, and accepted none in the time that was searched. Whether it accepted earlier logins is not known.",
			"Check the user name, the password or signature, and the certificate on the device. Check that the client identifier may use them, and that the device connects to the right instance. If logins worked earlier, find out what has changed since.",
		},
		{
			"登录均被拒绝，没有一次成功",
			"服务端以 not authorized 拒绝该客户端的登录，共 {count}。在已查询的时间范围内没有登录成功的记录，更早的情况未知。",
			"请检查设备上的用户名、密码或签名以及证书，确认此 Client ID 有权使用它们，并确认设备连接的实例正确。如果以前登录成功过，请查明之后有什么变化。",
		},
	},
	"login-expiry": {
		{
			"The login expires after about {length}",
			"The broker ended connections as not authorized after about {length} each, {count}. The login, probably a token, is valid for only that long.",
			"Have the device renew its token before it expires, either by reconnecting or by the authentication exchange of MQTT 5.0. Or issue tokens that are valid for longer.",
		},
		{
			"登录在约 {length}后过期",
			"服务端每次都在约 {length}后以 not authorized 断开连接，共 {count}。说明登录凭证（很可能是 Token）的有效期只有这么长。",
			"请让设备在凭证过期之前更新，可以重新连接，也可以使用 MQTT 5.0 的认证交换；或者签发有效期更长的凭证。",
		},
	},
	"fixed-length": {
		{
			"Connections are cut off after about {length}",
			"Connections ended after about {length} each, {count}, which points to a timer: an idle timeout of a NAT gateway, firewall, load balancer or proxy in between (1 min, 4 min, 5 min, 350 s, 15 min and 1 h are common), a limit of the broker or of a token, or the device's own program.",
			"Look for a timeout of {length} between device and broker, and at the broker. If it is an idle timeout, set the keep alive of the device to less than half of it, or raise the timeout.",
		},
		{
			"连接总在约 {length}后断开",
			"连接每次都在约 {length}后断开，共 {count}。这说明有定时器在起作用：可能是中间的 NAT 网关、防火墙、负载均衡或代理的空闲超时（常见值为 1 分钟、4 分钟、5 分钟、350 秒、15 分钟和 1 小时），也可能是服务端或 Token 的时限，或设备程序自身的定时逻辑。",
			"请在设备到服务端的链路上以及服务端查找 {length}的超时设置。如果是空闲超时，请将设备的 keep alive 设为不到其一半，或调大该超时。",
		},
	},
	fixedLengthNotIdle: {
		{
			"Connections are cut off after about {length}",
			"Connections ended after about {length} each, {count}, which points to a timer. An idle timeout of the network is unlikely because {why}. More likely causes are a limit of the broker, of a proxy in between or of a token, or the device's own program.",
			"Look for a limit of {length} at the broker and at proxies in between, in the lifetime of tokens, and in the device's program.",
		},
		{
			"连接总在约 {length}后断开",
			"连接每次都在约 {length}后断开，共 {count}。这说明有定时器在起作用。不太可能是网络的空闲超时，因为{why}。更可能是服务端、中间代理或 Token 的时限，或设备程序自身的定时逻辑。",
			"请在服务端和中间代理查找 {length}的时限，并检查 Token 的有效期和设备程序。",
		},
	},
	fixedLengthUnexplained: {
		{
			"Connections last about {length} each",
			"Connections ended after about {length} each, {count}, and this source does not report why. That points to a timer: the device's own program that disconnects when its work is done, an idle timeout of a NAT gateway, firewall, load balancer or proxy in between, or a limit of the broker or of a token.",
			"Find out whether the device is meant to connect for about {length} at a time. If so, nothing is wrong. If not, look for a timeout of {length} between device and broker, and at the broker.",
		},
		{
			"每个连接都持续约 {length}",
			"连接每次都在约 {length}后断开，共 {count}，而该来源不上报原因。这说明有定时器在起作用：可能是设备程序在完成工作后主动断开，也可能是中间的 NAT 网关、防火墙、负载均衡或代理的空闲超时，或者是服务端或 Token 的时限。",
			"请确认设备是否本来就每次只连接约 {length}：如果是，则无需处理；如果不是，请在设备到服务端的链路上以及服务端查找 {length}的超时设置。",
		},
	},
	"keep-alive-margin": {
		{
			"Keep alive of {keep_alive} may be too long for the network",
			"The broker received nothing from the client for one and a half times its keep alive of {keep_alive} and gave up, {count}. Many NAT gateways and load balancers forget a connection after 4 to 6 minutes without a packet, so whatever the device sends later does not arrive.",
			"Set the keep alive of the device to 60 to 120 s and see whether the timeouts stop.",
		},
		{
			"keep alive 为 {keep_alive}，对网络来说可能过长",
			"服务端在 1.5 倍 keep alive（{keep_alive}）的时间内没有收到客户端的任何数据，于是断开连接，共 {count}。许多 NAT 网关和负载均衡在 4 到 6 分钟没有数据后就会丢弃连接，之后设备发送的数据无法到达。",
			"请将设备的 keep alive 设为 60 到 120 秒，观察超时是否消失。",
		},
	},
	"silent-after-connect": {
		{
			"The client sends nothing after connecting",
			"Nothing arrived after CONNECT, so the broker gave up after one and a half times the keep alive of {keep_alive}, counted from the start of the connection, {count}. Either the program on the device does not run its MQTT loop and sends no PINGREQ, or the network lets only the first packets through.",
			"Check that the device calls its MQTT library often enough and is not blocked by other work. Check whether packets from the device reach the broker after CONNECT.",
		},
		{
			"客户端连接后不再发送数据",
			"CONNECT 之后没有收到任何数据，因此服务端从连接开始算起，在 1.5 倍 keep alive（{keep_alive}）后断开连接，共 {count}。可能是设备程序没有运行 MQTT 循环、没有发送 PINGREQ，也可能是网络只放行了连接建立阶段的数据。",
			"请检查设备程序是否及时调用 MQTT 客户端库，是否被其他任务阻塞；并检查 CONNECT 之后设备的数据包是否到达服务端。",
		},
	},
	"refused-while-online": {
		{
			"Logins from another address refused while the client was connected",
			"While a connection was open, the broker refused logins with this client identifier from another address, most recently {address}, as not authorized, {count}. Either another client uses the identifier with wrong credentials, or the open connection was already dead and its end was not reported.",
			"Find out who connects from {address}. If it is the device itself, check its credentials.",
		},
		{
			"连接期间，来自其他地址的登录被拒绝",
			"在已有连接打开期间，来自其他地址（最近一次为 {address}）、使用此 Client ID 的登录以 not authorized 被拒绝，共 {count}。可能有另一个客户端使用此 Client ID 但凭证错误，也可能原连接早已失效，只是没有上报断开。",
			"请查明 {address} 是哪台设备或程序。如果就是该设备本身，请检查其凭证。",
		},
	},
	"no-return": {
		{
			"Dropped and has not come back",
			"The connection ended at {since} without a DISCONNECT. For {absence}, until {until}, no attempt by the client to connect is on record. That is longer than this client, or clients in general, usually take to come back. The events do not say why it stays away.",
			"Check whether the device has power and network, and whether its program still runs and tries to connect. “Evidence” shows how the connection ended.",
		},
		{
			"断开后一直没有重连",
			"连接在 {since} 断开，客户端没有发送 DISCONNECT。此后到 {until} 为止，{absence}内没有该客户端尝试连接的记录，超过了该客户端（或一般客户端）通常的重连时间。事件中没有说明为何没有重连。",
			"请检查设备的电源和网络，以及设备程序是否仍在运行并尝试重连。最后一次断开的原因见“证据”。",
		},
	},
	"flapping": {
		{
			"Connects and drops over and over",
			"Connections that lasted less than {short} ended without a DISCONNECT {count}: {ends}. “Also found” explains these ends.",
			"Start with the most frequent of these ends. Have the device wait longer after each failed attempt, to spare the broker.",
		},
		{
			"反复连接又断开",
			"持续不到 {short}且没有 DISCONNECT 的连接出现了 {count}：{ends}。这些断开的含义见“其他发现”。",
			"请先处理其中最常见的断开原因。让设备在每次失败后逐步延长重试间隔，以免加重服务端负担。",
		},
	},
	"broker-restart": {
		{
			"Ended by the broker, probably for a restart or maintenance",
			"The broker ended connections itself (ServerShutdown), {count}, as it does when a node is restarted, drained or rebalanced. Usually this has nothing to do with the device.",
			"Compare the times with restarts and maintenance of the broker. If many devices came back at once, have them wait for a random time before they reconnect.",
		},
		{
			"由服务端断开，可能是重启或维护",
			"服务端主动断开了连接（ServerShutdown），共 {count}，常见于节点重启、下线或重新均衡，通常与设备无关。",
			"请将这些时间与服务端的重启和维护时间对照。如果大量设备同时重连，请让设备在重连前随机等待一段时间。",
		},
	},
	"not-authorized": {
		{
			"The broker ended the connection: not authorized",
			"The broker ended an accepted connection because the client may no longer use the instance, {count}: its login expired or was withdrawn, or the client was banned. Some brokers report the same for a topic that is not allowed.",
			"Check how long the credentials are valid, whether they were changed at that time, and the permissions for the topics that the client uses.",
		},
		{
			"连接被服务端断开：not authorized",
			"服务端断开了已建立的连接，因为该客户端不再有权访问实例，共 {count}：登录已过期或被撤销，或客户端被封禁；有些服务端对无权访问的 Topic 也这样上报。",
			"请检查凭证的有效期、凭证在当时是否被更换，以及客户端所用 Topic 的权限。",
		},
	},
	"topic-denied": {
		{
			"The broker ended the connection: topic not allowed",
			"The broker ended the connection because the client has no permission for a topic that it published or subscribed to (topic auth failed), {count}.",
			"Check the client's permissions for the topics that it uses, and the topic names in its program.",
		},
		{
			"连接被服务端断开：无权访问 Topic",
			"客户端发布或订阅了没有权限的 Topic（topic auth failed），服务端断开了连接，共 {count}。",
			"请检查客户端对所用 Topic 的权限，以及程序中的 Topic 名称。",
		},
	},
	"client-id-conflict": {
		{
			"Another connection took the client identifier",
			"A new connection with the same client identifier ended the older one (clientId conflict), {count}. Either a second client uses the identifier, or the device reconnected before the broker noticed that its old connection was dead.",
			"Compare the address of each connection with the address of the next one. If they belong to different devices, give each device its own client identifier. If they belong to one device, shorten its keep alive, so that the broker notices dead connections sooner.",
		},
		{
			"Client ID 被另一个连接取代",
			"使用相同 Client ID 的新连接使旧连接断开（clientId conflict），共 {count}。可能有第二个客户端在使用此 Client ID，也可能设备在服务端发现旧连接失效之前就重新连接了。",
			"请比较每个连接与下一个连接的地址。如果不是同一台设备，请为每台设备分配独立的 Client ID；如果是同一台设备，请缩短 keep alive，以便服务端更早发现失效的连接。",
		},
	},
	"keep-alive-timeout": {
		{
			"No heartbeat: the client went silent",
			"The broker received no packet from the client for one and a half times its keep alive and ended the connection (no heart), {count}. The network was interrupted, the device lost power or slept, or its program was blocked; the events do not say which.",
			"Check the signal, network and power of the device at those times. Check that its program sends PINGREQ in time, even while it does other work.",
		},
		{
			"心跳超时：客户端失去响应",
			"服务端在 1.5 倍 keep alive 的时间内没有收到客户端的任何数据，断开了连接（no heart），共 {count}。可能是网络中断、设备断电或休眠，或程序被阻塞；事件中没有说明是哪一种。",
			"请检查设备在这些时间的信号、网络和电源，并确认程序即使在执行其他任务时也能按时发送 PINGREQ。",
		},
	},
	"invalid-param": {
		{
			"The client violated the protocol or a limit",
			"The broker ended the connection because the client sent a packet that is not valid MQTT or that exceeds a limit, such as one on size or rate (invalid param), {count}.",
			"“Evidence” shows the broker's own words. Check the version of the device's MQTT library, the size and rate of its messages, and the limits of the broker.",
		},
		{
			"客户端违反协议或超出限制",
			"由于客户端发送的内容不符合 MQTT 协议，或超出了大小、速率等限制（invalid param），服务端断开了连接，共 {count}。",
			"服务端的原文见“证据”。请检查设备所用 MQTT 客户端库的版本、消息的大小和速率，以及服务端的限制。",
		},
	},
	"refused-login": {
		{
			"Login refused",
			"The broker refused a login as not authorized, {count}.",
			"Check whether the login came from the device or from another client: compare address and user name under “Evidence”. Check the credentials, and the broker's log at those times.",
		},
		{
			"登录被拒绝",
			"服务端以 not authorized 拒绝了登录，共 {count}。",
			"请对照“证据”中的地址和用户名，确认登录来自该设备还是其他客户端；并检查凭证以及服务端当时的日志。",
		},
	},
	"refused-invalid": {
		{
			"CONNECT refused because of its content",
			"The broker refused CONNECT because of its content, such as the protocol version, the client identifier, or a will message that is not allowed, {count}.",
			"“Evidence” shows the broker's own words. Check the protocol version, the form and length of the client identifier, and the will message.",
		},
		{
			"CONNECT 因内容被拒绝",
			"由于 CONNECT 的内容（例如协议版本、Client ID，或不被允许的遗嘱消息），服务端拒绝了连接，共 {count}。",
			"服务端的原文见“证据”。请检查协议版本、Client ID 的格式和长度以及遗嘱消息。",
		},
	},
	"refused-by-broker": {
		{
			"CONNECT refused, but not because of the credentials",
			"The broker refused CONNECT, {count}, but not because of the client's credentials: it was busy, unavailable or over a quota, or gave another reason.",
			"“Evidence” shows the broker's own words. Check the broker's load, quotas and limits of the connection rate at those times.",
		},
		{
			"CONNECT 被拒绝，但与凭证无关",
			"服务端拒绝了 CONNECT，共 {count}，但原因不是客户端的凭证：服务端繁忙、不可用、超出配额，或有其他原因。",
			"服务端的原文见“证据”。请检查服务端当时的负载、配额和连接速率限制。",
		},
	},
	"network-error": {
		{
			"The network connection broke",
			"The connection ended with a network error (Socket IOException), {count}, such as a reset or lost packets. The events do not say which side caused it.",
			"Check the device's network at those times, and devices in between that reset connections. If many devices dropped at the same time, look at what they share.",
		},
		{
			"网络连接异常中断",
			"连接因网络错误（Socket IOException）中断，共 {count}，例如连接被重置或数据包丢失。事件中没有说明是哪一侧造成的。",
			"请检查设备当时的网络，以及中间会重置连接的网络设备。如果多台设备同时断开，请检查它们共用的部分。",
		},
	},
	"closed-by-client": {
		{
			"Closed by the client without DISCONNECT",
			"The client's side closed the TCP connection without a DISCONNECT (closed by client), {count}: the program ended or restarted, the MQTT library gave up, or something in between closed the connection. The events do not say which.",
			"Check the log of the device at those times. If the program disconnects on purpose, have it send DISCONNECT first.",
		},
		{
			"客户端未发送 DISCONNECT 就关闭连接",
			"TCP 连接从客户端一侧关闭，之前没有 DISCONNECT（closed by client），共 {count}：可能是程序退出或重启、MQTT 客户端库放弃连接，或中间设备关闭了连接；事件中没有说明是哪一种。",
			"请查看设备当时的日志。如果是程序主动断开，请先发送 DISCONNECT。",
		},
	},
	"server-shutdown": {
		{
			"Ended by the broker",
			"The broker ended the connection itself (ServerShutdown), {count}: a restart, maintenance, rebalancing, overload, or an operator who removed the client.",
			"“Evidence” shows the broker's own words. Compare the times with restarts, maintenance and operations at the broker.",
		},
		{
			"由服务端断开",
			"服务端主动断开了连接（ServerShutdown），共 {count}：可能是重启、维护、重新均衡、过载，或管理员移除了该客户端。",
			"服务端的原文见“证据”。请将这些时间与服务端的重启、维护和操作记录对照。",
		},
	},
	"end-unexplained": {
		{
			"Ended, reason not reported",
			"The broker reported that the connection ended, {count}, but this source does not report why.",
			"Check the log of the broker or the device at those times.",
		},
		{
			"已断开，原因未上报",
			"服务端上报了连接断开，共 {count}，但该来源不上报原因。",
			"请查看服务端或设备当时的日志。",
		},
	},
	"replaced-on-another-node": {
		{
			"Broker {nodes} probably stopped; the device came back on another node",
			"The device's next connection was on another node of the broker, and no end of the previous one is on record, {count}. A node that stops or crashes reports no ends. It is also possible that the event was lost on its way, or that the device reconnected before the broker found its old connection dead; EMQX 4 reports no end then.",
			"Check whether the node was restarted or failed at that time; if it did, other devices left it at the same moment. If not, check the log of its webhooks.",
		},
		{
			"服务端节点 {nodes} 可能已停止；设备在另一个节点上重新连接",
			"设备的下一个连接出现在服务端的另一个节点上，而前一个连接没有断开记录，共 {count}。节点停止或崩溃时不会上报断开。也可能是事件在传输中丢失，或者设备在服务端发现旧连接失效之前就重新连接了（EMQX 4 不上报这种断开）。",
			"请检查该节点当时是否重启或故障：如果是，其他设备也会在同一时刻离开该节点。如果不是，请查看其 Webhook 日志。",
		},
	},
	"end-inferred": {
		{
			"No end reported before the next connection",
			"The client connected again, and no end of its previous connection is on record, {count}. Either the broker did not report the end, or the event was lost on its way. Why and when the connection ended is not known.",
			"If this happens often, check that the broker reports all ends, and check the log of its webhooks.",
		},
		{
			"下一个连接之前没有断开记录",
			"客户端重新连接，而前一个连接没有断开记录，共 {count}。可能是服务端没有上报断开，也可能是事件在传输中丢失。断开的原因和准确时间未知。",
			"如果经常出现，请检查服务端是否上报所有断开事件，并查看其 Webhook 日志。",
		},
	},
	"clean-disconnect": {
		{
			"Disconnected by the client itself",
			"The client sent DISCONNECT before it closed the connection (disconnected by client), {count}.",
			"Nothing to do, unless the device should have stayed connected.",
		},
		{
			"客户端主动断开",
			"客户端发送 DISCONNECT 后正常断开（disconnected by client），共 {count}。",
			"无需处理，除非设备本应保持连接。",
		},
	},
	"no-drops": {
		{
			"No drops on record",
			"No dropped connection and no refused login is on record for this time.",
			"Nothing to do.",
		},
		{
			"没有掉线记录",
			"在此期间没有连接掉线的记录，也没有登录被拒绝的记录。",
			"无需处理。",
		},
	},
	"offline-throughout": {
		{
			"Offline the whole time",
			"The client has been offline since {since}, and has no events in this time.",
			"Look at the day of the last connection to see how it ended.",
		},
		{
			"一直离线",
			"该客户端自 {since} 起离线，在此期间没有任何事件。",
			"请查看最后一次连接所在的日期，了解其断开原因。",
		},
	},
	"nothing-recorded": {
		{
			"No events on record",
			"This client has no events in this time, and no earlier connection was found.",
			"Check the instance and the client identifier, including upper and lower case. If they are right, the device has not reached the broker, or the broker does not report to this recorder.",
		},
		{
			"没有事件记录",
			"在此期间没有该客户端的事件，之前也没有找到任何连接。",
			"请检查实例和 Client ID（区分大小写）。如果无误，则设备没有连到服务端，或服务端没有向本系统上报事件。",
		},
	},
}

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
)

var phrases = map[phrase][2]string{
	lasted:           {"The connection had lasted {length}.", "该连接持续了 {length}。"},
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
	happenedOften:    {"First at {first}, last at {last}.", "首次发生于 {first}，最近一次为 {last}。"},
	happenedSince:    {"Only events since {cut} were examined; among them, it happened first at {first} and last at {last}.", "仅分析了 {cut} 之后的事件，其中首次发生于 {first}，最近一次为 {last}。"},
	examinedSince:    {"Only events since {cut} were examined.", "仅分析了 {cut} 之后的事件。"},
	notSince:         {"It has not happened again: the client has been connected since {since}.", "此后没有再次发生：客户端自 {since} 起一直在线。"},
	keptAlive:        {"the keep alive of {keep_alive} is less than half of that", "{keep_alive}的 keep alive 不到其一半"},
	endedByBroker:    {"the broker reports that it ended the connections itself", "服务端上报为主动断开"},
}
