package agent

import "encoding/json"

var statusTool = tool{
	name: "device_status", title: "Was the device online?",
	description: `Says whether one device was online or offline at an instant (default: now), and since when, and shows its newest connection. ` +
		`It searches all events that are kept, so it also works for devices that have been silent for weeks. ` +
		`The state unknown means that the events do not settle the question: report it as such.`,
	arguments: []string{"client", "instance", "at"}, required: 1,
	path:   "/api/v1/status",
	answer: statusAnswer,
}

// deviceStatus contains the fields of /api/v1/status that the answer needs.
type deviceStatus struct {
	absence
	At           string
	State        string
	Since        string
	Connection   *connection
	LastEventAt  string `json:"last_event_at"`
	LookedBackTo string `json:"looked_back_to"`
	Cut          bool
}

func statusAnswer(q question, body []byte) (*answer, error) {
	var s deviceStatus
	if err := json.Unmarshal(body, &s); err != nil {
		return nil, err
	}
	a := newAnswer(q)
	a.warn(s.absence, when(s.Cut, "The device has too many events, so the search ended before it could settle the state."))
	a.add("at", s.At)
	a.add("state", s.State)
	a.addIf("since", s.Since)
	a.addIf("last_event_at", s.LastEventAt)
	a.add("looked_back_to", s.LookedBackTo)
	a.add("next_step", s.nextStep())
	a.add("link", q.deviceLink("at"))
	if s.Connection != nil {
		a.add("newest_connection", s.Connection)
	}
	return a, nil
}

// nextStep says which tool to call next.
func (s deviceStatus) nextStep() string {
	switch {
	case s.LastEventAt == "":
		return "There are no events of this device since looked_back_to. Check instance and client: case matters."
	case s.State == "offline" && s.Since != "":
		return "To learn why, call why_did_device_drop with to=" + s.Since + " or a little later."
	case s.State == "offline", s.State == "unknown":
		return "To learn more, call why_did_device_drop with to=" + s.LastEventAt + " or a little later."
	default:
		return "If the device dropped earlier, call why_did_device_drop with from and to around that time."
	}
}
