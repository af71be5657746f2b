package traceapi

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"time"

	"devicetrace/pkg/fleet"
	"devicetrace/pkg/summary"
)

// fleetColumns are the columns of a fleet's sums in CSV.
var fleetColumns = []string{"time", "kind", "action", "action_info", "node", "rest", "events"}

// fleetRow counts the events of a step that have the same kind, action, action info and node. If
// rest is true, it counts the events on all nodes that are not named.
type fleetRow struct {
	time         time.Time
	kind         summary.Kind
	action, info string
	node         string
	rest         bool
}

func (r fleetRow) compare(o fleetRow) int {
	restLast := func(rest bool) int {
		if rest {
			return 1
		}
		return 0
	}
	return cmp.Or(r.time.Compare(o.time), cmp.Compare(r.kind, o.kind), cmp.Compare(r.action, o.action), cmp.Compare(r.info, o.info),
		cmp.Compare(restLast(r.rest), restLast(o.rest)), cmp.Compare(r.node, o.node))
}

// fleetRows returns the sorted CSV records of a fleet's sums, and their size. It names only the
// given nodes. It stops when the size exceeds maxBytes.
func fleetRows(cells []summary.Cell, q fleetRequest, nodes []fleet.Node) (records [][]byte, size int) {
	named, events := map[fleet.Node]bool{}, map[fleetRow]int64{}
	for _, n := range nodes {
		named[fleet.Node{Node: n.Node, Rest: n.Rest}] = true
	}
	for i := range cells {
		c := &cells[i]
		at := c.Minute.Time()
		if at.Before(q.from) || !at.Before(q.to) {
			continue
		}
		row := fleetRow{at.Truncate(q.step), c.Kind(), c.Action, c.ActionInfo, c.Node, c.Rest}
		if !named[fleet.Node{Node: c.Node, Rest: c.Rest}] {
			row.node, row.rest = "", true
		}
		events[row] += c.Events
	}
	for _, r := range slices.SortedFunc(maps.Keys(events), fleetRow.compare) {
		record := tableRecord(instant(r.time), r.kind.String(), r.action, r.info, r.node, r.rest, events[r])
		records, size = append(records, record), size+wireSize(record)
		if size > maxBytes {
			break
		}
	}
	return records, size
}

// csv returns the response in CSV. records are the result of fleetRows. If bom is true, the response
// begins with a byte order mark.
func (f fleetResponse) csv(bom bool, records [][]byte) response {
	return func(w http.ResponseWriter, _ *http.Request) {
		f.completeness.header(w.Header())
		writeTable(w, bom, fleetColumns, records, tableEnd{incomplete: !f.isWhole(), absent: f.absence, receipt: f.Receipt})
	}
}
