package fleet

// phrase identifies a text about a scope. The table phrases holds the wording. A phrase about refused
// logins has the same name with the prefix "refused-".
type phrase string

// refusedPrefix starts the names of phrases about refused logins.
const refusedPrefix = "refused-"

// phrases holds the wording of scopes in English and Chinese. A name in braces is a placeholder.
// Action infos stay in English in both languages.
var phrases = map[phrase][2]string{
	"title-alone":         {"Only this device dropped", "只有该设备掉线"},
	"title-two":           {"Only this device and one other dropped", "只有该设备和另一台设备掉线"},
	"title-none":          {"No device dropped", "没有设备掉线"},
	"title-one":           {"Only one device dropped", "只有一台设备掉线"},
	"title-no-other":      {"No other device dropped", "没有其他设备掉线"},
	"title-one-other":     {"Only one other device dropped", "只有另一台设备掉线"},
	"title-node":          {"Devices on {name} dropped together", "{name} 上的设备同时掉线"},
	"title-network":       {"Devices in {name} dropped together", "{name} 中的设备同时掉线"},
	"title-reason":        {"Devices dropped together: {name}", "多台设备同时掉线：{name}"},
	"title-fleet":         {"Devices across the fleet dropped together", "整个设备群同时掉线"},
	"title-usual":         {"No more drops than usual", "掉线数量不高于平时"},
	"title-not-clear":     {"Not clear whether the drops have a common cause", "无法判断掉线是否有共同原因"},
	"title-elsewhere":     {"Many devices dropped together, but this one seems unrelated", "多台设备同时掉线，但该设备不在其中"},
	"title-unknown":       {"Not known who else dropped", "不知道还有哪些设备掉线"},
	"title-came-back":     {"Devices reconnected to {name} together", "设备同时重新连接到 {name}"},
	"title-left":          {"Devices reconnected together, but not to {name}", "设备同时重新连接，但都不在 {name} 上"},
	"title-all-came-back": {"Many devices connected together", "大量设备同时重新连接"},

	"refused-title-alone":     {"Only this device was refused", "只有该设备的登录被拒绝"},
	"refused-title-two":       {"Only this device and one other were refused", "只有该设备和另一台设备的登录被拒绝"},
	"refused-title-none":      {"No device was refused", "没有设备的登录被拒绝"},
	"refused-title-one":       {"Only one device was refused", "只有一台设备的登录被拒绝"},
	"refused-title-no-other":  {"No other device was refused", "没有其他设备的登录被拒绝"},
	"refused-title-one-other": {"Only one other device was refused", "只有另一台设备的登录被拒绝"},
	"refused-title-node":      {"Devices on {name} were refused together", "{name} 上多台设备的登录同时被拒绝"},
	"refused-title-network":   {"Devices in {name} were refused together", "{name} 中多台设备的登录同时被拒绝"},
	"refused-title-reason":    {"Devices were refused together: {name}", "多台设备的登录同时被拒绝：{name}"},
	"refused-title-fleet":     {"Devices across the fleet were refused together", "整个设备群的登录同时被拒绝"},
	"refused-title-usual":     {"No more devices were refused than usual", "登录被拒绝的设备不多于平时"},
	"refused-title-not-clear": {"Not clear whether the refusals have a common cause", "无法判断登录被拒绝是否有共同原因"},
	"refused-title-elsewhere": {"Many devices were refused together, but this one seems unrelated", "多台设备的登录同时被拒绝，但该设备不在其中"},
	"refused-title-unknown":   {"Not known who else was refused", "不知道还有哪些设备的登录被拒绝"},

	"no-others":  {"No other device dropped within 3 minutes", "3 分钟内没有其他设备掉线"},
	"one-other":  {"{atMost}1 other device dropped within 3 minutes", "3 分钟内{atMost}另有 1 台设备掉线"},
	"others":     {"{atMost}{count} other devices dropped within 3 minutes", "3 分钟内{atMost}另有 {count} 台设备掉线"},
	"no-device":  {"No device dropped within 3 minutes", "3 分钟内没有设备掉线"},
	"one-device": {"{atMost}1 device dropped within 3 minutes", "3 分钟内{atMost}有 1 台设备掉线"},
	"devices":    {"{atMost}{count} devices dropped within 3 minutes", "3 分钟内{atMost}有 {count} 台设备掉线"},

	"refused-no-others":  {"No other device was refused within 3 minutes", "3 分钟内没有其他设备的登录被拒绝"},
	"refused-one-other":  {"{atMost}1 other device was refused within 3 minutes", "3 分钟内{atMost}另有 1 台设备的登录被拒绝"},
	"refused-others":     {"{atMost}{count} other devices were refused within 3 minutes", "3 分钟内{atMost}另有 {count} 台设备的登录被拒绝"},
	"refused-no-device":  {"No device was refused within 3 minutes", "3 分钟内没有设备的登录被拒绝"},
	"refused-one-device": {"{atMost}1 device was refused within 3 minutes", "3 分钟内{atMost}有 1 台设备的登录被拒绝"},
	"refused-devices":    {"{atMost}{count} devices were refused within 3 minutes", "3 分钟内{atMost}有 {count} 台设备的登录被拒绝"},

	"at-most": {"At most ", "至多"},
	"exactly": {"", ""},

	"on-node":     {", {share} on {name}", "，其中{share}在 {name} 上"},
	"in-network":  {", {share} in {name}", "，其中{share}在 {name} 中"},
	"with-reason": {", {share} with the reason “{name}”", "，其中{share}的原因为“{name}”"},
	"on-nodes":    {", on {nodes} nodes", "，分布在 {nodes} 个节点上"},
	"all":         {"all of them", "全部"},
	"nearly-all":  {"nearly all of them", "几乎全部"},
	"percent":     {"{percent}%", " {percent}% "},
	"about":       {"about {percent}%", "约 {percent}% "},

	"usually":      {"; usually {usual}.", "；平时为 {usual} 台。"},
	"usually-none": {"; usually none.", "；平时没有。"},

	"burst":          {"At least 90% of them dropped within {length}.", "至少 90% 在 {length}之内掉线。"},
	"sample":         {"A sample of {sample} devices dropped within {length}.", "抽样的 {sample} 台在 {length}之内掉线。"},
	"refused-burst":  {"At least 90% of them were refused within {length}.", "至少 90% 在 {length}之内被拒绝。"},
	"refused-sample": {"A sample of {sample} devices was refused within {length}.", "抽样的 {sample} 台在 {length}之内被拒绝。"},

	"only-node":          {"No other node had any events in the 24 hours before.", "此前 24 小时内其他节点没有任何事件。"},
	"own-node":           {"This device was on {node}.", "该设备在 {node} 上。"},
	"own-network":        {"This device was in another network.", "该设备在另一个网络中。"},
	"own-reason":         {"This device dropped for another reason.", "该设备的原因不同。"},
	"refused-own-reason": {"This device was refused for another reason.", "该设备的原因不同。"},
	"no-common-cause":    {"Nothing suggests a common cause.", "没有迹象表明存在共同原因。"},
	"too-few":            {"That is not enough to show a common cause.", "这不足以判断是否有共同原因。"},
	"unknown":            {"Not all events could be counted, so the number of other devices is not known.", "未能统计全部事件，因此其他设备的数量未知。"},

	"connected":     {"{count} devices connected within 3 minutes{where}", "3 分钟内有 {count} 台设备连接{where}"},
	"nearly-all-to": {", nearly all to {name}", "，几乎全部连接到 {name}"},
	"hardly-any-to": {", hardly any to {name}", "，几乎没有连接到 {name} 的"},
	"crash":         {"A broker that crashes reports no drops, so this may have been a crash.", "服务端崩溃时不会上报掉线，因此可能发生了崩溃。"},
	"received":      {"The times show when the events were received.", "时间为接收时间。"},
	"provisional":   {"More events may still arrive.", "可能还有事件尚未到达。"},
}
