package fleet

import (
	"cmp"
	"net/netip"
	"slices"

	"devicetrace/pkg/event"
	"devicetrace/pkg/summary"
)

// own describes the device itself and its drop in question.
type own struct {
	id    string
	drops []Drop // in the window, one for each combination of minute, node and reason
	// isRecorded means that the drop in question is on record. In this case, node, network and
	// reason describe the drop. Otherwise, node and network describe the connection that ended, and
	// reason is empty. Each of them is empty if it is unknown.
	isRecorded bool
	node       string
	network    netip.Prefix
	reason     reasonKey
}

func ownOf(in *ScopeInput, w window, kind summary.Kind) own {
	o := own{id: string(in.ClientID), node: in.Node, network: networkOf(in.Address)}
	for _, d := range slices.Concat(in.Own, in.Rows) {
		isNew := !slices.ContainsFunc(o.drops, func(e Drop) bool { return e.cell() == d.cell() })
		if o.id != "" && d.ClientID == o.id && w.has(d.Time) && isNew {
			o.drops = append(o.drops, d)
		}
	}
	if len(o.drops) == 0 {
		return o
	}
	if nearest := closest(o.drops, At(in.At))[0]; distance(nearest.Time, At(in.At)) < sameDrop {
		o.isRecorded = true
		o.node, o.network = nearest.Node, networkOf(nearest.Address)
		o.reason = reasonKey{kind, nearest.Action, nearest.ActionInfo}
	}
	return o
}

// An event is the drop in question if it is less than sameDrop ms away from the requested time. The
// request may therefore omit the milliseconds.
const sameDrop = 1000

// cellKey identifies the cell that counts a drop. It omits the origin of the time, on which cells
// also depend.
type cellKey struct {
	minute             summary.Minute
	node, action, info string
}

func (d *Drop) cell() cellKey {
	return cellKey{summary.MinuteOf(int64(d.Time)), d.Node, d.Action, d.ActionInfo}
}

func distance(a, b Instant) Instant { return max(a-b, b-a) }

// others counts the other devices that dropped in a window.
type others struct {
	all      int64
	nodes    map[nodeKey]int64
	reasons  map[reasonKey]int64
	networks networks
	// devices lists the devices that are known by name, each with its drop that is closest to the
	// drop in question. The closest drops come first. isComplete means that devices lists all other
	// devices.
	devices    []Drop
	isComplete bool
	isExact    bool // all is exact
	// isSplit means that the numbers in nodes and reasons are exact, because the rows are known or
	// each device is in only one cell.
	isSplit bool
	// twice is the maximum number of devices that the field all counts twice, because they dropped
	// on both sides of midnight.
	twice int64
}

// othersOf counts the other devices. It uses the rows if there are any.
func othersOf(in *ScopeInput, s sums, o own, w window, kind summary.Kind) others {
	if in.Rows != nil {
		return othersInRows(in, o, w, kind)
	}
	return othersInSums(in, s, o, w, kind)
}

func othersInRows(in *ScopeInput, o own, w window, kind summary.Kind) others {
	rows := slices.DeleteFunc(slices.Clone(in.Rows), func(d Drop) bool {
		return !w.has(d.Time) || o.id != "" && d.ClientID == o.id
	})
	c := others{isComplete: true, isExact: true, isSplit: true, devices: closest(rows, At(in.At))}
	c.all = int64(len(c.devices))
	c.nodes = countBy(rows, func(d *Drop) nodeKey { return nodeKey{node: d.Node} })
	c.reasons = countBy(rows, func(d *Drop) reasonKey { return reasonKey{kind, d.Action, d.ActionInfo} })
	c.networks.others = countBy(rows, networkOfDrop)
	for _, n := range c.networks.others {
		c.networks.known += n
	}
	return c
}

// countBy returns the number of devices for each result of key.
func countBy[K comparable](rows []Drop, key func(*Drop) K) map[K]int64 {
	type pair struct {
		key K
		id  string
	}
	seen, counts := map[pair]bool{}, map[K]int64{}
	for i := range rows {
		if p := (pair{key(&rows[i]), rows[i].ClientID}); !seen[p] {
			seen[p] = true
			counts[p.key]++
		}
	}
	return counts
}

// closest returns one drop for each device, the one closest to the given time. The closest drops come
// first.
func closest(rows []Drop, at Instant) []Drop {
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b Drop) int {
		return cmp.Or(cmp.Compare(distance(a.Time, at), distance(b.Time, at)), cmp.Compare(a.ClientID, b.ClientID))
	})
	seen := map[string]bool{}
	return slices.DeleteFunc(sorted, func(d Drop) bool {
		known := seen[d.ClientID]
		seen[d.ClientID] = true
		return known
	})
}

