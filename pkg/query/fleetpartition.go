package query

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync/atomic"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/parallel"
)

// fleetPartition is one partition that a question about a fleet covers.
type fleetPartition struct {
	*partition
	fleet     *fleet
	isCut     bool                    // whether the budget did not suffice to list the partition
	readsRows bool                    // whether all objects are read whole, for FleetRequest.Rows
	lacksRows atomic.Bool             // whether the rows of an object are damaged, so that its summaries count
	objects   map[string]*fleetObject // the objects that were read, by key; partition.mu protects it

	// incomplete means that an object could not be counted.
	incomplete bool
	// The following fields describe what was counted; see FleetResult.
	exact, devicesExact bool
	excess              int64
	notCounted          []Unreadable
}

// load reads the listed objects and returns the objects to count. Together, these have all events of
// the partition, except the events of the objects in p.notCounted. If a listed object is missing, load
// lists the partition again.
func (p *fleetPartition) load(ctx context.Context) ([]*fleetObject, error) {
	for {
		missing, err := p.readListed(ctx)
		if err != nil {
			return nil, p.failed(err)
		}
		if !missing {
			counted, err := p.settle(ctx)
			if !errors.Is(err, fs.ErrNotExist) {
				return counted, err
			}
		}
		if err := p.list(ctx); err != nil {
			return nil, err
		}
	}
}

// readListed reads the listed objects that were not read before, and reports whether one of them
// was missing. From each run, it reads only the newest valid object.
func (p *fleetPartition) readListed(ctx context.Context) (missing bool, err error) {
	var gone atomic.Bool
	err = parallel.Do(len(p.runs), p.fleet.reader.config.Parallel, func(i int) error {
		err := p.readHead(ctx, p.runs[i])
		if errors.Is(err, fs.ErrNotExist) {
			gone.Store(true)
			return nil
		}
		return err
	})
	return gone.Load(), err
}

// readHead reads objects of a run, from the newest to the oldest, until one of them is valid.
func (p *fleetPartition) readHead(ctx context.Context, run layout.Run) error {
	for _, s := range slices.Backward(run) {
		o, err := p.object(ctx, s)
		if err != nil || o.invalid == nil {
			return err
		}
	}
	return nil
}

// object returns an object of the partition. It reads the object unless that was done before.
func (p *fleetPartition) object(ctx context.Context, s layout.Segment) (*fleetObject, error) {
	p.mu.Lock()
	o := p.objects[s.Key]
	p.mu.Unlock()
	if o != nil && (!o.wasAlone || len(p.runs) == 1) {
		return o, nil
	}
	o, err := p.read(ctx, s)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.objects[s.Key] = o
	return o, nil
}

// settle returns the listed objects that count. It leaves out the objects that a sound object holds.
// If the summaries of an object are damaged and no sound object holds it, settle reads its rows. It
// adds the objects that cannot be counted to p.notCounted.
//
// A held object has a lower level than the object that holds it, and therefore a lower key. So settle
// starts with the highest key.
func (p *fleetPartition) settle(ctx context.Context) (counted []*fleetObject, err error) {
	var held []layout.Name // the objects that the counted objects hold
	p.notCounted, p.incomplete = nil, false
	for _, run := range slices.Backward(p.runs) {
		for _, s := range slices.Backward(run) {
			if slices.ContainsFunc(held, func(n layout.Name) bool { return n.Covers(s.Name) }) {
				break // the run's earlier objects are held, too
			}
			o := p.objects[s.Key]
			if o.damaged != nil && o.invalid == nil {
				if err := p.readInstead(ctx, o); err != nil {
					return nil, p.failed(err)
				}
			}
			if o.invalid == nil {
				counted, held = append(counted, o), append(held, o.holds()...)
				break
			}
			p.leaveOut(s.Key, o.invalid)
		}
	}
	return counted, nil
}

// leaveOut notes that an object could not be counted, or not completely.
func (p *fleetPartition) leaveOut(key string, reason error) {
	p.incomplete = true
	p.name(key, reason)
}

// lackDevices notes that the devices of an object could not be counted.
func (p *fleetPartition) lackDevices(s layout.Segment) {
	p.devicesExact = false
	p.name(s.Key, cannotCount(s, "it has no summary of its devices"))
}

// name adds an object to p.notCounted, unless it is there already.
func (p *fleetPartition) name(key string, reason error) {
	if !slices.ContainsFunc(p.notCounted, func(u Unreadable) bool { return u.Key == key }) {
		p.notCounted = append(p.notCounted, Unreadable{Key: key, Error: reason.Error()})
	}
}

// cannotCount returns an error that says why an object cannot be counted although it may be valid.
func cannotCount(s layout.Segment, why string) error {
	return fmt.Errorf("read segment %q: %s, and it is too large to be read as rows: it has %d bytes", s.Key, why, s.Size)
}
