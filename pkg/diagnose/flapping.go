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

// flapping finds many short connections within an hour. It ignores connections that ended, or may
// have ended, with DISCONNECT, because some devices are designed to disconnect often. It ignores
// clients that probably sleep for the same reason.
func (in *input) flapping() *finding {
	var short []*history.Connection
	for _, c := range in.Connections {
		if isShortDrop(c) {
			short = append(short, c)
		}
	}
	if !crowded(short) || in.sleep != nil {
		return nil
	}
	main, n := endings(short).mostFrequent()
	f := ofEnds(short, withNothing).with(values{
		"short": length(shortLived), "ends": endings(short),
		"every": length(distance(short).Round(time.Second)), "main": sentence{phrase: facts[main], values: values{"n": times(n)}},
	})
	f.next = in.adviceOn(main)
	return f
}

// adviceOn returns the key of the verdict whose advice applies to a kind of drop. None of these
// texts has placeholders.
func (in *input) adviceOn(kind history.Kind) Code {
	if kind != history.NoHeart {
		return advice[kind]
	}
	early := in.tooEarly()
	switch {
	case early != nil && 2*early.count > in.count(kind):
		return "keep-alive-early"
	case in.silentAfterConnect() != nil:
		return "silent-after-connect"
	default:
		return advice[kind]
	}
}

// facts maps each kind of drop to the phrase that states it in the title of "flapping".
var facts = map[history.Kind]phrase{
	history.ClientClosed:  oftenClosed,
	history.IO:            oftenBroken,
	history.NoHeart:       oftenSilent,
	history.Conflict:      oftenTakenOver,
	history.NotAuthorized: oftenNotAuthorized,
	history.TopicDenied:   oftenDenied,
	history.Invalid:       oftenInvalid,
	history.Server:        oftenByBroker,
	history.Unexplained:   oftenUnexplained,
}

// advice maps each kind of drop to the verdict whose advice usually applies to it.
var advice = map[history.Kind]Code{
	history.ClientClosed:  "closed-by-client",
	history.IO:            "network-error",
	history.NoHeart:       "keep-alive-timeout",
	history.Conflict:      conflictShared,
	history.NotAuthorized: "not-authorized",
	history.TopicDenied:   "topic-denied",
	history.Invalid:       "invalid-param",
	history.Server:        "server-shutdown",
	history.Unexplained:   "end-unexplained",
}

func isShortDrop(c *history.Connection) bool {
	lasted, known := measured(c)
	return known && c.Dropped() && lasted < shortLived
}

// distance returns the median time between the starts of successive connections. There must be at
// least two, sorted by start time.
func distance(connections []*history.Connection) time.Duration {
	distances := make([]time.Duration, len(connections)-1)
	for i := range distances {
		distances[i] = connections[i+1].Start.Sub(connections[i].Start)
	}
	slices.Sort(distances)
	return distances[(len(distances)-1)/2]
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

// endings implements value. It lists the most frequent reasons why connections ended, with counts.
// The verdict "flapping" states them, because it is often listed before the verdicts that explain
// them.
type endings []*history.Connection

// maxEndings is the maximum number of reasons that a list of endings names.
const maxEndings = 3

// byKind returns the kinds of the ends, most frequent first, and how often each occurred.
func (e endings) byKind() ([]history.Kind, map[history.Kind]int) {
	counts := map[history.Kind]int{}
	for _, c := range e {
		counts[c.Kind]++
	}
	return slices.SortedFunc(maps.Keys(counts), func(a, b history.Kind) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	}), counts
}

// mostFrequent returns the most frequent kind of end, and how often it occurred.
func (e endings) mostFrequent() (history.Kind, int) {
	kinds, counts := e.byKind()
	return kinds[0], counts[kinds[0]]
}

func (e endings) in(lang Lang) string {
	kinds, counts := e.byKind()
	var texts []string
	others := len(e)
	for _, kind := range kinds[:min(len(kinds), maxEndings)] {
		texts = append(texts, wordOf(kind, lang)+" × "+grouped(counts[kind]))
		others -= counts[kind]
	}
	if others > 0 {
		texts = append(texts, [2]string{"others", "其他"}[lang.index()]+" × "+grouped(others))
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
