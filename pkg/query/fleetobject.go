package query

import (
	"context"
	"fmt"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// maxWhole is the default of Reader.maxWhole.
const maxWhole = 32 << 20

// fleetObject is an object that was read for a question about a fleet: the whole object, its
// summaries, or both. Its rows count if minutes is nil. Otherwise, its summaries do.
type fleetObject struct {
	segment layout.Segment
	footer  *segment.Footer // nil if it was not needed or is damaged
	data    []byte          // the whole object, or nil
	// minutes, drops and devices are the encoded summaries. They are nil if they were not read.
	minutes, drops, devices []byte
	decoded                 int64 // approximate memory for decoding the summaries, in bytes
	damaged                 error // why a summary is not sound, or nil
	invalid                 error // why the object cannot be counted, or nil
	// wasAlone means that the object was read as the only one of its partition, and therefore
	// perhaps without its footer and, for totals, without the summary of its devices.
	wasAlone bool
}

// extent is the part of an object that is read first.
type extent struct {
	offset, length int64
	isWhole        bool
}

// end returns the offset of the first byte after the extent.
func (e extent) end() int64 { return e.offset + e.length }

// slice returns a part of the extent's bytes. The part must lie in the extent.
func (e extent) slice(data []byte, part layout.Range) []byte {
	return data[part.Offset-e.offset : part.End()-e.offset]
}

// footer parses the index of the object or, if it has none, its footer. The extent must contain it.
func (e extent) footer(s layout.Segment, data []byte) (*segment.Footer, error) {
	if index := s.Name.Index(s.Size); index.Length > 0 {
		return segment.ParseIndex(e.slice(data, index), index.Offset)
	}
	return segment.ParseFooter(data, s.Size)
}

// extent returns the part of a listed object to read first. It is empty if the object cannot be
// counted at all.
func (p *fleetPartition) extent(s layout.Segment) extent {
	if p.readsRows {
		return extent{0, s.Size, true}
	}
	return p.countedExtent(s)
}

// countedExtent is like extent for a question that does not want the rows.
func (p *fleetPartition) countedExtent(s layout.Segment) extent {
	whole := extent{0, s.Size, true}
	if s.Name.Fresh() {
		return whole
	}
	minutes, devices := s.Name.Minutes(s.Size), s.Name.Devices(s.Size)
	lacksDevices := p.fleet.request.needsDevices() && devices.Length == 0
	maxWhole := p.fleet.reader.maxWhole
	switch {
	case minutes.Length == 0 && s.Size > maxWhole:
		return extent{}
	case minutes.Length == 0, lacksDevices && s.Size <= maxWhole:
		return whole
	}
	first, end := minutes.Offset, minutes.End()
	if p.fleet.request.Drops {
		first = s.Name.Drops(s.Size).Offset
	}
	if p.wantsDevices() && devices.Length > 0 {
		first = devices.Offset
	}
	if p.wantsFooter(s) {
		end = indexEnd(s)
	}
	return extent{offset: first, length: end - first}
}

// wantsDevices reports whether the devices must be merged. If only the totals are needed, and the
// partition has a single object, the object's own totals suffice.
func (p *fleetPartition) wantsDevices() bool {
	q := p.fleet.request
	return q.Devices != nil || q.Totals && len(p.runs) > 1
}

// indexEnd returns the offset of the end of an object's index or, if it has none, of its footer.
func indexEnd(s layout.Segment) int64 {
	if s.Name.IndexLength > 0 {
		return s.Name.Index(s.Size).End()
	}
	return s.Size
}

// wantsFooter reports whether an object's index must be read to find out which other objects the
// object holds.
func (p *fleetPartition) wantsFooter(s layout.Segment) bool {
	return len(p.runs) > 1 && p.fleet.reader.footers.get(s) == nil
}

// read reads an object. If the object is damaged, read records the reason in its result and returns
// no error.
func (p *fleetPartition) read(ctx context.Context, s layout.Segment) (*fleetObject, error) {
	o := &fleetObject{segment: s, footer: p.fleet.reader.footers.get(s)}
	e := p.countedExtent(s)
	if !e.isWhole && !p.readsRows {
		return o, p.readSummaries(ctx, o, e)
	}
	err := p.readWhole(ctx, o)
	if err != nil || e.isWhole {
		return o, err
	}
	if o.invalid != nil {
		p.lacksRows.Store(true) // the rows are damaged, but the summaries may be sound
		o.invalid = nil
		return o, p.readSummaries(ctx, o, e)
	}
	o.wasAlone = len(p.runs) == 1
	if p.openSummaries(o, extent{0, s.Size, true}, o.data) != nil {
		o.dropSummaries() // the rows count instead
	}
	return o, nil
}

// readSummaries reads the given extent, which contains the summaries. If the extent is empty, the
// object cannot be counted.
func (p *fleetPartition) readSummaries(ctx context.Context, o *fleetObject, e extent) error {
	if e.length == 0 {
		o.invalid = cannotCount(o.segment, "it has no summary")
		return nil
	}
	o.wasAlone = len(p.runs) == 1
	data, err := p.fleet.read(ctx, o.segment.Key, e.offset, e.length)
	if err == nil {
		o.damaged = p.openSummaries(o, e, data)
		return nil
	}
	if isCorrupt(err) {
		o.invalid, err = err, nil
	}
	return err
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
	footer, err := segment.ParseWhole(data, identify(o.segment))
	if err == nil {
		err = footer.Verify(data)
	}
	if err != nil {
		return &segment.ObjectError{Key: o.segment.Key, Err: err}
	}
	o.data, o.footer = data, footer
	return nil
}

// openSummaries checks the summaries that were read. If the extent contains the index,
// openSummaries also parses the index. If the index is damaged, the object is treated as if it held
// no other objects.
func (p *fleetPartition) openSummaries(o *fleetObject, e extent, data []byte) error {
	name, size := o.segment.Name, o.segment.Size
	if o.footer == nil && e.end() >= indexEnd(o.segment) {
		if footer, err := e.footer(o.segment, data); err == nil {
			o.footer = footer
			p.fleet.reader.footers.put(o.segment, footer)
		}
	}
	o.minutes = e.slice(data, name.Minutes(size))
	if p.fleet.request.Drops {
		o.drops = e.slice(data, name.Drops(size))
	}
	if p.wantsDevices() && name.DevicesLength > 0 {
		o.devices = e.slice(data, name.Devices(size))
	}
	return o.verifySummaries()
}

// readInstead reads an object whole because a summary is damaged. If the object is too large, it
// becomes invalid.
func (p *fleetPartition) readInstead(ctx context.Context, o *fleetObject) error {
	if o.segment.Size > p.fleet.reader.maxWhole {
		o.invalid = fmt.Errorf("%w; and it is too large to be read as rows: it has %d bytes", o.damaged, o.segment.Size)
		return nil
	}
	if err := p.readWhole(ctx, o); err != nil {
		return err
	}
	o.damaged = nil
	o.dropSummaries()
	return nil
}

// dropSummaries drops the summaries, so that the rows count instead.
func (o *fleetObject) dropSummaries() { o.minutes, o.drops, o.devices, o.decoded = nil, nil, nil, 0 }

// holds returns the names of the objects that the object holds, if its footer is known.
func (o *fleetObject) holds() []layout.Name {
	if o.footer == nil {
		return nil
	}
	return heldNames(o.footer.Holds(), o.segment.Name.Level)
}
