package diagnose

// patternTexts holds the wording of the verdicts of patterns and symptoms.
var patternTexts = map[Code][2]verdictText{
	"two-places": {
		{
			"Several clients seem to share this client identifier",
			"Connections from {addresses} kept taking this client identifier from each other, each ending the previous one. An address that had lost the identifier came back {count}.",
			"Find out who connects from {addresses}. Give each device its own client identifier and credentials, and look for duplicate deployments and misconfigured provisioning.",
			"A broker allows one connection per client identifier. Usually the credentials were copied to a second device, or a second process uses them; replace credentials that were copied. If all these addresses belong to one device in different networks, have it close its old connection before it switches networks. If they belong to a load balancer, make it pass on the clients' own addresses (PROXY protocol).",
		},
		{
			"疑似多个客户端共用此 Client ID",
			"来自 {addresses} 的连接互相抢占此 Client ID，每个新连接都使前一个断开。被取代的地址又重新连上，共 {count}。",
			"请查明 {addresses} 各是哪台设备或程序，并为每台设备分配独立的 Client ID 和凭证。请检查是否有重复部署或配置下发错误。",
			"同一个 Client ID 只能保持一个连接。通常是凭证被复制到了另一台设备，或者有另一个进程在使用它；请更换已被复制的凭证。如果这些地址都是同一台设备在不同网络中的地址，请让设备先关闭旧连接，再切换网络。如果这些是负载均衡的地址，请让其透传客户端的真实地址（PROXY protocol）。",
		},
	},
	"two-programs": {
		{
			"Two programs or devices seem to share this client identifier",
			"Connections with {differences} took this client identifier from each other, {count}. A single program seldom changes its settings like that.",
			"Find both programs or devices{behind}, and give each its own client identifier. Look for duplicate deployments and misconfigured provisioning.",
			"A broker allows one connection per client identifier, so each new connection ends the previous one.",
		},
		{
			"疑似两个程序或设备共用此 Client ID",
			"设置不同的连接互相抢占此 Client ID，共 {count}：{differences}。同一个程序很少这样改变设置。",
			"请找出这两个程序或设备{behind}，并分配各自独立的 Client ID。请检查是否有重复部署或配置下发错误。",
			"同一个 Client ID 只能保持一个连接，每个新连接都会使前一个断开。",
		},
	},
	"refused-after-success": {
		{
			"Every login refused {since} (it worked before)",
			"The client was connected before. Since its last connection ended, the broker has refused its logins as not authorized, {count}, and accepted none.",
			"Check that the device's user name, password or certificate is valid, not expired, and the one that the broker expects. Check that the client is not banned and may use this instance.",
			"Likely causes: the credentials were changed or have expired, or the client identifier, the user name or the address was banned. If the addresses under “Evidence” cannot be the device's, another client is trying to use its identifier.",
		},
		{
			"{since}登录均被拒绝（此前正常）",
			"该客户端之前连接成功过。最后一次连接断开之后，其登录以 not authorized 被拒绝，共 {count}，没有一次成功。",
			"请确认设备的用户名、密码或证书有效、未过期，且与服务端的配置一致。并确认该客户端未被封禁，有权访问此实例。",
			"可能的原因：凭证已被更换或过期，或者 Client ID、用户名或地址已被封禁。如果“证据”中的地址不可能属于该设备，则是其他客户端在尝试使用此 Client ID。",
		},
	},
	"refused-other-user": {
		{
			"Logins with another user name refused",
			"The last connection used the user name {username}. Since it ended, the broker has refused logins with other user names, most recently {other}, as not authorized, {count}.",
			"If the device itself logs in as {other}, check that these credentials are valid. Otherwise, find out who sends these logins; they do not explain why the device is offline.",
			"Either someone else is trying to use this client identifier, or the device was given other credentials. Compare the addresses under “Evidence” with the address of the last connection.",
		},
		{
			"使用其他用户名的登录被拒绝",
			"最后一次连接的用户名为 {username}。断开之后，使用其他用户名（最近一次为 {other}）的登录以 not authorized 被拒绝，共 {count}。",
			"如果是该设备以 {other} 登录，请确认这些凭证有效。否则请查明登录来自何处；它们不能说明设备为何离线。",
			"可能是他人在尝试使用此 Client ID，也可能是设备被配置了别的凭证。请将“证据”中的地址与最后一次连接的地址对照。",
		},
	},
	"never-accepted": {
		{
			"Every login refused, none accepted",
			"The broker refused the client's logins as not authorized, {count}, and accepted none in the time that was searched. Whether it accepted earlier logins is not known.",
			"Check that the device's user name, password, signature or certificate is valid and not expired. Check that it may use this client identifier and this instance.",
			"If logins worked earlier, find out what has changed since.",
		},
		{
			"登录均被拒绝，没有一次成功",
			"服务端以 not authorized 拒绝该客户端的登录，共 {count}。在已查询的时间范围内没有登录成功的记录，更早的情况未知。",
			"请确认设备的用户名、密码、签名或证书有效且未过期。并确认设备有权使用此 Client ID 和此实例。",
			"如果以前登录成功过，请查明之后有什么变化。",
		},
	},
	"login-expiry": {
		{
			"The login expires after about {length}",
			"The broker ended connections as not authorized after about {length} each, {count}, because the login was no longer valid. The login probably uses a token that is valid for only that long.",
			"Have the device renew its token before it expires, or issue tokens that are valid for longer.",
			"The device can renew its token by reconnecting or, with MQTT 5.0, by re-authenticating.",
		},
		{
			"登录在约 {length}后过期",
			"服务端每次都在约 {length}后以 not authorized 断开连接，共 {count}，因为登录已失效。登录凭证（很可能是 Token）的有效期只有这么长。",
			"请让设备在 Token 过期前更新它，或者签发有效期更长的 Token。",
			"设备可以通过重新连接来更新 Token，使用 MQTT 5.0 时也可以重新认证。",
		},
	},
	"fixed-length": {
		{
			"Connections are cut off after about {length}",
			"Connections ended after about {length} each, {count}, which points to a timer: an idle timeout of a NAT gateway, firewall or proxy, a limit of the broker, or the device's own program.",
			"Look for a timeout of {length} between device and broker, and at the broker. If it is an idle timeout, set the keep alive to less than half of that.",
			"Idle timeouts of 1 min, 4 min, 5 min, 350 s, 15 min and 1 h are common; load balancers have them, too. It may also be the lifetime of a token. Some sources report a missed keep alive as a lost connection; the length is then one and a half to three keep alives. Instead of shortening the keep alive, you can also lengthen the timeout.",
		},
		{
			"连接总在约 {length}后断开",
			"连接每次都在约 {length}后断开，共 {count}。很可能有定时器：NAT 网关、防火墙或代理的空闲超时，服务端的时限，或设备程序自身的定时逻辑。",
			"请在设备到服务端的链路上以及服务端查找 {length}的超时设置。如果是空闲超时，请将 keep alive 设为不到其一半。",
			"空闲超时的常见值为 1 分钟、4 分钟、5 分钟、350 秒、15 分钟和 1 小时，负载均衡也有空闲超时。也可能是 Token 的有效期。有些来源把心跳超时上报为连接丢失，此时长度为 1.5 到 3 倍 keep alive。除了缩短 keep alive，调大该超时也有效。",
		},
	},
	fixedLengthNotIdle: {
		{
			"Connections are cut off after about {length}",
			"Connections ended after about {length} each, {count}, which suggests a timer. A network idle timeout is unlikely because {why}.",
			"Look for a limit of {length} at the broker and at proxies in between. Check the lifetime of tokens and the device's program.",
			"",
		},
		{
			"连接总在约 {length}后断开",
			"连接每次都在约 {length}后断开，共 {count}，很可能有定时器。不太可能是网络中的空闲超时，因为{why}。",
			"请在服务端和中间的代理上查找 {length}的时限，并检查 Token 的有效期和设备程序。",
			"",
		},
	},
	fixedLengthUnexplained: {
		{
			"Connections last about {length} each",
			"Connections ended after about {length} each, {count}, and the events do not show why. A timer is likely; for example, the device's program may disconnect when its work is done.",
			"If the device is meant to connect for about {length} at a time, nothing is wrong. Otherwise, look for a timeout of that length between device and broker.",
			"It may also be an idle timeout of a NAT gateway, firewall, load balancer or proxy in between, or a limit of the broker or of a token.",
		},
		{
			"每个连接都持续约 {length}",
			"连接每次都在约 {length}后断开，共 {count}，而事件中没有说明原因。很可能有定时器，例如设备程序在完成工作后主动断开。",
			"如果设备本来就每次只连接约 {length}，则无需处理。否则请在设备到服务端的链路上查找同样长的超时设置。",
			"也可能是中间的 NAT 网关、防火墙、负载均衡或代理的空闲超时，或者是服务端或 Token 的时限。",
		},
	},
	fixedLengthAsleep: {
		{
			"Connections last about {length} each, and the device stays away in between",
			"Connections ended after about {length} each, {count}, and the device then mostly stayed away for longer than that. It probably sleeps in between without sending DISCONNECT.",
			"If the device is meant to sleep, nothing is wrong, but have it send DISCONNECT first. Otherwise, check what stops it: its power, its network or its program.",
			"The broker may have noticed a missed keep alive, which some sources report as a lost connection. Otherwise, a timeout of {length} probably ended the connections, either at the broker or between it and the device.",
		},
		{
			"每个连接都持续约 {length}，之后设备长时间离线",
			"连接每次都在约 {length}后断开，共 {count}，之后设备大多离线更久。设备很可能没有发送 DISCONNECT 就进入休眠。",
			"如果设备本来就会休眠，则属正常，但请让它先发送 DISCONNECT。否则请检查设备停止工作的原因：电源、网络或程序。",
			"可能是服务端发现心跳超时，有些来源将其上报为连接丢失。否则很可能是服务端或设备到服务端的链路上有 {length}的超时设置。",
		},
	},
	fixedLengthDenied: {
		{
			"Connections ended as not authorized after about {length} each",
			"The broker ended connections as not authorized after about {length} each, {count}. Either the login expires after that time, or the client then uses a topic without permission.",
			"Check that the credentials are valid for longer than that and not expired. Check the permissions for the exact topics that the device uses about {length} after it connects.",
			"The source reports both causes in the same words.",
		},
		{
			"连接每次都在约 {length}后以 not authorized 断开",
			"服务端每次都在约 {length}后以 not authorized 断开连接，共 {count}。可能是登录在此时过期，也可能是客户端此时使用了无权访问的 Topic。",
			"请确认凭证的有效期足够长且未过期。并检查设备在连接约 {length}后所用 Topic 的权限。",
			"该来源对这两种原因的上报用词相同。",
		},
	},
	fixedLengthLimit: {
		{
			"The broker limits {what} to about {length}",
			"The broker ended {what} after about {length} each, {count}, because they had lasted as long as it allows ({reason}).",
			"No action is required if the device reconnects at once. Otherwise, have it reconnect before the limit, or raise the limit if the broker allows that.",
			"This limit depends neither on the keep alive nor on the network or the login.",
		},
		{
			"服务端限制{what}最长约 {length}",
			"服务端每次都在约 {length}后断开{what}，共 {count}，因为已达到允许的最长时间（{reason}）。",
			"如果设备会立即重连，则无需处理。否则请让设备在到达时限之前重连，或在服务端允许时调大时限。",
			"该时限与 keep alive、网络和登录均无关。",
		},
	},
	"keep-alive-margin": {
		{
			"Keep alive of {keep_alive} may be too long for the network",
			"The broker heard nothing from the client for at least one and a half times its keep alive of {keep_alive}, {count}. The network may forget the connection between two packets.",
			"Set the keep alive of the device to 60 to 120 s and see whether the timeouts stop.",
			"Many NAT gateways and load balancers forget a connection after 4 to 6 minutes without a packet, so packets that the device sends later do not arrive. The device may also have lost its network or power, or stopped sending.",
		},
		{
			"keep alive 为 {keep_alive}，对网络来说可能过长",
			"客户端的 keep alive 为 {keep_alive}，服务端在至少 1.5 倍的时间内没有收到其数据，共 {count}。网络可能在两个数据包之间丢弃了连接。",
			"请将设备的 keep alive 设为 60 到 120 秒，观察超时是否消失。",
			"许多 NAT 网关和负载均衡在 4 到 6 分钟没有数据后就会丢弃连接，之后设备发送的数据无法到达。也可能是设备断网、断电或停止发送。",
		},
	},
	"silent-after-connect": {
		{
			"The client sends nothing after connecting",
			"Nothing arrived after CONNECT until the broker reported a missed keep alive ({keep_alive}), {count}. The program may not run its MQTT loop, or the network may drop later packets.",
			"Check that the device's program calls its MQTT library often enough to send PINGREQ, and is not blocked or overloaded. Check whether packets reach the broker after CONNECT.",
			"This follows from the lengths of the connections.",
		},
		{
			"客户端连接后不再发送数据",
			"CONNECT 之后没有收到任何数据，直到服务端上报心跳超时（keep alive 为 {keep_alive}），共 {count}。可能是程序没有运行 MQTT 循环，或网络丢弃了后续数据。",
			"请检查设备程序是否及时调用 MQTT 客户端库以发送 PINGREQ，是否被阻塞或过载。并检查 CONNECT 之后的数据包是否到达服务端。",
			"这是根据连接的时长推断的。",
		},
	},
	silentSoon: {
		{
			"The client goes silent soon after connecting",
			"The last packet arrived at most {within} after CONNECT. Then the broker heard nothing until it reported a missed keep alive ({keep_alive}), {count}.",
			"Check that the device's program calls its MQTT library often enough to send PINGREQ, and is not blocked or overloaded. Check whether later packets reach the broker.",
			"The program on the device may not run its MQTT loop, the device may soon lose its power or network, or the network may let only the first packets through. It is not known exactly when the last packet arrived, because brokers check the keep alive at intervals that depend on their version and settings.",
		},
		{
			"客户端连接后不久就不再发送数据",
			"最后一个数据包最晚在 CONNECT 之后 {within}到达。此后服务端没有收到任何数据，直到上报心跳超时（keep alive 为 {keep_alive}），共 {count}。",
			"请检查设备程序是否及时调用 MQTT 客户端库以发送 PINGREQ，是否被阻塞或过载。并检查后续数据包是否到达服务端。",
			"可能是设备程序没有运行 MQTT 循环、设备很快断电或断网，或网络只放行了最初的数据包。最后一个数据包的准确时间未知，因为服务端检查 keep alive 的间隔取决于其版本和设置。",
		},
	},
	"many-addresses": {
		{
			"A new address nearly every time: look at the device's network",
			"The client came from {addresses} addresses in {connections} connections, and dropped {count}. The network that gives it these addresses is the first place to look.",
			"Check the device's network first: signal, roaming, and the modem or router that gets new addresses. Check for network instability at those times.",
			"In mobile networks and behind some NAT gateways, a new address for each connection is normal, but the drops are not.",
		},
		{
			"几乎每次连接都换了地址：请检查设备的网络",
			"该客户端在 {connections} 个连接中使用了 {addresses} 个地址，掉线共 {count}。应首先检查分配这些地址的网络。",
			"请先检查设备的网络：信号、漫游，以及获取新地址的调制解调器或路由器。并检查这些时间网络是否不稳定。",
			"在移动网络和某些 NAT 网关之后，每次连接换地址是正常的，但掉线不正常。",
		},
	},
	"refused-while-online": {
		{
			"Logins from another address refused while the client was connected",
			"While a connection was open, the broker refused logins from another address, most recently {address}, as not authorized, {count}. Either another client tried to log in, or the open connection was already dead.",
			"Find out who connects from {address}. If it is the device itself, check that its credentials are valid and not expired.",
			"Another client may be using this client identifier with wrong credentials. Or the device itself tried to log in again after its connection had died without a reported end.",
		},
		{
			"连接期间，来自其他地址的登录被拒绝",
			"在已有连接打开期间，来自其他地址（最近一次为 {address}）的登录以 not authorized 被拒绝，共 {count}。可能是另一个客户端在尝试登录，也可能原连接早已失效。",
			"请查明 {address} 是哪台设备或程序。如果就是该设备本身，请确认其凭证有效且未过期。",
			"可能有另一个客户端使用此 Client ID 但凭证错误。也可能原连接早已失效，只是没有上报断开，而设备自己在重新登录。",
		},
	},
	"no-return": {
		{
			"Dropped and has not come back",
			"The connection ended at {since} without a DISCONNECT. For {absence}, until {until}, no attempt by the client to connect is on record.",
			"Check whether the device has power and network, and whether its program still runs and tries to connect. “Evidence” shows how the connection ended.",
			"That is longer than this client, or clients in general, usually take to come back. The events do not say why it stays away.",
		},
		{
			"断开后一直没有重连",
			"连接在 {since} 断开，客户端没有发送 DISCONNECT。此后到 {until} 为止，{absence}内没有该客户端尝试连接的记录。",
			"请检查设备的电源和网络，以及设备程序是否仍在运行并尝试重连。最后一次断开的原因见“证据”。",
			"这超过了该客户端（或一般客户端）通常的重连时间。事件中没有说明为何没有重连。",
		},
	},
	noReturnEnded: {
		{
			"Ended by the broker, and has not come back",
			"The broker ended the connection at {since} ({reason}). For {absence}, until {until}, no attempt by the client to connect is on record.",
			"Find out at the broker who or what ended the connection, and whether the client may connect again. If it may, check whether the device's program still tries to.",
			"That is longer than this client, or clients in general, usually take to come back. Some clients do not try again after the broker has ended their connection.",
		},
		{
			"被服务端断开后一直没有重连",
			"服务端在 {since} 断开了连接（{reason}）。此后到 {until} 为止，{absence}内没有该客户端尝试连接的记录。",
			"请在服务端查明是谁或什么断开了连接，以及该客户端能否再次连接。如果可以，请检查设备程序是否仍在尝试重连。",
			"这超过了该客户端（或一般客户端）通常的重连时间。有些客户端被服务端断开后不再重试。",
		},
	},
	noReturnStopped: {
		{
			"Has not come back since the broker stopped or restarted",
			"The connection ended at {since} because the broker stopped or restarted. For {absence}, until {until}, no attempt by the client to connect is on record.",
			"If the broker is running again, check whether the device has power and network, and whether its program still runs and tries to connect.",
			"That is longer than this client, or clients in general, usually take to come back. Some clients do not try again after they have failed for a while.",
		},
		{
			"服务端停止或重启后一直没有重连",
			"服务端停止或重启，连接在 {since} 断开。此后到 {until} 为止，{absence}内没有该客户端尝试连接的记录。",
			"如果服务端已恢复运行，请检查设备的电源和网络，以及设备程序是否仍在运行并尝试重连。",
			"这超过了该客户端（或一般客户端）通常的重连时间。有些客户端在多次重连失败后不再重试。",
		},
	},
	"still-offline": {
		{
			"Offline for {absence}",
			"The connection ended at {since}, and the events do not show why. For {absence}, until {until}, no attempt by the client to connect is on record.",
			"If the device should be connected, check whether it has power and network, and whether its program still runs. The broker's log may show how the connection ended.",
			"That is longer than this client, or clients in general, usually take to come back. The client may also have left on purpose.",
		},
		{
			"已离线 {absence}",
			"连接在 {since} 断开，事件中没有说明原因。此后到 {until} 为止，{absence}内没有该客户端尝试连接的记录。",
			"如果设备应保持连接，请检查其电源和网络，以及设备程序是否仍在运行。服务端日志中可能有断开的原因。",
			"这超过了该客户端（或一般客户端）通常的重连时间。客户端也可能是主动离开的。",
		},
	},
	"flapping": {
		{
			"{rate}: {main}",
			"Connections that lasted less than {short} ended without a DISCONNECT {count}: {ends}.",
			"", // taken from the verdict about the most frequent kind of end; see borrowAdvice
			"Have the device wait longer after each failed attempt, so that it does not overload the broker.",
		},
		{
			"{rate}：{main}",
			"持续不到 {short}且没有 DISCONNECT 的连接出现了 {count}：{ends}。",
			"",
			"请让设备在每次失败后逐步延长重试间隔，以免加重服务端负担。",
		},
	},
	"many-connections": {
		{
			"{rate}: {count}, for less than {short} each",
			"Connections that lasted less than {short} ended with DISCONNECT, or for an unknown reason, {count}. Most devices need not connect that often.",
			"If the device is meant to connect that often, nothing is wrong. Otherwise, find out from its program's log why it keeps disconnecting and reconnecting.",
			"Reconnecting costs the broker and the device more than keeping one connection open.",
		},
		{
			"{rate}：{count}，每次不到 {short}",
			"持续不到 {short}、以 DISCONNECT 结束或断开原因不明的连接出现了 {count}。大多数设备不需要如此频繁地连接。",
			"如果设备本来就这样频繁连接，则无需处理。否则请在设备程序的日志中查找它不断断开并重连的原因。",
			"与保持连接相比，每次重新连接对服务端和设备的开销更大。",
		},
	},
	"sleeps-without-disconnect": {
		{
			"Connects about every {every} and then goes silent, as if asleep",
			"The device connects about every {every}, and the broker then ends the connection for a missed keep alive (no heart), {count}. It probably sleeps in between without sending DISCONNECT.",
			"If the device is meant to sleep, nothing is wrong, but have it send DISCONNECT first. Otherwise, check what stops it: its power, its network or a hung program.",
			"It is not known what the device sent before it went silent. A device that is switched off or restarted at regular intervals looks the same. So does a program that hangs and, once it recovers, always waits equally long before it reconnects.",
		},
		{
			"约每 {every}连接一次，随后不再发送数据，像是进入休眠",
			"设备约每 {every}连接一次，随后服务端因心跳超时断开连接（no heart），共 {count}。设备很可能没有发送 DISCONNECT 就进入休眠。",
			"如果设备本来就会休眠，则属正常，但请让它先发送 DISCONNECT。否则请检查设备停止工作的原因：电源、网络，或程序卡住。",
			"设备停止发送之前发送过什么，无从得知。按固定间隔断电或重启的设备，以及卡住并恢复后总是等待同样时间再重连的程序，也有同样的表现。",
		},
	},
	"broker-restart": {
		{
			"Ended by the broker, probably for a restart or maintenance",
			"The broker{where} ended connections itself (ServerShutdown), {count}{lately}. Brokers do so when a node is restarted or drained, or when connections are rebalanced.",
			"No action is required on the device. Compare the times with restarts and maintenance of the broker.",
			"Usually this has nothing to do with the device. If many devices came back at once, have them wait for a random time before they reconnect.",
		},
		{
			"由服务端断开，可能是重启或维护",
			"服务端{where}主动断开了连接（ServerShutdown），共 {count}{lately}。节点重启、下线或重新均衡连接时常会如此。",
			"设备侧无需处理。请将这些时间与服务端的重启和维护时间对照。",
			"这通常与设备无关。如果大量设备同时重连，请让设备在重连前随机等待一段时间。",
		},
	},
	brokerStopped: {
		{
			"The broker stopped at {last}",
			"The broker{where} stopped at {last} (ServerShutdown), which ended the open connection. This has nothing to do with the device.",
			"No action is required on the device. If the stop was not planned, check the log of the broker.",
			"The broker's log reports the stop, but not the end of each connection. If many devices came back at once, have them wait for a random time before they reconnect.",
		},
		{
			"服务端于 {last} 停止",
			"服务端{where}于 {last} 停止（ServerShutdown），当时打开的连接随之断开。这与设备无关。",
			"设备侧无需处理。如果不是计划内的停止，请查看服务端日志。",
			"服务端的日志只上报停止，不上报每个连接的断开。如果大量设备同时重连，请让设备在重连前随机等待一段时间。",
		},
	},
	brokerStoppedOften: {
		{
			"The broker stopped or restarted {count}",
			"The broker{where} stopped or restarted {count}{lately} (ServerShutdown), which ended the connections open at the time. This has nothing to do with the device.",
			"No action is required on the device. If this was not planned, look in the log of the broker, and in the system log for a crash or a killed process.",
			"The broker's log reports stops and starts, but not the end of each connection. If it reports only a start, it probably crashed, was killed or lost power, and it is not known exactly when the connections ended.",
		},
		{
			"服务端停止或重启 {count}",
			"服务端{where}停止或重启 {count}{lately}（ServerShutdown），当时打开的连接随之断开。这与设备无关。",
			"设备侧无需处理。如果不是计划内的操作，请查看服务端日志，并在系统日志中查找崩溃或进程被终止。",
			"服务端的日志只上报停止和启动，不上报每个连接的断开。如果只上报了启动，服务端很可能曾崩溃、被终止或断电，连接断开的准确时间未知。",
		},
	},
	brokerGone: {
		{
			"The broker stopped at {last}, and no start is on record",
			"The broker{where} stopped at {last} (ServerShutdown), which ended the connection. Since then, neither a start of the broker nor an attempt by the client to connect is on record.",
			"Check that the broker is running, and that its log still arrives here. If both are true, check whether the device tries to connect.",
			"In this span, the client's connections ended {count} because the broker stopped or restarted. A start of the broker is on record for this client only if the client's connection seemed open when the broker started.",
		},
		{
			"服务端于 {last} 停止，之后没有启动记录",
			"服务端{where}于 {last} 停止（ServerShutdown），连接随之断开。此后既没有服务端启动的记录，也没有该客户端尝试连接的记录。",
			"请确认服务端正在运行，且其日志仍能送达本系统。如果都正常，请检查设备是否尝试重连。",
			"在此时间段内，因服务端停止或重启而断开 {count}。只有当服务端启动时该客户端的连接仍显示为打开，其记录中才会有这次启动。",
		},
	},
	brokerStarted: {
		{
			"The broker started again at {last}",
			"The broker{where} started at {last} without having reported a stop. It probably crashed, was killed or lost power, which ended the open connection (ServerShutdown).",
			"No action is required on the device. To find out why the broker had stopped, look in its log, and in the system log for a crash or a killed process.",
			"It is not known exactly when the connection ended, because the broker reported only its start.",
		},
		{
			"服务端于 {last} 重新启动",
			"服务端{where}于 {last} 启动，之前没有上报停止。服务端很可能曾崩溃、被终止或断电，打开的连接随之断开（ServerShutdown）。",
			"设备侧无需处理。请在服务端日志和系统日志中查明服务端为何停止，例如崩溃或进程被终止。",
			"连接断开的准确时间未知，因为服务端只上报了启动。",
		},
	},
}
