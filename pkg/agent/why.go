package agent

import (
	"encoding/json"
	"net/url"
	"slices"
)

var whyTool = tool{
	name: "why_did_device_drop", title: "Why did this device drop?",
	description: `Explains why one device lost its connection, or why its logins are refused, in a range of up to 24 hours (default: the last hour or, if only to is given, the hour before it). ` +
		`Use it first for any question about a device's connection. ` +
		`The result contains verdicts, most useful first, each with its meaning, the next step and the reported events that are its evidence; the state at the end of the range; counts; and the newest connections and refused logins. ` +
		`Verdicts rest only on evidence. A verdict or state that is unknown is a valid result, not an error.`,
	arguments: []string{"client", "instance", "from", "to"}, required: 1,
	path: "/api/v1/diagnosis", fixed: url.Values{"lang": {"en"}},
	answer: whyAnswer,
}

// Maximum numbers of entries in a result of why_did_device_drop. maxEvidence is per verdict.
const (
	maxEvidence    = 5
	maxConnections = 20
	maxRefusals    = 10
)

// diagnosis contains the fields of /api/v1/diagnosis that the answer needs.
type diagnosis struct {
	absence
	From        string
	To          string
	CutBefore   string `json:"cut_before"`
	Status      state
	Summary     json.RawMessage // numbers only
	Verdicts    []verdict
	Connections []connection
	Refusals    []connection
	Omitted     struct{ Connections, Refusals int }
}

// state is the state of a device at the end of the range.
type state struct {
	State string `json:"state"`
	Since string `json:"since,omitempty"`
}

// verdict is a verdict of the API. After decoding, Evidence contains all evidence in the response,
// oldest first. withEvidence shortens it.
type verdict struct {
	Code     string     `json:"code"`
	Level    string     `json:"level"`
	Title    string     `json:"title"`
	Meaning  string     `json:"meaning"`
	Next     string     `json:"next"`
	More     string     `json:"more,omitempty"`
	Count    int        `json:"count"`
	Evidence []evidence `json:"evidence"`
	// EvidenceLeftOut is the number of older ends or refusals that are not in Evidence.
	EvidenceLeftOut int `json:"evidence_left_out,omitempty"`
}

type evidence struct {
	Time         string   `json:"time"`
	Action       string   `json:"action"`
	ActionInfo   string   `json:"action_info"`
	NativeReason text     `json:"native_reason,omitempty"`
	Text         sentence `json:"text"`
}

// connection is a connection or a refused login. A refused login has Time instead of Start and End.
type connection struct {
	Time         string `json:"time,omitempty"`
	Start        string `json:"start,omitempty"`
	End          string `json:"end,omitempty"`
	EndIs        string `json:"end_is,omitempty"`
	Kind         string `json:"kind,omitempty"`
	Action       string `json:"action,omitempty"`
	ActionInfo   string `json:"action_info,omitempty"`
	NativeReason text   `json:"native_reason,omitempty"`
	ReasonCode   *int   `json:"reason_code,omitempty"`
	PeerAddress  text   `json:"peer_address,omitempty"`
	Username     text   `json:"username,omitempty"`
	Node         text   `json:"node,omitempty"`
	KeepAlive    *int   `json:"keep_alive,omitempty"`
	ChannelID    text   `json:"channel_id,omitempty"`
}

func whyAnswer(q question, body []byte) (*answer, error) {
	var d diagnosis
	if err := json.Unmarshal(body, &d); err != nil {
		return nil, err
	}
	q.setRange(d.From, d.To)
	a := newAnswer(q)
	a.add("from", d.From)
	a.add("to", d.To)
	a.warn(d.absence,
		when(d.CutBefore != "", "There are too many events, so this result covers only the part of the range since cut_before."))
	a.addIf("cut_before", d.CutBefore)
	a.add("status", d.Status)
	a.add("summary", d.Summary)
	a.addIf("next_step", d.nextStep())
	a.add("link", q.deviceLink("from", "to"))
	connections, refusals := newestFirst("connections", maxConnections, d.Connections), newestFirst("refusals", maxRefusals, d.Refusals)
	connections.omitted, refusals.omitted = d.Omitted.Connections, d.Omitted.Refusals
	a.lists = []list{verdictList(d.Verdicts), connections, refusals}
	return a, nil
}

// nextStep says which tool to call next. It contains no text from a device.
func (d diagnosis) nextStep() string {
	for _, c := range slices.Backward(d.Connections) {
		if c.End != "" && c.Kind != "disconnected" {
			return "Follow the advice in the first verdict's field next. To see whether other devices dropped too, call who_else_dropped with this instance and client, and at=" + c.End + "."
		}
	}
	if n := len(d.Refusals); n > 0 {
		return "Follow the advice in the first verdict's field next. To see whether other logins were refused too, call who_else_dropped with this instance and client, and at=" + d.Refusals[n-1].Time + "."
	}
	if d.Status.State == "offline" && d.Status.Since != "" && d.Status.Since < d.From {
		return "The device went offline earlier. To learn why, call this tool again with to=" + d.Status.Since + "."
	}
	return when(len(d.Verdicts) > 0, "Follow the advice in the first verdict's field next. If the drop was earlier, call this tool again with from and to around it.")
}

// verdictList returns the list of verdicts. If space is short, a verdict gets less evidence: first its
// newest maxEvidence pieces, then only the newest one, then none.
func verdictList(verdicts []verdict) list {
	l := listOf("verdicts", len(verdicts), verdicts)
	l.item = func(i int) (forms []any) {
		for _, n := range []int{maxEvidence, 1, 0} {
			forms = append(forms, verdicts[i].withEvidence(n))
		}
		return forms
	}
	return l
}

// withEvidence returns a copy of the verdict that has only the newest n pieces of its evidence.
func (v verdict) withEvidence(n int) verdict {
	v.Evidence = v.Evidence[max(0, len(v.Evidence)-n):]
	v.EvidenceLeftOut = max(0, v.Count-len(v.Evidence))
	return v
}
