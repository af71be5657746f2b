package agent

import (
	"encoding/json"
	"net/url"
)

var traceTool = tool{
	name: "device_trace", title: "The events of a device",
	description: `Lists the events that brokers reported about one device in a range of up to 24 hours (default: the last hour or, if only to is given, the hour before it), newest first: each connect, disconnect and close, with its reason. ` +
		`Use it to see exactly what happened and in what order. For the cause, use why_did_device_drop.`,
	arguments: []string{"client", "instance", "from", "to"}, required: 1,
	path: "/api/v1/trace", fixed: url.Values{"order": {"desc"}, "limit": {"500"}},
	answer: traceAnswer,
}

// tracePage contains the fields of /api/v1/trace that the answer needs.
type tracePage struct {
	absence
	Events     []row
	NextCursor string `json:"next_cursor"`
}

// row is an event without the fields that repeat the question or rarely matter.
type row struct {
	Time         string `json:"time"`
	Action       string `json:"action"`
	ActionInfo   string `json:"action_info"`
	NativeReason text   `json:"native_reason,omitempty"`
	ReasonCode   *int   `json:"reason_code,omitempty"`
	PeerAddress  text   `json:"peer_address,omitempty"`
	Username     text   `json:"username,omitempty"`
	Node         text   `json:"node,omitempty"`
	KeepAlive    *int   `json:"keep_alive,omitempty"`
	CleanStart   *bool  `json:"clean_start,omitempty"`
	ChannelID    text   `json:"channel_id,omitempty"`
	Source       text   `json:"source,omitempty"`
	TimeOrigin   string `json:"time_origin,omitempty"`
}

func traceAnswer(q question, body []byte) (*answer, error) {
	var page tracePage
	if err := json.Unmarshal(body, &page); err != nil {
		return nil, err
	}
	a := newAnswer(q)
	a.addIf("from", q.values.Get("from"))
	a.addIf("to", q.values.Get("to"))
	a.addIf("range", when(!q.values.Has("from") && !q.values.Has("to"), "the last hour")) // the response does not state it
	a.warn(page.absence)
	a.add("next_step", traceStep(page))
	a.add("link", q.deviceLink("from", "to"))
	events := listOf("events", len(page.Events), page.Events)
	events.more = page.NextCursor != ""
	a.lists = []list{events}
	a.rest = "Older events are left out. Call this tool again with to = the time of the last event above, or open the link."
	return a, nil
}

func traceStep(page tracePage) string {
	if len(page.Events) == 0 {
		return "There are no events in this range. Call device_status to see the last known state, or choose another range with from and to."
	}
	return "For the cause, call why_did_device_drop with the same instance, client and range."
}
