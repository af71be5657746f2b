package query

import (
	"context"

	"devicetrace/pkg/summary"
)

// fleetPart is a part of a partition that contains no event twice: the summaries of one object, or
// the rows of several objects. Different parts may have events in common.
type fleetPart interface {
	// devices returns a stream of the part's devices. From a summary, it decodes only the columns
	// that match needs; nil means all of them. If only is not nil, it is a list of client
	// identifiers in ascending order. The stream then leaves out most devices that are not in the
	// list. If the part has no devices, the method notes that in the partition and returns nil. It
	// can be called a second time after the first stream has ended.
	devices(match *DeviceMatch, only []string) deviceStream
	// sums returns the sums of the part. It must not be called while devices are being read.
	sums(ctx context.Context) (*summary.Sums, error)
	// close releases the memory of the part. It may be called more than once.
	close()
}

// rowsMemory is the maximum memory, in bytes, of the objects that are merged as one part of a
// partition. More objects make several parts, which may count events twice.
const rowsMemory = 24 << 20

// parts divides the given objects of a partition among parts.
func (p *fleetPartition) parts(objects []*fleetObject) (parts []fleetPart) {
	var rows []*fleetObject
	var memory int64
	for _, o := range objects {
		if o.minutes != nil {
			parts = append(parts, &summaryPart{partition: p, object: o})
			continue
		}
		need := o.footer.MergeMemory()
		if len(rows) > 0 && memory+need > rowsMemory {
			parts = append(parts, &rowsPart{partition: p, objects: rows})
			rows, memory = nil, 0
		}
		rows, memory = append(rows, o), memory+need
	}
	if len(rows) > 0 {
		parts = append(parts, &rowsPart{partition: p, objects: rows})
	}
	return parts
}

func closeParts(parts []fleetPart) {
	for _, p := range parts {
		p.close()
	}
}

// summaryPart is a part whose sums and devices are in the summaries of an object.
type summaryPart struct {
	partition *fleetPartition
	object    *fleetObject
	decoded   *summary.Sums // nil until they are decoded
}

func (s *summaryPart) devices(match *DeviceMatch, only []string) deviceStream {
	if s.object.devices == nil {
		s.partition.lackDevices(s.object.segment)
		return nil
	}
	return s.openDevices(match, only)
}

// sums decodes the sums. If they cannot be decoded although their checksums are right, the object
// counts as damaged.
func (s *summaryPart) sums(context.Context) (*summary.Sums, error) {
	if s.decoded != nil {
		return s.decoded, nil
	}
	sums, err := s.object.decodeSums(s.partition.fleet.wants)
	if err != nil {
		s.damaged(err)
		sums = &summary.Sums{}
	}
	s.decoded = sums
	return sums, nil
}

func (s *summaryPart) close() { s.decoded = nil }
