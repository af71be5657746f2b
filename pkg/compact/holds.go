package compact

import (
	"slices"

	"devicetrace/pkg/layout"
)

// holding is a set of segments. If it contains a segment of a run, it also contains the run's
// segments with lower sequence numbers.
type holding struct {
	runs      map[string]int // the highest sequence number of each run
	compacted map[layout.Name]bool
}

func newHolding(names ...layout.Name) holding {
	h := holding{runs: map[string]int{}, compacted: map[layout.Name]bool{}}
	h.add(names...)
	return h
}

func (h holding) add(names ...layout.Name) {
	for _, n := range names {
		if n.Fresh() {
			h.runs[n.Run] = max(h.runs[n.Run], n.Seq)
		} else {
			h.compacted[n] = true
		}
	}
}

func (h holding) has(n layout.Name) bool {
	if n.Fresh() {
		return n.Seq <= h.runs[n.Run]
	}
	return h.compacted[n]
}

// maxHolds is the maximum number of segments that an output names in its footer. More names would
// make the footer long, and readers must read the whole footer.
const maxHolds = 256

// holds returns the names of the segments that the output of a merge holds, sorted and without
// duplicates. These are the inputs, and the listed segments that the inputs hold. For each run,
// holds names only the segment with the highest sequence number.
//
// A segment that is not listed has been deleted, so naming it would be useless. If there are too
// many names, holds omits the last ones. Omitting a name is safe: at worst, the rows are merged
// twice.
func (l Listing) holds(inputs []layout.Segment, facts Facts) []string {
	held, stated := newHolding(), newHolding()
	for _, input := range inputs {
		held.add(input.Name)
		stated.add(facts[input.Key].Holds...)
	}
	for _, s := range l.Segments {
		switch {
		case !stated.has(s.Name):
		case s.Name.Fresh():
			held.add(layout.Name{Run: s.Name.Run, Seq: stated.runs[s.Name.Run]})
		default:
			held.add(s.Name)
		}
	}
	var names []string
	for run, seq := range held.runs {
		names = append(names, layout.Name{Run: run, Seq: seq}.String())
	}
	for name := range held.compacted {
		names = append(names, name.String())
	}
	slices.Sort(names)
	return names[:min(len(names), maxHolds)]
}

// heldBy returns the keys of the listed segments that the holder claims to hold, even if they are
// invalid. It omits segments whose level is not below the holder's level, because an output can
// never hold them.
func (l Listing) heldBy(holder layout.Segment, facts Facts) (keys []string) {
	held := newHolding(facts[holder.Key].Holds...)
	for _, s := range l.Segments {
		if held.has(s.Name) && s.Name.Level < holder.Name.Level {
			keys = append(keys, s.Key)
		}
	}
	return keys
}

// holders returns the compacted segments that may already hold one of the inputs or an invalid
// segment. Segments known to be invalid are omitted.
//
// A segment that holds an input is the output of a merge that was interrupted before it deleted its
// inputs. It has a higher level than the input, and is not older. A segment that holds an invalid
// segment also has a higher level, but may be older: a late put may have brought the invalid
// segment back after the merge.
func (l Listing) holders(inputs []layout.Segment, facts Facts) (found []layout.Segment) {
	held := append(slices.Clip(inputs), l.invalid(facts)...)
	for _, s := range l.Segments {
		mayHold := func(h layout.Segment) bool {
			return s.Name.Level > h.Name.Level && (facts[h.Key].Invalid || !s.Modified.Before(h.Modified))
		}
		if !facts[s.Key].Invalid && slices.ContainsFunc(held, mayHold) {
			found = append(found, s)
		}
	}
	return found
}

// invalid returns the segments that are known to be invalid.
func (l Listing) invalid(facts Facts) (found []layout.Segment) {
	for _, s := range l.Segments {
		if facts[s.Key].Invalid {
			found = append(found, s)
		}
	}
	return found
}
