package scope_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/fleet"
)

// incident is something that happens to a fleet at a known time.
type incident struct {
	name string
	// minDevices is the size of the smallest fleet in which the incident hits
	// enough devices to have a scope.
	minDevices int
	// happens adds the incident's events. It returns the devices that were hit, and when.
	happens func(w *world, at int64) []hit
	// want returns the scopes that are right for a hit, each with its name.
	want      func(w *world, h hit) map[fleet.Kind]string
	of        fleet.Of
	isNetwork bool // the incident hits one network
	hitsAll   bool // the incident hits many devices or hits them often
}

// hit is one drop or refusal that an incident causes. node is the node of the connection that ended.
type hit struct {
	device int
	time   int64
	node   int
}

// incidents lists all incidents. Some have no scope but the device itself.
var incidents = []incident{
	{"node restart", 60, restart("ServerShutdown", 3000), wantNode("ServerShutdown"), fleet.Drops, false, false},
	{"node restart, one by one", 60, restart("Socket IOException", 50_000), wantNode("Socket IOException"), fleet.Drops, false, false},
	{"node restart, no reason", 60, restart("", 3000), wantNode(""), fleet.Drops, false, false},
	{"network outage", 100, outage(60_000), wantNetwork, fleet.Drops, true, false},
	{"network outage, one by one", 1000, outage(4 * minute), wantNetwork, fleet.Drops, true, false},
	{"bad roll-out", 300, rollout(10), wantReason("not authorized"), fleet.Refusals, false, true},
	{"login service outage", 30, rollout(1), wantReason("not authorized"), fleet.Refusals, false, true},
	{"crash of a node", 60, crash, wantNode(""), fleet.Drops, false, false},
	{"crash of the broker", 10, crashAll, wantEverything, fleet.Drops, false, true},
	{"outage of the site", 10, outageOfAll, wantReason("no heart"), fleet.Drops, false, true},
	{"outage of the site, several reasons", 30, outageOfAllMixed, wantEverything, fleet.Drops, false, true},
	{"cloned client identifier", 10, repeatedDrops("clientId conflict", 10_000, 60), wantItself, fleet.Drops, false, false},
	{"flaky radio", 10, repeatedDrops("no heart", 4*minute, 30), wantItself, fleet.Drops, false, false},
}

// restart ends all connections of a node within the given number of milliseconds.
func restart(reason string, within int64) func(*world, int64) []hit {
	return func(w *world, at int64) (hits []hit) {
		down := w.anyNode()
		for d := range w.devices {
			if w.node[d] == down {
				hits = append(hits, w.struck(d, at+w.random.Int64N(within), reason))
			}
		}
		return hits
	}
}

// struck adds the drop of a device, and returns it as the source reports it.
func (w *world) struck(device int, at int64, reason string) hit {
	h := hit{device: device, node: w.node[device]}
	w.drop(device, at, reason, 1000+w.exponential(20_000))
	h.time = w.rows[len(w.rows)-2].time
	return h
}

// outage cuts off a network. The keep alives of its devices time out within the given number of
// milliseconds.
func outage(within int64) func(*world, int64) []hit {
	return func(w *world, at int64) (hits []hit) {
		cut := w.network(w.devices * 3 / 4)
		for d := range w.devices {
			if w.network(d) == cut {
				hits = append(hits, w.struck(d, at+w.random.Int64N(within), "no heart"))
			}
		}
		return middle(hits, at, within)
	}
}

// middle leaves out the hits in the first and the last minute of an incident that takes more than
// two minutes.
func middle(hits []hit, at, within int64) []hit {
	return slices.DeleteFunc(hits, func(h hit) bool { return within > 2*minute && (h.time < at+minute || h.time > at+within-minute) })
}

// rollout gives every n-th device bad credentials, so that it is refused several times in the next
// hour.
func rollout(n int) func(*world, int64) []hit {
	return func(w *world, at int64) (hits []hit) {
		for d := 0; d < w.devices; d += n {
			for try := at + w.random.Int64N(5*minute); try < at+70*minute; try += w.random.Int64N(10 * minute) {
				w.add(d, try, "connect", "not authorized")
				if try > at+5*minute && w.isSimulated(try) {
					hits = append(hits, hit{d, w.rows[len(w.rows)-1].time, w.node[d]})
				}
			}
		}
		return hits
	}
}

