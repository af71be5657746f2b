package compact

import (
	"slices"
	"strings"
	"time"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/segment"
)

// Listing holds the segments of one partition in ascending order of their keys.
type Listing struct {
	Partition layout.Partition
	Segments  []layout.Segment
}

// modified returns the time at which the newest segment was written.
func (l Listing) modified() (newest time.Time) {
	for _, s := range l.Segments {
		if s.Modified.After(newest) {
			newest = s.Modified
		}
	}
	return newest
}

// Listings splits a sorted listing into the listings of its partitions. It skips objects whose keys
// are not valid keys of segments.
func Listings(objects []objstore.Object) (listings []Listing) {
	for _, o := range objects {
		partition, name, err := layout.ParseKey(o.Key)
		if err != nil {
			continue
		}
		if n := len(listings); n == 0 || listings[n-1].Partition != partition {
			listings = append(listings, Listing{Partition: partition})
		}
		last := &listings[len(listings)-1]
		last.Segments = append(last.Segments, layout.Segment{Key: o.Key, Size: o.Size, Name: name, Modified: o.Modified})
	}
	return listings
}

// Facts maps the keys of segments to what is known about them beyond their listing.
type Facts map[string]Fact

// Fact holds a compactor's findings from reading a segment's footer or rows.
type Fact struct {
	// Invalid means that the segment is not valid, so it must not be merged. It must not be deleted
	// either, unless a verified segment holds it.
	Invalid bool
	// Memory is the memory, in bytes, that a merge needs for the segment.
	Memory int64
	// Holds names the segments that the segment claims to hold.
	Holds []layout.Name

	footer *segment.Footer // nil if the segment is invalid
}

// Plan says which segments of a partition to merge, or how to finish an earlier merge.
type Plan struct {
	Partition layout.Partition
	// Holder is the output of an earlier merge that the plan finishes. If Holder is set, Superseded
	// holds the keys that may be deleted once Holder is verified, and all other fields except
	// Partition are empty.
	Holder layout.Segment
	// Inputs are the segments to merge, in ascending order of their keys. There are at most
	// Config.MaxInputs of them, and they fit in Config.MemoryBytes and Config.StageBytes. A merge
	// that is due at one level also takes mergeable segments of lower levels. A run contributes
	// only its valid object with the highest sequence number. Inputs is empty if no merge is due or
	// if Stuck is true.
	Inputs []layout.Segment
	// Unknown lists segments without facts: inputs, and outputs of earlier merges that may hold
	// inputs or invalid segments. If Unknown is not empty, the plan is provisional and must not be
	// carried out, because the facts may change the plan.
	Unknown []layout.Segment
	// Superseded holds the keys that may be deleted once the output is verified. These are the keys
	// of the inputs and, for each input from a run, the keys of the run's valid objects with lower
	// sequence numbers.
	Superseded []string
	// Holds names the segments that the output holds; see Listing.holds.
	Holds []string
	// Level is the level of the output. It exceeds the level of every input.
	Level int
	// Last reports whether the output will probably never be merged again, because the day is over
	// and the partition has no other segments left to merge.
	Last bool
	// Devices reports whether the output gets a summary of its devices: it does if the output will
	// probably exist for a while.
	Devices bool
	// Stuck reports whether a merge is due but impossible, because an input already has the highest
	// level.
	Stuck bool
}

// without returns a listing that omits the segments with the given keys.
func (l Listing) without(keys []string) Listing {
	l.Segments = slices.DeleteFunc(slices.Clone(l.Segments), func(s layout.Segment) bool { return slices.Contains(keys, s.Key) })
	return l
}

// with returns the listing with one more segment.
func (l Listing) with(output layout.Segment) Listing {
	at, found := slices.BinarySearchFunc(l.Segments, output, func(a, b layout.Segment) int { return strings.Compare(a.Key, b.Key) })
	if !found {
		l.Segments = slices.Insert(slices.Clone(l.Segments), at, output)
	}
	return l
}

// due reports whether there is anything to do.
func (p Plan) due() bool { return len(p.Inputs)+len(p.Unknown) > 0 || p.Holder.Key != "" }

// reads reports whether carrying out the plan, or learning its facts, reads the segment under key.
func (p Plan) reads(key string) bool {
	isKey := func(s layout.Segment) bool { return s.Key == key }
	return isKey(p.Holder) || slices.ContainsFunc(p.Inputs, isKey) || slices.ContainsFunc(p.Unknown, isKey)
}

// NewPlan decides which segments of a partition to merge. From each run, it takes only the valid
// object with the highest sequence number. A segment without facts counts as valid and as needing
// no memory. If an input of an earlier merge is still listed or listed again, NewPlan may instead
// return a plan to finish that merge; see finished.
func NewPlan(listing Listing, facts Facts, now time.Time, c Config) Plan {
	c = c.withDefaults()
	sources := c.mergeable(validSources(listing.Segments, facts), facts)
	over := layout.DayOf(now) > listing.Partition.Day && now.Sub(listing.modified()) >= c.Quiet
	level := layout.MaxLevel
	if !over {
		sources = c.ended(sources, now)
		level = crowded(sources, c.Fanout)
	}
	plan := Plan{Partition: listing.Partition}
	var size, memory int64
	for _, s := range sources {
		if s.head.Name.Level > level || len(plan.Inputs) == c.MaxInputs {
			break // the sources are in ascending order of level, so no later one qualifies
		}
		if size+s.head.Size > c.plannedBytes() {
			continue // a later source may be smaller
		}
		fact, known := facts[s.head.Key]
		if memory += fact.Memory; memory > c.MemoryBytes {
			break // otherwise, the footers of all later sources would have to be read
		}
		if !known {
			plan.Unknown = append(plan.Unknown, s.head)
		}
		size += s.head.Size
		plan.Inputs = append(plan.Inputs, s.head)
		plan.Superseded = append(plan.Superseded, s.keys...)
		plan.Level = s.head.Name.Level + 1
	}
	plan.Last = over && len(plan.Inputs) == len(sources)
	plan.Devices = over || plan.Level >= devicesLevel
	switch {
	case len(plan.Inputs) < 2:
		return listing.finished(Plan{Partition: listing.Partition}, facts)
	case plan.Level > layout.MaxLevel:
		return Plan{Partition: listing.Partition, Stuck: true}
	default:
		return listing.finished(plan, facts)
	}
}

