package agent

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
)

var fleetTool = tool{
	name: "fleet_summary", title: "What happened to the fleet?",
	description: `Sums up what happened to all devices of an instance in up to 24 hours (default: today, UTC, so far): connects, drops and refused logins, their reasons, the broker nodes, the busiest minutes (at most one per five minutes), the sums of each hour, and the devices that drop most. ` +
		`Use it for questions about an outage or about many devices. Then call who_else_dropped with at = one of the busiest minutes, or why_did_device_drop for one device. ` +
		`devices, dropped, flapping and down are null unless the range is a whole UTC day or today so far.`,
	arguments: []string{"instance", "from", "to"},
	path:      "/api/v1/fleet", fixed: url.Values{"step": {"1m"}},
	answer: fleetAnswer,
}

const (
	maxReasons = 12
	maxNodes   = 10
	maxBusiest = 8
)

// fleet contains the fields of /api/v1/fleet that the answer needs.
type fleet struct {
	absence
	From, To   string
	Totals     json.RawMessage // numbers only
	Steps      []step
	Reasons    []reason
	Nodes      []node
	Flapping   []flapping
	Down       *int64
	Exact      bool
	NotCounted []json.RawMessage `json:"not_counted"`
	Shards     struct{ Counted, Of int }
}

// step holds the sums of one minute or, in the list hours, of one hour.
type step struct {
	Time     string        `json:"time"`
	Connects int64         `json:"connects"`
	Drops    int64         `json:"drops"`
	Refusals int64         `json:"refusals"`
	ByReason []reasonCount `json:"by_reason,omitempty"`
}

type reasonCount struct {
	Action     string `json:"action"`
	ActionInfo string `json:"action_info"`
	Events     int64  `json:"events"`
}

type reason struct {
	reasonCount
	Kind string `json:"kind"`
}

type node struct {
	Node     text  `json:"node"`
	Rest     bool  `json:"rest,omitempty"`
	Connects int64 `json:"connects"`
	Drops    int64 `json:"drops"`
	Refusals int64 `json:"refusals"`
}

type flapping struct {
	ClientID  string `json:"client_id"`
	Username  text   `json:"username,omitempty"`
	Node      text   `json:"node,omitempty"`
	Drops     int64  `json:"drops"`
	Connects  int64  `json:"connects"`
	LastEvent string `json:"last_event,omitempty"`
}

func fleetAnswer(q question, body []byte) (*answer, error) {
	var f fleet
	if err := json.Unmarshal(body, &f); err != nil {
		return nil, err
	}
	q.setRange(f.From, f.To)
	a := newAnswer(q)
	isPart := f.Shards.Counted < f.Shards.Of || len(f.NotCounted) > 0
	a.warn(f.absence,
		when(isPart, "Some events could not be counted, so the numbers are too low."),
		when(!f.Exact && !isPart, "The numbers are not exact, because some events may be counted twice."))
	busiest := f.busiest()
	for _, x := range []field{
		{"from", f.From}, {"to", f.To}, {"totals", f.Totals}, {"down", f.Down}, {"next_step", fleetStep(busiest)}, {"link", q.fleetLink("from", "to")},
	} {
		a.add(x.name, x.value)
	}
	a.lists = []list{
		listOf("reasons", maxReasons, f.Reasons), listOf("busiest_minutes", maxBusiest, busiest), listOf("nodes", maxNodes, f.Nodes),
		listOf("hours", 25, f.hours()), listOf("flapping", len(f.Flapping), f.Flapping),
	}
	a.rest = "Call this tool again with a narrower range (from, to), or open the link."
	return a, nil
}

// busiest divides the range into spans of five minutes, and returns the busiest minute of each span that
// has drops or refusals, busiest first. It returns only one minute per span, so that a long incident
// does not hide the others. who_else_dropped needs no more, because it examines three minutes.
func (f fleet) busiest() (busy []step) {
	for five := range slices.Chunk(f.Steps, 5) {
		if most := slices.MaxFunc(five, func(a, b step) int { return cmp.Compare(a.trouble(), b.trouble()) }); most.trouble() > 0 {
			most.ByReason = most.ByReason[:min(len(most.ByReason), 3)]
			busy = append(busy, most)
		}
	}
	slices.SortStableFunc(busy, func(a, b step) int { return cmp.Compare(b.trouble(), a.trouble()) })
	return busy
}

func (s step) trouble() int64 { return s.Drops + s.Refusals }

// hours returns the sums of each hour that has events.
func (f fleet) hours() (hours []step) {
	const hour = len("2026-11-22T08")
	for _, s := range f.Steps {
		start := s.Time[:min(len(s.Time), hour)] + ":00:00.000Z"
		if s.Connects+s.trouble() == 0 {
			continue
		}
		if n := len(hours); n == 0 || hours[n-1].Time != start {
			hours = append(hours, step{Time: start})
		}
		sum := &hours[len(hours)-1]
		sum.Connects, sum.Drops, sum.Refusals = sum.Connects+s.Connects, sum.Drops+s.Drops, sum.Refusals+s.Refusals
	}
	return hours
}

func fleetStep(busiest []step) string {
	if len(busiest) == 0 {
		return "No device dropped and no login was refused in this range. If the trouble was earlier, call this tool again with from and to around it."
	}
	most := busiest[0]
	of := "drops"
	if most.Refusals > most.Drops {
		of = "refusals"
	}
	return "Call who_else_dropped with this instance, at=" + most.Time + " and of=" + of + ", or why_did_device_drop for a device in flapping."
}