// crash ends all connections of a node without reporting their ends. The devices come back within a
// minute.
func crash(w *world, at int64) []hit {
	down := w.anyNode()
	isBack := w.random.IntN(2) == 0
	return w.comeBack(at, func(d int) bool { return w.node[d] == down }, func() int {
		if isBack || w.nodes < 2 {
			return down
		}
		return (down + 1 + w.random.IntN(w.nodes-1)) % w.nodes
	})
}

func crashAll(w *world, at int64) []hit {
	return w.comeBack(at, func(int) bool { return true }, w.anyNode)
}

// comeBack makes the devices connect again within a minute.
func (w *world) comeBack(at int64, isHit func(device int) bool, nextNode func() int) (hits []hit) {
	for d := range w.devices {
		if !isHit(d) {
			continue
		}
		h := hit{device: d, node: w.node[d]}
		w.node[d] = nextNode()
		w.add(d, at+w.random.Int64N(minute), "connect", "accepted")
		h.time = w.rows[len(w.rows)-1].time
		hits = append(hits, h)
	}
	return hits
}

func outageOfAll(w *world, at int64) (hits []hit) {
	for d := range w.devices {
		hits = append(hits, w.struck(d, at+w.random.Int64N(minute), "no heart"))
	}
	return hits
}

func outageOfAllMixed(w *world, at int64) (hits []hit) {
	for d := range w.devices {
		reason := []string{"no heart", "Socket IOException", "closed by client"}[w.random.IntN(3)]
		hits = append(hits, w.struck(d, at+w.random.Int64N(minute), reason))
	}
	return hits
}

// repeatedDrops makes one device drop n times.
func repeatedDrops(reason string, every int64, n int) func(*world, int64) []hit {
	return func(w *world, at int64) (hits []hit) {
		device := w.devices / 2
		for i := range n {
			drop := at - 60*minute + int64(i)*every + w.random.Int64N(every/2)
			if h := w.struck(device, drop, reason); w.isSimulated(drop) {
				hits = append(hits, h)
			}
		}
		return hits
	}
}

// wantNode expects the node of the connection that ended. If the fleet does not have several nodes,
// it expects the reason, if any.
func wantNode(reason string) func(*world, hit) map[fleet.Kind]string {
	return func(w *world, h hit) map[fleet.Kind]string {
		switch {
		case w.nodes > 1:
			return map[fleet.Kind]string{fleet.ByNode: w.nodeName(h.node)}
		case reason != "" && !w.wordless:
			return map[fleet.Kind]string{fleet.ByReason: reason}
		default:
			return wantEverything(w, h)
		}
	}
}

func wantNetwork(w *world, h hit) map[fleet.Kind]string {
	return map[fleet.Kind]string{fleet.ByNetwork: w.networkName(h.device) + "0/24"}
}

func wantReason(reason string) func(*world, hit) map[fleet.Kind]string {
	return func(w *world, h hit) map[fleet.Kind]string {
		if w.wordless && reason != "not authorized" {
			return wantEverything(w, h)
		}
		return map[fleet.Kind]string{fleet.ByReason: reason}
	}
}

// wantEverything accepts the scopes that contain the whole fleet: the fleet and, if there is only
// one node, that node.
func wantEverything(w *world, h hit) map[fleet.Kind]string {
	want := map[fleet.Kind]string{fleet.Fleet: ""}
	if w.nodes == 1 {
		want[fleet.ByNode] = w.nodeName(h.node)
	}
	return want
}

// wantItself expects that no group is named.
func wantItself(*world, hit) map[fleet.Kind]string {
	return map[fleet.Kind]string{fleet.Alone: "", fleet.NotClear: ""}
}

// isFew reports whether the hits near h are possibly too few to name a scope: fewer than eight
// other devices in the same minute and its two neighbors.
func isFew(hits []hit, h hit) bool {
	others := map[int]bool{}
	for _, o := range hits {
		if apart := o.time/minute - h.time/minute; o.device != h.device && -1 <= apart && apart <= 1 {
			others[o.device] = true
		}
	}
	return len(others) < 8
}

func isUnnamed(k fleet.Kind) bool { return k == fleet.Alone || k == fleet.NotClear }

