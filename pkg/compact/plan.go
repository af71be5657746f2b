package compact

import (
	"slices"
	"strings"
	"time"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
)

// Listing is what is listed of one partition, in ascending order.
type Listing struct {
	Partition layout.Partition
	Segments  []layout.Segment
	// Modified is when the newest of them was written.
	Modified time.Time
}

// Listings parts the ordered listing of a shard into its partitions, and counts the
// objects that are not segments of this layout.
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

// Plan is a merge to be done.
type Plan struct {
	Partition layout.Partition
	// Inputs are the segments to merge, in the order of their keys: of each run only
	// the highest, and all compacted ones up to a level, as far as Config.MaxInputs
	// allows. Empty: nothing to do.
	Inputs []layout.Segment
	// Superseded are the keys that may be deleted once the output is verified: the
	// inputs, and the lower objects of their runs.
	Superseded []string
	// Level is that of the output: above every input's.
	Level int
	// Last says that the day is over and the output is all that its partition holds, so
	// that it is likely to stay.
	Last bool
	// Stuck says that there is no level left above the inputs.
	Stuck bool
}

// after is the listing once a plan is done and its output is there.
func (l Listing) after(plan Plan, output layout.Segment) Listing {
	left := slices.DeleteFunc(slices.Clone(l.Segments), func(s layout.Segment) bool {
		return slices.Contains(plan.Superseded, s.Key) || s.Key == output.Key
	})
	at, _ := slices.BinarySearchFunc(left, output, func(a, b layout.Segment) int { return strings.Compare(a.Key, b.Key) })
	l.Segments = slices.Insert(left, at, output)
	return l
}

// reads reports whether key is one of the inputs.
func (p Plan) reads(key string) bool {
	return slices.ContainsFunc(p.Inputs, func(s layout.Segment) bool { return s.Key == key })
}

// NewPlan decides what to merge of a partition. bad are keys that cannot be read:
// they are neither merged nor deleted, and a run goes on with its next lower object.
func NewPlan(listing Listing, bad map[string]bool, now time.Time, c Config) Plan {
	c = c.withDefaults()
	sources := readable(listing.Segments, bad)
	level := crowded(sources, c.Fanout)
	over := layout.DayOf(now) > listing.Partition.Day && now.Sub(listing.Modified) >= c.Quiet
	if over && len(sources) > 1 {
		level = layout.MaxLevel
	}
	plan := Plan{Partition: listing.Partition}
	for _, s := range sources {
		if s.head.Name.Level > level || len(plan.Inputs) == c.MaxInputs {
			break // sources are in the order of their levels
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

// source is an input: a compacted segment, or a run's highest readable one with the
// keys of all that it holds.
type source struct {
	head layout.Segment
	keys []string
}

func readable(segments []layout.Segment, bad map[string]bool) []source {
	var sound []layout.Segment
	for _, s := range segments {
		if !bad[s.Key] {
			sound = append(sound, s)
		}
	}
	runs, compacted := layout.Heads(sound)
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

// crowded is the highest level that holds as many segments as the fanout; -1: none.
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
