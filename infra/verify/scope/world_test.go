package scope_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/fleet"
	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

// habits describes a fleet and its source.
type habits struct {
	devices int
	nodes   int     // 0: the source does not name nodes
	nat     bool    // all devices have addresses in one network
	drops   float64 // ordinary drops per device and day
	morning bool    // devices connect in the morning and leave in the evening
	hourly  float64 // share of devices whose login expires at each full hour
	flappy  int     // number of devices that drop every few minutes all day
	// precision is the resolution of the source's times: a millisecond, a second or a minute.
	// received means that all times are times of receipt. stamp is an interval. The times of drops
	// are rounded up to its multiples, as if all drops of an interval were delivered together.
	precision time.Duration
	received  bool
	stamp     time.Duration
	wordless  bool // drops have no reason
}

// day is the day of the incidents. The fleet is also simulated on the day before.
var day = time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)

// minute is the number of milliseconds in a minute.
const minute = 60_000

const (
	minutesPerHour = 60
	minutesPerDay  = 24 * 60
)

// world is the simulated fleet on two days.
type world struct {
	habits
	random    *rand.Rand
	ids       []string // sorted
	addresses []string // by device
	node      []int    // by device
	rows      []row
	at        int64 // if not 0, only the minutes around this time are simulated, in Unix ms
}

// row is an event of a device.
type row struct {
	device       int
	time         int64
	node         int
	action, info string
}

func newWorld(h habits, seed uint64) *world {
	w := &world{habits: h, random: rand.New(rand.NewPCG(seed, 15))}
	for d := range h.devices {
		w.ids = append(w.ids, fmt.Sprintf("device-%06d", d))
		w.addresses = append(w.addresses, w.networkName(d)+strconv.Itoa(d%250))
		w.node = append(w.node, w.anyNode())
	}
	return w
}

func (w *world) anyNode() int { return w.random.IntN(max(w.nodes, 1)) }

// network returns the number of a device's network. Networks differ in size.
func (w *world) network(device int) int {
	if w.nat {
		return 0
	}
	return int(math.Sqrt(float64(device * 3)))
}

// networkName returns the prefix that the addresses in a device's network share.
func (w *world) networkName(device int) string {
	n := w.network(device)
	return fmt.Sprintf("10.%d.%d.", n/250, n%250)
}

func (w *world) nodeName(node int) string {
	if w.nodes == 0 {
		return ""
	}
	return "edge-" + strconv.Itoa(node+1)
}

// add adds an event, with the time that the source would report.
func (w *world) add(device int, at int64, action, info string) {
	if p := w.precision.Milliseconds(); p > 1 {
		at -= at % p
	}
	w.rows = append(w.rows, row{device, at, w.node[device], action, info})
}

// drop adds a drop and the next connect, which may be to another node.
func (w *world) drop(device int, at int64, reason string, awayFor int64) {
	if w.wordless {
		reason = ""
	}
	if s := w.stamp.Milliseconds(); s > 0 {
		at += s - at%s
	}
	w.add(device, at, "close", reason)
	w.node[device] = w.anyNode()
	w.add(device, at+awayFor, "connect", "accepted")
}

// ordinaryReasons holds the reasons for ordinary drops. Frequent reasons appear several times.
var ordinaryReasons = []string{
	"Socket IOException", "Socket IOException", "Socket IOException", "no heart", "no heart", "closed by client",
	"closed by client", "clientId conflict", "invalid param", "",
}

func (w *world) ordinaryReason() string { return ordinaryReasons[w.random.IntN(len(ordinaryReasons))] }

func (w *world) exponential(mean int64) int64 { return int64(w.random.ExpFloat64() * float64(mean)) }

// live adds the ordinary events of both days.
func (w *world) live() {
	for m := range 2 * minutesPerDay {
		at := day.AddDate(0, 0, -1).UnixMilli() + int64(m)*minute
		if w.isSimulated(at) {
			w.liveMinute(at, m%minutesPerDay)
		}
	}
}

// isSimulated reports whether the minute is simulated. A large fleet is simulated only around the
// time of an incident, and around the same time on the day before.
func (w *world) isSimulated(at int64) bool {
	if w.at == 0 {
		return true
	}
	before := w.at - at
	return before > -15*minute && before < 75*minute ||
		before > (minutesPerDay-15)*minute && before < (minutesPerDay+15)*minute
}

// liveMinute adds the ordinary events of the minute that starts at the given time. m is the number
// of that minute in its day.
func (w *world) liveMinute(at int64, m int) {
	anyTime := func() int64 { return at + w.random.Int64N(minute) }
	perMinute := float64(w.devices) / minutesPerDay
	rate := w.drops * perMinute
	if w.morning { // twice as many drops in the afternoon as at night
		rate *= 1 - 0.4*math.Cos(2*math.Pi*float64(m-150)/minutesPerDay)
	}
	for range w.poisson(rate) {
		w.drop(w.random.IntN(w.devices), anyTime(), w.ordinaryReason(), w.exponential(30_000))
	}
	for f := range w.flappy {
		if w.random.IntN(4) == 0 {
			w.drop(f, anyTime(), "no heart", w.exponential(10_000))
		}
	}
	if w.morning {
		w.rhythm(m, perMinute, anyTime)
	}
	if m%minutesPerHour == 0 {
		for range w.poisson(w.hourly * float64(w.devices)) {
			w.drop(w.random.IntN(w.devices), at+w.exponential(8000), "not authorized", w.exponential(3000))
		}
	}
	for range w.poisson(perMinute * 0.2) {
		w.add(w.random.IntN(w.devices), anyTime(), "connect", "not authorized")
	}
}

