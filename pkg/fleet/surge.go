package fleet

import "devicetrace/pkg/summary"

// surge is an unusual number of devices that connect in the window or right after it. A broker that
// crashes reports no drops, but its devices come back.
type surge struct {
	devices int64
	usual   float64
	// node is the node that crashed. It is empty if the connects do not show which one did.
	node string
	// isReturn means that nearly all devices came back to the node. Otherwise, hardly any did.
	isReturn bool
}

// surgeMinutes is the number of minutes whose vicinities are examined. The first of them is the
// minute of the drop.
const surgeMinutes = 3

// surge returns the surge around the drop, or nil if there is none. A drop on record rules out a
// surge, because the broker was able to report the drop. If there is no device, events of the day
// before must be known. Otherwise, the first morning on record would look like a surge.
func (j *judge) surge() *surge {
	isPossible := !j.own.isRecorded
	if j.in.ClientID == "" {
		isPossible = j.sums.knowsDayBefore(j.minute)
	}
	if j.kind != summary.Drop || !isPossible {
		return nil
	}
	connects := j.sums.devices(summary.Connect)
	for m := j.minute; m < j.minute+surgeMinutes; m++ {
		g := group{others: connects(m) - 1, level: hourBefore.levelAt(m, connects)}
		if j.passes(&g) {
			s := &surge{devices: connects(m), usual: g.level.usual}
			j.locate(s, m)
			return s
		}
	}
	return nil
}

// locate sets the node of a surge around minute m. If the node of the device is known, only this node
// is possible.
func (j *judge) locate(s *surge, m summary.Minute) {
	shares := j.shares()
	connects := map[nodeKey]int64{}
	var all int64
	for _, c := range within(j.sums.cells, m-1, m+2) {
		if c.Kind() == summary.Connect {
			connects[nodeOf(&c.Key)] += c.Devices
			all += c.Devices
		}
	}
	found := 0
	for k := range shares.nodes {
		if k.node == "" || j.own.node != "" && k.node != j.own.node {
			continue
		}
		n := connects[k]
		isReturn := float64(n) >= minCover*float64(all) && (shares.isOnly() || shares.standsOut(k, n, all))
		if isReturn || shares.isMissing(k, n, all) {
			found++
			s.node, s.isReturn = k.node, isReturn
		}
	}
	if found != 1 {
		s.node = ""
	}
}
