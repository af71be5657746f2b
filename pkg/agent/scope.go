package agent

import (
	"encoding/json"
	"net/url"
)

var scopeTool = tool{
	name: "who_else_dropped", title: "Who else dropped?",
	description: `Says whether other devices also dropped, or were refused, around an instant, and what they share: a broker node, a network, a reason, or nothing (the whole fleet). It compares their number with the usual one. ` +
		`Use it after why_did_device_drop, with at = the time of the drop and the same client, to distinguish a fault of one device from an outage. If client is omitted, every device counts as another device. ` +
		`"not clear" and "unknown" are valid results.`,
	arguments: []string{"at", "instance", "client", "of"}, required: 1,
	path: "/api/v1/scope", fixed: url.Values{"lang": {"en"}},
	answer: scopeAnswer,
}

// maxGroups is the maximum number of entries in by_node, in by_reason and in by_network.
const maxGroups = 5

// scope contains the fields of /api/v1/scope that the answer needs.
type scope struct {
	absence
	From, To, At, Of string
	Scope            string
	Name             text
	Title, Text      string
	Others           int64
	Usual            float64
	Connects         int64
	ByNode           []group     `json:"by_node"`
	ByReason         []group     `json:"by_reason"`
	ByNetwork        []group     `json:"by_network"`
	Devices          []otherDrop // at most 200
	Complete         bool
	Provisional      bool
	Exact            bool
	ReceivedTimes    bool `json:"received_times"`
}

// group counts the devices on one node, with one reason or in one network.
type group struct {
	Node       text     `json:"node,omitempty"`
	Rest       bool     `json:"rest,omitempty"`
	Network    text     `json:"network,omitempty"`
	Action     string   `json:"action,omitempty"`
	ActionInfo string   `json:"action_info,omitempty"`
	Others     *int64   `json:"others,omitempty"`
	Usual      *float64 `json:"usual,omitempty"`
	Share      *float64 `json:"share,omitempty"`
}

// otherDrop is the drop of another device.
type otherDrop struct {
	ClientID    string `json:"client_id"`
	Time        string `json:"time"`
	Node        text   `json:"node,omitempty"`
	PeerAddress text   `json:"peer_address,omitempty"`
	Action      string `json:"action"`
	ActionInfo  string `json:"action_info"`
}

func scopeAnswer(q question, body []byte) (*answer, error) {
	var s scope
	if err := json.Unmarshal(body, &s); err != nil {
		return nil, err
	}
	a := newAnswer(q)
	a.warn(s.absence,
		when(s.Provisional, "Some events of these minutes may not have arrived yet."),
		when(!s.Exact, "The numbers are not exact, because some events may be counted twice or missing."),
		when(s.ReceivedTimes, "Most events were reported without a time. The times shown for them are when they were received."))
	for _, f := range []field{
		{"at", s.At}, {"window_from", s.From}, {"window_to", s.To}, {"of", s.Of}, {"scope", s.Scope}, {"name", s.Name},
		{"title", s.Title}, {"text", s.Text}, {"others", s.Others}, {"usual", s.Usual}, {"connects", s.Connects},
		{"next_step", scopeSteps[s.Scope]}, {"link", q.fleetLink("at")},
	} {
		a.add(f.name, f.value)
	}
	devices := listOf("devices", len(s.Devices), s.Devices)
	if devices.more = !s.Complete; devices.more {
		devices.omitted = max(0, int(s.Others)-len(s.Devices))
	}
	a.lists = []list{
		listOf("by_node", maxGroups, s.ByNode), listOf("by_reason", maxGroups, s.ByReason), listOf("by_network", maxGroups, s.ByNetwork), devices,
	}
	a.rest = "Open the link, which leads to a list of the devices of this minute."
	return a, nil
}

// scopeSteps says for each scope what to do next.
var scopeSteps = map[string]string{
	"alone":     "Only this device is affected: call why_did_device_drop for it.",
	"node":      "Look for the cause at the broker node given in name (restart, load, network), not at single devices.",
	"network":   "Look for the cause in the network given in name (provider, gateway, firewall), not at single devices.",
	"reason":    "Most devices dropped for the reason given in name: look for one change that affects all of them, such as credentials or an ACL.",
	"fleet":     "Devices everywhere are affected: look at the broker cluster, its load balancer and its network first.",
	"not clear": "Too few devices dropped to name a common cause. Say so, and call why_did_device_drop for the device.",
	"unknown":   "The events could not be counted completely. Say so, and do not guess.",
}