// devicesLevel is the lowest level whose segments have a summary of their devices even if the
// partition is not closed and quiet.
const devicesLevel = 2

// finished looks for the output of an earlier merge whose inputs were not all deleted: a segment
// that may hold an input of the given plan or an invalid segment, and that holds listed segments.
// If finished finds one, it returns a plan to finish that merge. Otherwise, it completes the given
// plan.
func (l Listing) finished(plan Plan, facts Facts) Plan {
	for _, s := range l.holders(plan.Inputs, facts) {
		if _, known := facts[s.Key]; !known {
			if !slices.Contains(plan.Unknown, s) {
				plan.Unknown = append(plan.Unknown, s)
			}
		} else if keys := l.heldBy(s, facts); len(keys) > 0 {
			return Plan{Partition: l.Partition, Holder: s, Superseded: keys}
		}
	}
	if len(plan.Unknown) == 0 {
		plan.Holds = l.holds(plan.Inputs, facts)
	}
	return plan
}

// source is a possible input: a compacted segment or a run. For a compacted segment, head is the
// segment and keys holds its key.
//
// For a run, head is the valid object with the highest sequence number. This object already
// contains the rows of the run's valid objects with lower numbers. keys holds the keys of all valid
// objects of the run.
type source struct {
	head layout.Segment
	keys []string
}

// validSources returns the sources of a partition in ascending order of key. It ignores the
// segments that are known to be invalid.
func validSources(segments []layout.Segment, facts Facts) []source {
	var valid []layout.Segment
	for _, s := range segments {
		if !facts[s.Key].Invalid {
			valid = append(valid, s)
		}
	}
	runs, compacted := layout.SplitRuns(valid)
	var sources []source
	for _, run := range runs {
		s := source{head: run.Head()}
		for _, segment := range run {
			s.keys = append(s.keys, segment.Key)
		}
		sources = append(sources, s)
	}
	for _, s := range compacted {
		sources = append(sources, source{head: s, keys: []string{s.Key}})
	}
	return sources
}

// mergeable removes the sources that are too large to be merged again. Two sources that each need
// at most half of the memory of a merge can always be merged.
func (c Config) mergeable(sources []source, facts Facts) []source {
	return slices.DeleteFunc(sources, func(s source) bool {
		return s.head.Size >= c.LargeBytes || facts[s.head.Key].Memory > c.MemoryBytes/2
	})
}

// afterRun is the time, in addition to Config.RunAge, after which a compactor assumes that a run
// has ended. It covers the duration of a put and differences between clocks.
const afterRun = 2 * time.Minute

// fullBytes is the approximate size of a full run, in bytes. In a busy partition, a run becomes
// full within a minute or two. If full runs had to become old before they are merged, a query would
// have to read many of them.
const fullBytes = 16 << 10

// ended removes the runs that a recorder probably still adds to. Merging such a run would be of
// little use, because the run's next object would contain the same rows, which would then be merged
// again. A run counts as ended if it began long ago or its newest object is large.
func (c Config) ended(sources []source, now time.Time) []source {
	return slices.DeleteFunc(sources, func(s source) bool {
		return s.head.Name.Fresh() && s.head.Size < fullBytes && now.Sub(began(s.head)) < c.RunAge+afterRun
	})
}

// began returns when the run of a fresh segment began, according to its name. If that is later than
// the segment's modification time, because the recorder's clock was ahead, began returns the
// modification time.
func began(head layout.Segment) time.Time {
	if at := head.Name.RunBegan(); at.Before(head.Modified) {
		return at
	}
	return head.Modified
}

// plannedBytes returns the maximum total size of a merge's inputs, in bytes. It is lower than
// Config.StageBytes because an output may turn out slightly larger than its inputs.
func (c Config) plannedBytes() int64 { return c.StageBytes - c.StageBytes/8 }

// fanoutOf returns the number of sources at which a level is merged. For runs (level 0), it is half
// of the fanout, because a query reads the whole object of a run, but usually only a part of a
// compacted segment.
func fanoutOf(level, fanout int) int {
	if level == 0 {
		return max(2, fanout/2)
	}
	return fanout
}

// crowded returns the highest level that has enough sources for a merge, or -1 if none has; see
// fanoutOf. The sources must be in ascending order of level.
func crowded(sources []source, fanout int) int {
	perLevel := map[int]int{}
	level := -1
	for _, s := range sources {
		perLevel[s.head.Name.Level]++
		if perLevel[s.head.Name.Level] >= fanoutOf(s.head.Name.Level, fanout) {
			level = s.head.Name.Level
		}
	}
	return level
}
