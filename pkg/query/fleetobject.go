package query

import (
	"context"
	"fmt"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// maxWhole is the default of Reader.maxWhole.
const maxWhole = 32 << 20

// fleetObject is an object that was read for a question about a fleet: the whole object or its
// summaries. If it was read whole, data is not nil, and its rows count. Otherwise, its summaries do.
type fleetObject struct {
	segment layout.Segment
	footer  *segment.Footer // nil if it was not needed or is damaged
	data    []byte
	// minutes, drops and devices are the encoded summaries. They are nil if they were not read.
	minutes, drops, devices []byte
	damaged                 error // why a summary is not sound, or nil
	invalid                 error // why the object cannot be counted, or nil
	// wasAlone means that the object was read as the only one of its partition, and therefore without
	// its footer and, for totals, without the summary of its devices.
	wasAlone bool
}

// extent is the part of an object that is read at first.
type extent struct {
	offset, length int64
	isWhole        bool // whether the rows count
}

// end returns the offset of the first byte after the extent.
func (e extent) end() int64 { return e.offset + e.length }

// slice returns a part of the extent's bytes. The part must lie in the extent.
func (e extent) slice(data []byte, part span) []byte {
	return data[part.offset-e.offset : part.offset-e.offset+part.length]
}

// extent returns the part of a listed object to read at first. It is empty if the object cannot be
// counted at all.
func (p *fleetPartition) extent(s layout.Segment) extent {
	whole := extent{0, s.Size, true}
	if s.Name.Fresh() || p.readsRows {
		return whole
	}
	minutes, drops, devices := summariesOf(s)
	lacksDevices := p.fleet.request.needsDevices() && devices.length == 0
	switch {
	case minutes.length == 0 && s.Size > p.fleet.reader.maxWhole:
		return extent{}
	case minutes.length == 0, lacksDevices && s.Size <= p.fleet.reader.maxWhole:
		return whole
	}
	e := extent{offset: minutes.offset, length: minutes.length}
	if p.fleet.request.Drops {
		e = extent{offset: drops.offset, length: minutes.end() - drops.offset}
	}
	if p.wantsDevices() && devices.length > 0 {
		e = extent{offset: devices.offset, length: minutes.end() - devices.offset}
	}
	if p.wantsFooter(s.Key) {
		e.length = s.Size - e.offset
	}
	return e
}

// wantsDevices reports whether the devices must be merged. If only the totals are needed, and the
// partition has a single object, the object's own totals suffice.
func (p *fleetPartition) wantsDevices() bool {
	q := p.fleet.request
	return q.Devices != nil || q.Totals && len(p.runs) > 1
}

// wantsFooter reports whether an object's footer must be read, to find out which objects it holds.
func (p *fleetPartition) wantsFooter(key string) bool {
	return len(p.runs) > 1 && p.fleet.reader.footers.get(key) == nil
}

// read reads an object. If it is damaged, read states the reason in the object and returns no error.
func (p *fleetPartition) read(ctx context.Context, s layout.Segment) (*fleetObject, error) {
	o := &fleetObject{segment: s, wasAlone: len(p.runs) == 1}
	o.footer = p.fleet.reader.footers.get(s.Key)
	e := p.extent(s)
	if e.length == 0 {
		o.invalid = cannotCount(s, "it has no summary")
		return o, nil
	}
	if e.isWhole {
		o.wasAlone = false
		return o, p.readWhole(ctx, o)
	}
	data, err := p.fleet.read(ctx, s.Key, e.offset, e.length)
	switch {
	case err == nil:
		o.damaged = p.openSummaries(o, e, data)
		return o, nil
	case isCorrupt(err):
		o.invalid = err
		return o, nil
	default:
		return nil, err
	}
}

// readWhole reads a whole object, whose rows then count.
func (p *fleetPartition) readWhole(ctx context.Context, o *fleetObject) error {
	data, err := p.fleet.read(ctx, o.segment.Key, 0, o.segment.Size)
	if err == nil {
		err = o.openWhole(data)
	}
	if isCorrupt(err) {
		o.invalid, err = err, nil
	}
	return err
}

// openWhole checks all row groups of an object.
func (o *fleetObject) openWhole(data []byte) error {
	footer, err := segment.ParseFooter(data, o.segment.Size)
	if err == nil {
		err = footer.Verify(data)
	}
	if err != nil {
		return &segment.ObjectError{Key: o.segment.Key, Err: err}
	}
	o.data, o.footer = data, footer
	return nil
}

// openSummaries checks the summaries that were read. If the extent reaches the end of the object,
// openSummaries also parses the footer. A damaged footer does not matter: the object then counts as
// one that holds no others.
func (p *fleetPartition) openSummaries(o *fleetObject, e extent, data []byte) error {
	if o.footer == nil && e.end() == o.segment.Size {
		if footer, err := segment.ParseFooter(data, o.segment.Size); err == nil {
			o.footer = footer
			p.fleet.reader.footers.put(o.segment.Key, footer)
		}
	}
	minutes, drops, devices := summariesOf(o.segment)
	o.minutes = e.slice(data, minutes)
	if p.fleet.request.Drops {
		o.drops = e.slice(data, drops)
	}
	if p.wantsDevices() && devices.length > 0 {
		o.devices = e.slice(data, devices)
	}
	for _, blob := range [][]byte{o.minutes, o.drops, o.devices} {
		if err := checkSummary(blob); err != nil {
			return &segment.ObjectError{Key: o.segment.Key, Err: err}
		}
	}
	return nil
}

// readInstead reads an object whole because a summary is damaged. If the object is too large, it
// becomes invalid.
func (p *fleetPartition) readInstead(ctx context.Context, o *fleetObject) error {
	reason := o.damaged
	o.damaged, o.minutes, o.drops, o.devices = nil, nil, nil, nil
	if o.segment.Size > p.fleet.reader.maxWhole {
		o.invalid = fmt.Errorf("%w; and it is too large to be read as rows: it has %d bytes", reason, o.segment.Size)
		return nil
	}
	return p.readWhole(ctx, o)
}

// holds returns the names of the objects that the object holds, if its footer is known.
func (o *fleetObject) holds() []layout.Name {
	if o.footer == nil {
		return nil
	}
	return heldNames(o.footer.Holds(), o.segment.Name.Level)
}
