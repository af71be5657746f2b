package compact

import (
	"slices"
	"strings"
	"time"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
)

// Listing holds the segments of one partition in ascending order of their keys.
type Listing struct {
	Partition layout.Partition
	Segments  []layout.Segment
	// Modified is when the newest segment was written, according to the store's clock.
	Modified time.Time
}

// Listings splits the sorted listing of a shard into the listings of its partitions. It also
// returns the number of objects whose keys are not valid keys of segments.
func Listings(objects []objstore.Object) (listings []Listing, foreign int) {
	for _, o := range objects {
		partition, name, err := layout.ParseKey(o.Key)
		if err != nil {
			foreign++
			continue
		}
		if n := len(listings); n == 0 || listings[n-1].Partition != partition {
			listings = append(listings, Listing{Partition: partition})
		}
		last := &listings[len(listings)-1]
		last.Segments = append(last.Segments, layout.Segment{Key: o.Key, Size: o.Size, Name: name})
		if o.Modified.After(last.Modified) {
			last.Modified = o.Modified
		}
	}
	return listings, foreign
}

// Plan says which segments of a partition to merge.
type Plan struct {
	Partition layout.Partition
	// Inputs are the segments to merge, in ascending order of their keys. There are at most
	// Config.MaxInputs of them. If a merge is due at a level, all compacted segments up to that
	// level qualify. Of each run, only the valid object with the highest sequence number qualifies.
	// Inputs is empty if no merge is due or if Stuck is true.
	Inputs []layout.Segment
	// Superseded holds the keys that may be deleted once the output is verified. These are the keys
	// of the inputs and, for each input from a run, the keys of the run's valid objects with lower
	// sequence numbers.
	Superseded []string
	// Level is the level of the output. It exceeds the level of every input.
	Level int
	// Last reports whether the output will probably never be merged again, because the day is over
	// and the output will be the partition's only valid segment.
	Last bool
	// Stuck reports whether a merge is due but impossible, because an input already has the highest
	// level.
	Stuck bool
}

// after returns the listing of the partition after the plan has been carried out. It includes the
// output and lacks the superseded segments.
func (l Listing) after(plan Plan, output layout.Segment) Listing {
	left := slices.DeleteFunc(slices.Clone(l.Segments), func(s layout.Segment) bool {
		return slices.Contains(plan.Superseded, s.Key) || s.Key == output.Key
	})
	at, _ := slices.BinarySearchFunc(left, output, func(a, b layout.Segment) int { return strings.Compare(a.Key, b.Key) })
	l.Segments = slices.Insert(left, at, output)
	return l
}

// reads reports whether key is the key of an input.
func (p Plan) reads(key string) bool {
	return slices.ContainsFunc(p.Inputs, func(s layout.Segment) bool { return s.Key == key })
}

// NewPlan decides which segments of a partition to merge. invalid contains the keys of segments
// that must be neither merged nor deleted. Of each run, only one object is merged: the one with the
// highest number that is not in invalid.
func NewPlan(listing Listing, invalid map[string]bool, now time.Time, c Config) Plan {
	c = c.withDefaults()
	sources := validSources(listing.Segments, invalid)
	level := crowded(sources, c.Fanout)
	over := layout.DayOf(now) > listing.Partition.Day && now.Sub(listing.Modified) >= c.Quiet
	if over && len(sources) > 1 {
		level = layout.MaxLevel
	}
	plan := Plan{Partition: listing.Partition}
	for _, s := range sources {
		if s.head.Name.Level > level || len(plan.Inputs) == c.MaxInputs {
			break // sources are in ascending order of level, so no later one qualifies
		}
		plan.Inputs = append(plan.Inputs, s.head)
		plan.Superseded = append(plan.Superseded, s.keys...)
		plan.Level = max(plan.Level, s.head.Name.Level+1)
	}
	plan.Last = over && len(plan.Inputs) == len(sources)
	switch {
	case plan.Level > layout.MaxLevel:
		return Plan{Partition: listing.Partition, Stuck: true}
	case len(plan.Inputs) < 2:
		return Plan{Partition: listing.Partition}
	default:
		return plan
	}
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

// validSources returns the sources of a partition in ascending order of key. invalid contains the
// keys of segments to ignore.
func validSources(segments []layout.Segment, invalid map[string]bool) []source {
	var valid []layout.Segment
	for _, s := range segments {
		if !invalid[s.Key] {
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

// crowded returns the highest level with at least fanout sources, or -1 if there is no such level.
func crowded(sources []source, fanout int) int {
	perLevel := map[int]int{}
	level := -1
	for _, s := range sources {
		perLevel[s.head.Name.Level]++
		if perLevel[s.head.Name.Level] >= fanout {
			level = max(level, s.head.Name.Level)
		}
	}
	return level
}
