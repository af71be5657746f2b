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
	// shortLived: a device that holds a connection for less can hardly do its work.
	shortLived = 2 * time.Minute
	// flapCount short connections within flapWindow are one every six minutes, more
	// than a weak radio link or a few restarts explain.
	flapCount  = 10
	flapWindow = time.Hour
)

// flapping finds many short connections within an hour. A device that says goodbye
// each time works as it was meant to, and so may one of which nobody tells whether it does.
func (r *record) flapping() *finding {
	var short []*history.Connection
	for i := range r.Connections {
		if c := &r.Connections[i]; flapped(c) {
			short = append(short, c)
		}
	}
	if !crowded(short) {
		return nil
	}
	return ofEnds(short, nothingMore).with(values{"short": length(shortLived), "ends": endings(short)})
}

func flapped(c *history.Connection) bool {
	length, known := c.Lasted()
	return known && c.Dropped() && length < shortLived
}

// crowded reports whether flapCount connections, in order, began within flapWindow.
func crowded(connections []*history.Connection) bool {
	for i := flapCount - 1; i < len(connections); i++ {
		if connections[i].Start.Sub(connections[i-flapCount+1].Start.Time) <= flapWindow {
			return true
		}
	}
	return false
}

// endings are the ways in which connections ended, the most frequent first: the reason
// stands in the verdict itself, since this one is often the first.
type endings []*history.Connection

func (e endings) in(lang Lang) string {
	counts := map[history.Kind]int{}
	for _, c := range e {
		counts[c.Kind]++
	}
	ways := slices.SortedFunc(maps.Keys(counts), func(a, b history.Kind) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	texts := make([]string, len(ways))
	for i, way := range ways {
		texts[i] = wordOf(way, lang) + " × " + grouped(counts[way])
	}
	return strings.Join(texts, [2]string{", ", "、"}[lang.index()])
}

// wordOf is a kind of end in the words of the vocabulary, where it has one.
func wordOf(kind history.Kind, lang Lang) string {
	if word := kind.Word(); word != "" {
		return string(word)
	}
	return [2]string{"reason not told", "原因未上报"}[lang.index()]
}
