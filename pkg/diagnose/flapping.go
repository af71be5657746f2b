package diagnose

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/history"
)

const (
	// shortLived is the length below which a connection counts as short. Few devices can do useful
	// work in so short a time.
	shortLived = 2 * time.Minute
	// flapCount is the minimum number of short connections within flapWindow that counts as
	// flapping. Ten an hour is too many to blame on a weak radio link or a few restarts.
	flapCount  = 10
	flapWindow = time.Hour
)

// flapping finds many short connections within an hour. It ignores these connections:
//
//   - Connections that ended, or may have ended, with DISCONNECT. Some devices are designed to
//     disconnect often; see manyConnections.
//   - Connections after which the client probably slept; see sleepsBetween.
func (in *input) flapping() *finding {
	short := only(in.Connections, func(c *history.Connection) bool { return isShort(c) && c.Dropped() && !in.asleep[c] })
	if !crowded(short, flapCount) {
		return nil
	}
	main, n := endings(short).mostFrequent()
	f := ofEnds(short, withNothing).with(values{
		"short": length(shortLived), "ends": endings(short),
		"rate": in.rate(), "main": sentence{phrase: endings(short).fact(main), values: values{"n": times(n)}},
	})
	if n < len(short) {
		f.more = append(f.more, sentence{phrase: otherEnds})
	}
	if in.hasManyAddresses() {
		f.more = append(f.more, sentence{phrase: fromManyAddresses})
	}
	in.borrowAdvice(f, main)
	return f
}

// borrowAdvice gives f the advice of the verdict about a kind of drop, and the values that this
// advice needs.
func (in *input) borrowAdvice(f *finding, kind history.Kind) {
	code, lender := in.verdictOn(kind)
	f.next = cmp.Or(lender.next, lender.text, code)
	for name, value := range lender.values {
		f.values = f.values.with(name, value)
	}
}

// verdictOn returns the code and the finding of the most helpful verdict about a kind of drop. There
// must be such drops.
func (in *input) verdictOn(kind history.Kind) (Code, *finding) {
	switch kind {
	case history.NoHeart:
		early := in.tooEarly()
		silent := in.silentAfterConnect()
		switch {
		case early != nil && 2*early.count > len(in.ended(kind)):
			return "keep-alive-early", early
		case silent != nil:
			return "silent-after-connect", silent
		}
	case history.Server:
		if in.endedByBroker() == nil { // patterns explain all these ends
			if restart := in.brokerRestart(); restart != nil {
				return "broker-restart", restart
			}
			return "fixed-length", in.fixed
		}
	}
	code := single[kind]
	i := slices.IndexFunc(singles, func(r rule) bool { return r.code == code })
	return code, singles[i].find(in)
}

// fact returns the phrase that describes the ends of a kind in the title of "flapping".
func (e endings) fact(kind history.Kind) phrase {
	ends := only(e, func(c *history.Connection) bool { return c.Kind == kind })
	has := func(cause broker.Cause) bool {
		return slices.ContainsFunc(ends, func(c *history.Connection) bool { return causeOf(c) == cause })
	}
	switch {
	case has(broker.Permission):
		return oftenForbidden
	case has(broker.QueueFull):
		return oftenInvalidOrFull
	case slices.ContainsFunc(ends, hasUnknownWord):
		return oftenUnclear
	default:
		return facts[kind]
	}
}

// facts maps each kind of drop to the phrase that usually describes it.
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

// single maps each kind of drop to the code of the rule in singles that covers it.
var single = map[history.Kind]Code{
	history.ClientClosed:  "closed-by-client",
	history.IO:            "network-error",
	history.NoHeart:       "keep-alive-timeout",
	history.Conflict:      "client-id-conflict",
	history.NotAuthorized: "not-authorized",
	history.TopicDenied:   "topic-denied",
	history.Invalid:       "invalid-param",
	history.Server:        "server-shutdown",
	history.Unexplained:   "end-unexplained",
}

func isShort(c *history.Connection) bool {
	lasted, known := measured(c)
	return known && lasted < shortLived
}

// crowded reports whether any period of length flapWindow contains the start times of at least
// count connections. The connections must be sorted by start time.
func crowded(connections []*history.Connection, count int) bool {
	for i := count - 1; i < len(connections); i++ {
		if connections[i].Start.Sub(connections[i-count+1].Start) <= flapWindow {
			return true
		}
	}
	return false
}

// endings implements value. It lists the most frequent reasons why connections ended, with counts.
// The verdict "flapping" states these reasons, because it is often listed before the verdicts that
// explain them.
type endings []*history.Connection

// maxEndings is the maximum number of reasons that a list of endings names.
const maxEndings = 3

// telling lists the kinds of drops. The kinds that name a cause come first.
var telling = []history.Kind{
	history.Conflict, history.NotAuthorized, history.TopicDenied, history.Invalid, history.Server, history.NoHeart,
	history.ClientClosed, history.IO, history.Unexplained,
}

// byKind returns the kinds of the ends, most frequent first, and how often each occurred. Equally
// frequent kinds are in the order of telling.
func (e endings) byKind() ([]history.Kind, map[history.Kind]int) {
	counts := map[history.Kind]int{}
	for _, c := range e {
		counts[c.Kind]++
	}
	return slices.SortedFunc(maps.Keys(counts), func(a, b history.Kind) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(slices.Index(telling, a), slices.Index(telling, b)))
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
		texts = append(texts, e.wordOf(kind, lang)+" × "+grouped(counts[kind]))
		others -= counts[kind]
	}
	if others > 0 {
		texts = append(texts, [2]string{"others", "其他"}[lang.index()]+" × "+grouped(others))
	}
	return strings.Join(texts, [2]string{", ", "、"}[lang.index()])
}

// wordOf returns the action info for a kind of end. If the kind has no action info, wordOf returns
// a phrase that says that the reason was not reported or is not clear.
func (e endings) wordOf(kind history.Kind, lang Lang) string {
	switch info := kind.ActionInfo(); {
	case info != "":
		return string(info)
	case slices.ContainsFunc(e, hasUnknownWord):
		return [2]string{"reason not clear", "原因不明"}[lang.index()]
	default:
		return [2]string{"reason not reported", "原因未上报"}[lang.index()]
	}
}
