package diagnose

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"devicetrace/pkg/history"
)

const (
	// shortLived is the length below which a connection counts as short. A short connection is too
	// brief for a device to do useful work.
	shortLived = 2 * time.Minute
	// flapCount is the minimum number of short connections within flapWindow that counts as
	// flapping. Ten an hour is too many to blame on a weak radio link or a few restarts.
	flapCount  = 10
	flapWindow = time.Hour
)

// flapping finds many short connections within an hour. It ignores connections that ended, or
// may have ended, with DISCONNECT, because some devices are designed to disconnect often.
func (in *input) flapping() *finding {
	var short []*history.Connection
	for _, c := range in.Connections {
		if isShortDrop(c) {
			short = append(short, c)
		}
	}
	if !crowded(short) {
		return nil
	}
	return ofEnds(short, withNothing).with(values{"short": length(shortLived), "ends": endings(short)})
}

func isShortDrop(c *history.Connection) bool {
	lasted, known := c.Lasted()
	return known && c.Dropped() && lasted < shortLived
}

// crowded reports whether any period of length flapWindow contains the start times of at least
// flapCount connections. The connections must be sorted by start time.
func crowded(connections []*history.Connection) bool {
	for i := flapCount - 1; i < len(connections); i++ {
		if connections[i].Start.Sub(connections[i-flapCount+1].Start) <= flapWindow {
			return true
		}
	}
	return false
}

// endings implements value. It lists the reasons why connections ended, with counts, most frequent
// first. The verdict "flapping" states them, because it is often listed before the verdicts that
// explain them.
type endings []*history.Connection

func (e endings) in(lang Lang) string {
	counts := map[history.Kind]int{}
	for _, c := range e {
		counts[c.Kind]++
	}
	kinds := slices.SortedFunc(maps.Keys(counts), func(a, b history.Kind) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	texts := make([]string, len(kinds))
	for i, kind := range kinds {
		texts[i] = wordOf(kind, lang) + " × " + grouped(counts[kind])
	}
	return strings.Join(texts, [2]string{", ", "、"}[lang.index()])
}

// wordOf returns the action info for a kind of end. If the kind has no action info, wordOf returns
// a phrase that says that the reason was not reported.
func wordOf(kind history.Kind, lang Lang) string {
	if info := kind.ActionInfo(); info != "" {
		return string(info)
	}
	return [2]string{"reason not reported", "原因未上报"}[lang.index()]
}