func othersInSums(in *ScopeInput, s sums, o own, w window, kind summary.Kind) others {
	c := others{nodes: map[nodeKey]int64{}, reasons: map[reasonKey]int64{}}
	c.all = s.devices(kind)(w.first + 1)
	c.twice = s.aroundMidnight(o, w, kind)
	c.isExact = in.Exact && s.counted() && c.twice == 0
	c.all = max(0, c.all-o.days())
	var sum int64
	for cell, devices := range s.withoutOwn(o, w, kind) {
		c.nodes[nodeOf(&cell.Key)] += devices
		c.reasons[reasonOf(&cell.Key)] += devices
		sum += devices
	}
	c.isSplit = c.isExact && sum == c.all
	scale(c.nodes, c.all)
	scale(c.reasons, c.all)
	if kind == summary.Drop { // the samples hold only drops
		c.addSample(s, o, w, At(in.At))
	}
	return c
}

// days returns on how many UTC days the device dropped in the window. The sums of each of these
// days count the device.
func (o *own) days() int64 {
	days := map[summary.Minute]bool{}
	for i := range o.drops {
		days[summary.MinuteOf(int64(o.drops[i].Time))/minutesPerDay] = true
	}
	return int64(len(days))
}

// aroundMidnight returns the maximum number of other devices with drops on both sides of midnight. The
// sums of the two days count them twice.
func (s sums) aroundMidnight(o own, w window, kind summary.Kind) int64 {
	var days [2]int64
	for cell, devices := range s.withoutOwn(o, w, kind) {
		days[min(cell.Minute/minutesPerDay-w.first/minutesPerDay, 1)] += devices
	}
	return min(days[0], days[1])
}

// scale reduces counts so that they add up to all, or to slightly more because it rounds up. The
// sum of counts exceeds all if devices dropped several times, in different cells.
func scale[K comparable](counts map[K]int64, all int64) {
	var sum int64
	for _, n := range counts {
		sum += n
	}
	for k, n := range counts {
		if sum > all {
			counts[k] = (n*all + sum - 1) / sum
		}
	}
}

// withoutOwn yields the cells of a window with events of the given kind. With each cell, it yields
// the number of other devices in it.
func (s sums) withoutOwn(o own, w window, kind summary.Kind) func(yield func(*summary.Cell, int64) bool) {
	cells := s.inWindow(w)
	ownIn := map[int]int64{}
	for i := range o.drops {
		if found := cellOf(cells, o.drops[i].cell()); found >= 0 {
			ownIn[found]++
		}
	}
	return func(yield func(*summary.Cell, int64) bool) {
		for i := range cells {
			if n := cells[i].Devices - ownIn[i]; n > 0 && cells[i].Kind() == kind && !yield(&cells[i], n) {
				return
			}
		}
	}
}

// cellOf returns the index of the cell that counts a drop, or -1 if there is none. If no cell names
// the drop's node, the drop is in a cell of the rest.
func cellOf(cells []summary.Cell, k cellKey) int {
	rest := -1
	for i := range cells {
		c := &cells[i]
		if c.Minute != k.minute || c.Action != k.action || c.ActionInfo != k.info {
			continue
		}
		if c.Node == k.node && !c.Rest {
			return i
		}
		if c.Rest {
			rest = i
		}
	}
	return rest
}

// addSample adds the devices in the samples of the window.
func (c *others) addSample(s sums, o own, w window, at Instant) {
	var drops []Drop
	weights := map[netip.Prefix]float64{}
	var total float64
	for m := w.first; m <= w.last; m++ {
		var devices int64
		for _, n := range s.withoutOwn(o, window{m, m}, summary.Drop) {
			devices += n
		}
		sample := s.sample(m, o.id)
		for _, d := range sample {
			weight := float64(devices) / float64(len(sample))
			weights[networkOf(d.Address)] += weight
			total += weight
		}
		drops = append(drops, sample...)
	}
	c.devices = closest(drops, at)
	c.isComplete = c.isExact && int64(len(c.devices)) == c.all
	c.networks.addSample(c.devices, weights, total)
}

// sample returns the clients in the sample of a minute, except the device itself.
func (s sums) sample(m summary.Minute, id string) (drops []Drop) {
	v, _ := s.vicinity(m)
	for _, w := range v.Sample {
		if id == "" || w.ClientID != id {
			drops = append(drops, Drop{w.ClientID, Instant(w.Time), w.Node, w.Address, actionOfDrop, w.ActionInfo})
		}
	}
	return drops
}

// actionOfDrop is the action of the drops in samples, which do not store it.
const actionOfDrop = string(event.Close)
