package diagnose

// wordTexts holds the wording of the verdicts that depend on the native reasons of the ends.
var wordTexts = map[Code][2]verdictText{
	loginExpired: {
		{
			"The broker ended the connection: login expired",
			"The broker ended an accepted connection because its login had expired (not authorized, {reason}), {count}.",
			"Have the device renew its login before it expires, or issue credentials that are valid for longer.",
			"The device can renew its login by reconnecting or, with MQTT 5.0, by re-authenticating.",
		},
		{
			"连接被服务端断开：登录已过期",
			"服务端断开了已建立的连接，因为其登录已过期（not authorized，{reason}），共 {count}。",
			"请让设备在登录过期前重新登录，或者签发有效期更长的凭证。",
			"设备可以通过重新连接来更新登录，使用 MQTT 5.0 时也可以重新认证。",
		},
	},
	loginInvalid: {
		{
			"The broker ended the connection: login no longer valid",
			"The broker ended an accepted connection because its login was no longer valid (not authorized, {reason}), {count}. It had expired or been withdrawn, or the client had been disabled.",
			"Check that the credentials are valid and not expired, and whether they or the client were changed or disabled at that time.",
			"The broker uses these words only for logins, never for topics.",
		},
		{
			"连接被服务端断开：登录已失效",
			"服务端断开了已建立的连接，因为其登录已失效（not authorized，{reason}），共 {count}。可能是登录已过期或被撤销，也可能是客户端被禁用。",
			"请确认凭证有效且未过期，并检查凭证或客户端当时是否被更换或禁用。",
			"该用词只涉及登录，与 Topic 无关。",
		},
	},
	addressDenied: {
		{
			"The broker ended the connection: address not allowed",
			"The broker ended the connection because its address filter does not allow the client's address (not authorized, {reason}), {count}.",
			"Compare the client's addresses under “Evidence” with the addresses that the broker allows.",
			"The credentials and the permissions for topics are not the cause.",
		},
		{
			"连接被服务端断开：地址不被允许",
			"服务端的地址过滤规则不允许该客户端的地址，因此断开了连接（not authorized，{reason}），共 {count}。",
			"请将“证据”中的客户端地址与服务端允许的地址对照。",
			"原因不在凭证，也不在 Topic 权限。",
		},
	},
	noPermission: {
		{
			"The broker ended the connection: permission missing",
			"The broker ended the connection because the client lacks a permission (topic auth failed, {reason}), {count}. The permission may concern a topic that it used, or something else.",
			"Check the client's permissions: the groups that it belongs to, their permission bindings, and the exact topics that it uses.",
			"",
		},
		{
			"连接被服务端断开：缺少权限",
			"该客户端缺少权限，服务端断开了连接（topic auth failed，{reason}），共 {count}。可能是所用 Topic 的权限，也可能是其他权限。",
			"请检查客户端的权限：所属的组、组的权限绑定，以及所用的每个 Topic。",
			"",
		},
	},
	queueFull: {
		{
			"The queue of messages to the client was full",
			"The broker ended the connection because its queue of messages not yet acknowledged by the client was full (invalid param, {reason}), {count}.",
			"Check that the device's program reads and acknowledges messages fast enough, and subscribes to no more than it needs.",
			"The messages that the client sent are not the cause.",
		},
		{
			"发往客户端的消息队列已满",
			"客户端未确认的消息占满了服务端的队列，服务端断开了连接（invalid param，{reason}），共 {count}。",
			"请检查设备程序是否及时读取并确认消息，是否只订阅了所需的内容。",
			"原因不在客户端发送的消息。",
		},
	},
	endedByHand: {
		{
			"An operator removed the client",
			"An operator or a call to the broker's API removed the client{where} (ServerShutdown, {reason}), {count}{lately}.",
			"No action is required on the device. Find out at the broker who or what removed it, and why.",
			"",
		},
		{
			"客户端被管理员移除",
			"该客户端被管理员或通过 API 从服务端{where}移除（ServerShutdown，{reason}），共 {count}{lately}。",
			"设备侧无需处理。请在服务端查明是谁或什么移除了它，以及为什么。",
			"",
		},
	},
	endedAtLimit: {
		{
			"The connection reached the broker's time limit",
			"The broker{where} ended the connection because it had lasted as long as the broker allows (ServerShutdown, {reason}), {count}{lately}.",
			"No action is required on the device if it reconnects at once. Otherwise, have it reconnect before the limit.",
			"",
		},
		{
			"连接达到服务端的时限",
			"连接达到了服务端允许的最长时间，被服务端{where}断开（ServerShutdown，{reason}），共 {count}{lately}。",
			"如果设备会立即重连，则设备侧无需处理。否则请让设备在到达时限之前重连。",
			"",
		},
	},
	endedBusy: {
		{
			"The broker was busy",
			"The broker{where} was busy and ended the connection (ServerShutdown, {reason}), {count}{lately}.",
			"No action is required on the device. Check the broker's load, quotas and limits at those times.",
			"Have devices wait longer after each failed attempt, so that they do not overload the broker.",
		},
		{
			"服务端繁忙",
			"服务端{where}因繁忙断开了连接（ServerShutdown，{reason}），共 {count}{lately}。",
			"设备侧无需处理。请检查服务端当时的负载、配额和限制。",
			"请让设备在每次失败后逐步延长重试间隔，以免加重服务端负担。",
		},
	},
	"left-with-error": {
		{
			"The client left with an error: {reason}",
			"The client sent DISCONNECT with the error code {reason} (disconnected by client), {count}. Its program or its MQTT library had a problem with the connection or with a packet from the broker.",
			"Look in the application log at those times for the error that the program or its MQTT library reported.",
			"A client that simply leaves sends a DISCONNECT without an error code.",
		},
		{
			"客户端因错误离开：{reason}",
			"客户端发送了错误码为{reason}的 DISCONNECT（disconnected by client），共 {count}。设备程序或其 MQTT 客户端库认为连接或服务端发送的数据包有问题。",
			"请在应用日志中查找当时程序或其 MQTT 客户端库报告的错误。",
			"正常离开的客户端发送的 DISCONNECT 不带错误码。",
		},
	},
	unknownWord: {
		{
			"Reason not clear: {reason}",
			"The connection ended, {count}, and the source gave {reason} as the reason. This does not show the cause.",
			"Look this up in the broker's documentation, and check the log of the broker or the device at those times.",
			"This reason does not show whether the network, the device or the broker is at fault. “Evidence” shows the source's own words for each end.",
		},
		{
			"原因不明：{reason}",
			"连接断开，共 {count}，来源给出的原因为{reason}。这不能说明断开的原因。",
			"请在服务端文档中查找该用词，并查看服务端或设备当时的日志。",
			"仅凭该用词无法判断问题在网络、设备还是服务端。每次断开的原文见“证据”。",
		},
	},
	muteWord: {
		{
			"Reason not clear: {reason}",
			"The connection ended, {count}. The broker writes {reason}, but it does so for ends of any cause.",
			"Check the log of the device, and other lines of the broker's log, at those times.",
			"These words do not show whether the network, the device or the broker is at fault.",
		},
		{
			"原因不明：{reason}",
			"连接断开，共 {count}。服务端写的是{reason}，但它对任何原因的断开都这样写。",
			"请查看设备当时的日志，以及服务端日志中的其他内容。",
			"仅凭该用词无法判断问题在网络、设备还是服务端。",
		},
	},
}
