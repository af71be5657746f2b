package traceapi

import (
	"cmp"
	"container/heap"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"devicetrace/pkg/query"
	"devicetrace/pkg/summary"
)

// order is a way to sort a list of devices. Devices with a higher value come first, and devices
// with the same value are sorted by client identifier.
type order struct {
	name  string
	value func(d *summary.Device) int64
}

var orders = []order{
	{"client", func(*summary.Device) int64 { return 0 }},
	{"drops", func(d *summary.Device) int64 { return d.Drops }},
	{"offline_since", (*summary.Device).OfflineSince},
	{"last_event", func(d *summary.Device) int64 { return d.Last }},
}

// orderNamed returns the index in orders of the order with the given name, or -1.
func orderNamed(name string) int {
	return slices.IndexFunc(orders, func(o order) bool { return o.name == name })
}

// place is the place of a device in an ordered list.
type place struct {
	order    int // an index of orders
	value    int64
	clientID string
}

func (p place) compare(o place) int {
	return cmp.Or(cmp.Compare(o.value, p.value), strings.Compare(p.clientID, o.clientID))
}

// maxPlaceID is the maximum length of a client identifier in bytes.
const maxPlaceID = 1024

// cursor encodes the place: a byte for the order, eight bytes for the value, and the client
// identifier.
func (p place) cursor() string {
	b := binary.BigEndian.AppendUint64([]byte{byte(p.order)}, uint64(p.value))
	return base64.RawURLEncoding.EncodeToString(append(b, p.clientID...))
}

// parsePlace returns the place that a cursor encodes. Any error wraps query.ErrCursor.
func parsePlace(cursor string, order int) (place, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) < 9 || len(b) > 9+maxPlaceID || int(b[0]) != order || !utf8.Valid(b[9:]) || strings.ContainsAny(cursor, "\r\n") {
		return place{}, fmt.Errorf("%w: %.64q", query.ErrCursor, cursor)
	}
	return place{order, int64(binary.BigEndian.Uint64(b[1:])), string(b[9:])}, nil
}

// ranking collects the first devices of a sorted list. The devices can arrive in any order. It
// never holds more than limit+1 devices.
type ranking struct {
	order int
	after *place // the list begins after this place; nil means at its start
	limit int
	kept  ranked
}

// ranked is a heap whose root is the device that comes last in the list.
type ranked []rankedDevice

type rankedDevice struct {
	place
	device summary.Device
}

// add adds a device. It keeps a copy if the device may be on the page.
func (r *ranking) add(d *summary.Device) {
	at := place{r.order, orders[r.order].value(d), d.ClientID}
	if r.after != nil && at.compare(*r.after) <= 0 {
		return
	}
	switch {
	case len(r.kept) <= r.limit:
		heap.Push(&r.kept, rankedDevice{at, *d}.clone())
	case at.compare(r.kept[0].place) < 0:
		r.kept[0] = rankedDevice{at, *d}.clone()
		heap.Fix(&r.kept, 0)
	}
}

// page returns the devices of the page in order, and reports whether more devices follow.
func (r *ranking) page() (devices []rankedDevice, more bool) {
	devices = slices.Clone(r.kept)
	slices.SortFunc(devices, func(a, b rankedDevice) int { return a.compare(b.place) })
	if len(devices) > r.limit {
		return devices[:r.limit], true
	}
	return devices, false
}

// clone returns a copy that does not share its texts with a decoded object, which would otherwise
// stay in memory.
func (r rankedDevice) clone() rankedDevice {
	r.device = r.device.Clone()
	r.clientID = r.device.ClientID
	return r
}

func (r ranked) Len() int           { return len(r) }
func (r ranked) Less(i, j int) bool { return r[i].compare(r[j].place) > 0 }
func (r ranked) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }
func (r *ranked) Push(v any)        { *r = append(*r, v.(rankedDevice)) }
func (r *ranked) Pop() any {
	old := *r
	last := old[len(old)-1]
	*r = old[:len(old)-1]
	return last
}