// rhythm adds logins in the half hour from 8:00 and disconnects in the half hour from 18:00. The
// number of each is about half the number of devices.
func (w *world) rhythm(m int, perMinute float64, anyTime func() int64) {
	switch {
	case m >= 8*minutesPerHour && m < 8*minutesPerHour+30:
		for range w.poisson(perMinute * minutesPerDay / 60) {
			w.add(w.random.IntN(w.devices), anyTime(), "connect", "accepted")
		}
	case m >= 18*minutesPerHour && m < 18*minutesPerHour+30:
		for range w.poisson(perMinute * minutesPerDay / 60) {
			w.add(w.random.IntN(w.devices), anyTime(), "disconnect", "disconnected by client")
		}
	}
}

func (w *world) poisson(mean float64) int {
	if mean > 50 {
		return max(0, int(math.Round(mean+w.random.NormFloat64()*math.Sqrt(mean))))
	}
	n := 0
	for p := w.random.Float64(); p > math.Exp(-mean); n++ {
		p *= w.random.Float64()
	}
	return n
}

// record is what the system keeps of a world: the sums and, for small fleets, the rows.
type record struct {
	*world
	sums     summary.Sums
	withRows bool
}

// of returns the rows of a device.
func (r *record) of(device int) []row {
	compare := func(e row, device int) int { return cmp.Compare(e.device, device) }
	from, _ := slices.BinarySearchFunc(r.rows, device, compare)
	to, _ := slices.BinarySearchFunc(r.rows, device+1, compare)
	return r.rows[from:to]
}

// record sorts the rows and adds them up as compactors do, day by day.
func (w *world) record(withRows bool) *record {
	slices.SortFunc(w.rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.device, b.device), cmp.Compare(a.time, b.time), cmp.Compare(a.action, b.action))
	})
	r := &record{world: w, withRows: withRows}
	folds := map[int64]*summary.Fold{}
	for _, e := range w.rows {
		d := e.time / (minutesPerDay * minute)
		if folds[d] == nil {
			folds[d] = summary.NewFold(false)
		}
		folds[d].Add(w.segmentRow(e))
	}
	var parts []*summary.Sums
	for _, f := range folds {
		parts = append(parts, f.Sums())
	}
	r.sums = *summary.Add(parts...)
	return r
}

func (w *world) segmentRow(e row) *segment.Row {
	r := &segment.Row{
		ClientID: w.ids[e.device], Time: e.time, Action: e.action, ActionInfo: e.info,
		Node: w.nodeName(e.node), PeerAddress: w.addresses[e.device], TimeOrigin: string(event.FromBroker),
	}
	if w.received {
		r.TimeOrigin = string(event.FromReceiver)
	}
	if e.action == "close" {
		r.ConnectedAt = e.time - 1
	}
	return r
}

// ask returns the scope of a device's event at the given time. node is the node of the connection
// that ended. It matters only if that end was not recorded.
func (r *record) ask(of fleet.Of, device int, at int64, node int) fleet.Scope {
	in := fleet.ScopeInput{
		At: time.UnixMilli(at), ClientID: event.ClientID(r.ids[device]), Of: of,
		Node: r.nodeName(node), Exact: true, Complete: true, Now: day.AddDate(0, 0, 2),
	}
	from, to := summary.MinuteOf(fleet.Since(in.At).UnixMilli()), summary.MinuteOf(fleet.Until(in.At).UnixMilli())
	in.Cells = between(r.sums.Cells, func(c summary.Cell) summary.Minute { return c.Minute }, from, to)
	in.Vicinities = between(r.sums.Vicinities, func(v summary.Vicinity) summary.Minute { return v.Minute }, from, to)
	for _, e := range r.of(device) {
		if isOf(of, e) {
			in.Own = append(in.Own, r.dropOf(e))
		}
	}
	if r.withRows {
		in.Rows = []fleet.Drop{}
		for _, e := range r.rows {
			if isOf(of, e) && e.time > at-5*minute && e.time < at+5*minute {
				in.Rows = append(in.Rows, r.dropOf(e))
			}
		}
	}
	return fleet.ScopeOf(in)
}

// isOf reports whether an event is of the given kind: a drop or a refusal.
func isOf(of fleet.Of, e row) bool {
	if of == fleet.Refusals {
		return e.action == "connect" && e.info != "accepted"
	}
	return e.action == "close"
}

func (r *record) dropOf(e row) fleet.Drop {
	return fleet.Drop{
		ClientID: r.ids[e.device], Time: fleet.Instant(e.time), Node: r.nodeName(e.node),
		Address: r.addresses[e.device], Action: e.action, ActionInfo: e.info,
	}
}

// between returns the part of a sorted list from minute from to minute to, exclusive.
func between[T any](list []T, minuteOf func(T) summary.Minute, from, to summary.Minute) []T {
	search := func(m summary.Minute) int {
		i, _ := slices.BinarySearchFunc(list, m, func(v T, m summary.Minute) int { return cmp.Compare(minuteOf(v), m) })
		return i
	}
	return list[search(from):search(to)]
}
