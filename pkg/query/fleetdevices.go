package query

import (
	"container/heap"
	"context"
	"slices"
	"strings"

	"devicetrace/pkg/summary"
)

// DeviceMatch is a text search for devices. A device matches if one of the selected columns
// contains Text, in the same case, or if Matches returns true for one of them.
type DeviceMatch struct {
	Text string
	// ClientID, Username and Address select the columns to search.
	ClientID, Username, Address bool
	// Matches, if set, replaces the search for Text. It must be safe for concurrent use.
	Matches func(column string) bool
}

func (m *DeviceMatch) matches(d *summary.Device) bool {
	return m.ClientID && m.found(d.ClientID) || m.Username && m.found(d.Username.Text) || m.Address && m.found(d.Address.Text)
}

func (m *DeviceMatch) found(column string) bool {
	if m.Matches != nil {
		return m.Matches(column)
	}
	return strings.Contains(column, m.Text)
}

// deviceStream yields devices in ascending order of their client identifiers.
type deviceStream interface {
	// next returns the next device, or nil after the last one. The device is valid until the
	// following call.
	next(ctx context.Context) (*summary.Device, error)
}

// addDevices makes the calls of FleetRequest.Devices for a shard, and returns the totals of the
// shard if the question wants them. The totals are nil if devices are missing.
func (f *fleet) addDevices(ctx context.Context, s *fleetShard, parts [][]fleetPart) (*summary.Totals, error) {
	for _, p := range s.partitions {
		p.devicesExact = true
	}
	q := f.request
	if !q.needsDevices() {
		return nil, nil
	}
	if err := foldRows(ctx, slices.Concat(parts...)); err != nil {
		return nil, err
	}
	switch {
	case q.Match != nil && !q.Totals:
		return nil, f.search(ctx, s, parts)
	case q.Devices == nil && len(parts[0]) == 1:
		sums, err := parts[0][0].sums(ctx)
		if err == nil && sums.Totals == nil {
			parts[0][0].devices(nil, nil) // notes that the devices are missing
		}
		return sums.Totals, err
	}
	totals := &summary.Totals{}
	err := mergeDevices(ctx, openStreams(parts, nil, nil), func(same []*summary.Device) error {
		d := mergeDevice(same)
		s.searched++
		totals.Count(d)
		if q.Match != nil && !q.Match.matches(d) {
			return nil
		}
		return f.callDevices(d)
	})
	if !q.Totals || s.lacksDevices() {
		totals = nil
	}
	return totals, err
}

// lacksDevices reports whether devices of the shard may be missing.
func (s *fleetShard) lacksDevices() bool {
	return slices.ContainsFunc(s.partitions, func(p *fleetPartition) bool { return p.incomplete || !p.devicesExact })
}

// search makes the calls of FleetRequest.Devices for the matching devices of a shard. It first reads
// only the columns to search. Only if some rows match does it read the devices completely. A device
// can then turn out not to match, because a newer row has another user name or address.
func (f *fleet) search(ctx context.Context, s *fleetShard, parts [][]fleetPart) error {
	match := f.request.Match
	var candidates []string // client identifiers, in ascending order
	err := mergeDevices(ctx, openStreams(parts, match, nil), func(same []*summary.Device) error {
		s.searched++
		for _, d := range same {
			if match.matches(d) {
				candidates = append(candidates, strings.Clone(d.ClientID))
				break
			}
		}
		return nil
	})
	if err != nil || len(candidates) == 0 {
		return err
	}
	return mergeDevices(ctx, openStreams(parts, nil, candidates), func(same []*summary.Device) error {
		if _, found := slices.BinarySearch(candidates, same[0].ClientID); !found {
			return nil
		}
		if d := mergeDevice(same); match.matches(d) {
			return f.callDevices(d)
		}
		return nil
	})
}

// callDevices calls FleetRequest.Devices, if it is set. It makes one call at a time.
func (f *fleet) callDevices(d *summary.Device) error {
	if f.request.Devices == nil {
		return nil
	}
	f.calls.Lock()
	defer f.calls.Unlock()
	return f.request.Devices(d)
}

// openStreams opens the device streams of all parts of a shard that have one.
func openStreams(parts [][]fleetPart, match *DeviceMatch, only []string) (streams []deviceStream) {
	for _, part := range slices.Concat(parts...) {
		if stream := part.devices(match, only); stream != nil {
			streams = append(streams, stream)
		}
	}
	return streams
}

// mergeDevice merges the devices of one client from several parts.
func mergeDevice(same []*summary.Device) *summary.Device {
	if len(same) == 1 {
		return same[0]
	}
	merged := *same[0]
	for _, d := range same[1:] {
		merged.Merge(d)
	}
	return &merged
}

// mergeDevices calls each once for each client of the streams, in ascending order, with the client's
// devices in these streams.
func mergeDevices(ctx context.Context, streams []deviceStream, each func(same []*summary.Device) error) error {
	open := heads[*deviceHead]{before: (*deviceHead).before}
	for _, s := range streams {
		head := &deviceHead{stream: s}
		if err := head.advance(ctx, &open); err != nil {
			return err
		}
	}
	var same []*summary.Device
	var taken []*deviceHead
	for len(open.list) > 0 {
		same, taken = same[:0], taken[:0]
		for len(open.list) > 0 && (len(taken) == 0 || open.list[0].device.ClientID == same[0].ClientID) {
			head := heap.Pop(&open).(*deviceHead)
			same, taken = append(same, head.device), append(taken, head)
		}
		if err := each(same); err != nil {
			return err
		}
		for _, head := range taken {
			if err := head.advance(ctx, &open); err != nil {
				return err
			}
		}
	}
	return nil
}

// deviceHead is a stream and its next device.
type deviceHead struct {
	stream deviceStream
	device *summary.Device
}

func (h *deviceHead) before(o *deviceHead) bool { return h.device.ClientID < o.device.ClientID }

// advance moves h to its next device and adds h to open, unless the stream has ended. h must not be
// in open.
func (h *deviceHead) advance(ctx context.Context, open *heads[*deviceHead]) (err error) {
	h.device, err = h.stream.next(ctx)
	if err == nil && h.device != nil {
		heap.Push(open, h)
	}
	return err
}