// stricken lists the fleets in which the tests simulate incidents.
var stricken = []habits{
	{devices: 10, nodes: 1, drops: 2},
	{devices: 30, nodes: 2, drops: 5},
	{devices: 100, nodes: 3, drops: 3, precision: time.Second},
	{devices: 100, nodes: 1, drops: 5},
	{devices: 300, nodes: 3, drops: 3, flappy: 5},
	{devices: 300, drops: 3, nodes: 0},
	{devices: 1000, nodes: 3, drops: 3, morning: true},
	{devices: 1000, nodes: 2, drops: 3, precision: time.Minute, hourly: 0.05},
	{devices: 1000, nodes: 4, drops: 0.02, stamp: 20 * time.Second},
	{devices: 3000, nodes: 4, drops: 2, wordless: true},
	{devices: 3000, nodes: 4, drops: 2, nat: true},
	{devices: 10_000, nodes: 8, drops: 2, hourly: 0.05, morning: true},
	{devices: 30_000, nodes: 10, drops: 1, morning: true, received: true},
	{devices: 100_000, nodes: 16, drops: 1},
}

// seedsOf returns the number of days to simulate: fewer for large fleets.
func seedsOf(h habits) uint64 { return max(1, min(10, uint64(6000/h.devices))/everyNth) }

// asked is the maximum number of devices to ask about on one day.
const asked = 8

// score counts the days on which every answer was right.
type score struct {
	mutex       sync.Mutex
	right, days int
	wrong       []string
}

func (s *score) add(wrong []string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.days++
	if len(wrong) == 0 {
		s.right++
	}
	s.wrong = append(s.wrong, wrong[:min(len(wrong), 1)]...)
}

// minRight is the minimum share of days on which every answer must be right.
const minRight = 0.99

// TestIncidentsAreFound simulates days with an incident, and asks about the devices that were hit.
func TestIncidentsAreFound(t *testing.T) {
	t.Parallel()
	total := &score{}
	t.Run("incidents", func(t *testing.T) {
		for _, i := range incidents {
			t.Run(i.name, func(t *testing.T) {
				t.Parallel()
				s := &score{}
				for n, h := range stricken {
					for seed := range seedsOf(h) {
						if i.applies(h) {
							wrong := i.tryDay(h, uint64(100*n)+seed)
							s.add(wrong)
							total.add(wrong)
						}
					}
				}
				t.Logf("%d of %d days right", s.right, s.days)
			})
		}
	})
	t.Logf("%d of %d days right; wrong answers:\n%s", total.right, total.days, strings.Join(total.wrong, "\n"))
	if everyNth == 1 {
		require.GreaterOrEqual(t, float64(total.right), minRight*float64(total.days))
	}
}

// applies reports whether an incident can happen to a fleet. An outage of one network needs a fleet
// with several networks.
func (i incident) applies(h habits) bool {
	// Simulating more events would take too long.
	isTooLarge := h.devices*everyNth > 100_000 || i.hitsAll && h.devices > 10_000
	return h.devices >= i.minDevices && !(i.isNetwork && h.nat) && !isTooLarge
}

// tryDay simulates one day with the incident, and asks about some of the devices that were hit. It
// returns a description of each wrong answer.
func (i incident) tryDay(h habits, seed uint64) (wrong []string) {
	w := newWorld(h, seed)
	at := day.UnixMilli() + (2*minutesPerHour+w.random.Int64N(20*minutesPerHour))*minute + w.random.Int64N(minute)
	if h.devices > 100 {
		w.at = at
	}
	w.live()
	hits := i.happens(w, at)
	w.random.Shuffle(len(hits), func(a, b int) { hits[a], hits[b] = hits[b], hits[a] })
	r := w.record(h.devices <= 1000 && seed%2 == 0)
	for _, hit := range hits[:min(len(hits), asked)] {
		s, want := r.ask(i.of, hit.device, hit.time, hit.node), i.want(w, hit)
		name, isRight := want[s.Kind]
		if !(isRight && name == s.Name) && !(isFew(hits, hit) && isUnnamed(s.Kind)) {
			wrong = append(wrong, fmt.Sprintf("%s, %+v, seed %d: want %v, got %s %q: %s", i.name, h, seed, want, s.Kind, s.Name, s.Text(fleet.English)))
		}
	}
	return wrong
}
