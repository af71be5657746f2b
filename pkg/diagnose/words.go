package diagnose

import (
	"slices"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/history"
)

// These codes select the text to use if all ends have native reasons that name the same cause.
const (
	loginExpired  Code = "login-expired"
	loginInvalid  Code = "login-invalid"
	addressDenied Code = "address-denied"
	noPermission  Code = "no-permission"
	queueFull     Code = "queue-full"
	endedByHand   Code = "ended-by-hand"
	endedAtLimit  Code = "ended-at-limit"
	endedBusy     Code = "ended-busy"
)

// causeTexts maps each cause to its text.
var causeTexts = map[broker.Cause]Code{
	broker.LoginExpired:  loginExpired,
	broker.LoginInvalid:  loginInvalid,
	broker.AddressFilter: addressDenied,
	broker.Permission:    noPermission,
	broker.QueueFull:     queueFull,
	broker.Operator:      endedByHand,
	broker.TimeLimit:     endedAtLimit,
	broker.Overload:      endedBusy,
}

// inWords returns f, which must be about ends or nil. If the native reasons of all ends name the same
// cause, it first gives f the text for this cause.
func inWords(f *finding) *finding {
	if f == nil {
		return nil
	}
	cause := causeOf(f.ends[0])
	for _, c := range f.ends {
		if causeOf(c) != cause {
			return f
		}
	}
	if cause != "" {
		f.text = causeTexts[cause]
		f.values = f.values.with("reason", wordsOf(f.ends))
	}
	return f
}

func causeOf(c *history.Connection) broker.Cause { return broker.CauseOf(c.ActionInfo, c.NativeReason) }

// words is a value that lists native reasons, each once and the newest first. It shows at most
// maxWords of them.
type words []string

const maxWords = 2

// wordsOf returns the native reasons of the given ends, which must be sorted by time.
func wordsOf(ends []*history.Connection) words {
	var found words
	seen := map[string]bool{"": true}
	for i := len(ends) - 1; i >= 0; i-- {
		if word := ends[i].NativeReason; !seen[word] {
			seen[word] = true
			found = append(found, word)
		}
	}
	return found
}

func (w words) in(lang Lang) string {
	return joinedNames(w, maxWords, func(name string) string { return "“" + quoted(name).in(lang) + "”" }, "种说法", lang)
}

// leftWithError finds ends for which the client sent DISCONNECT with an error code.
func (in *input) leftWithError() *finding {
	f := anyEnds(only(in.ended(history.Disconnected), isLeftWithError), withKeepAlive)
	if f == nil {
		return nil
	}
	return f.with(values{"reason": wordsOf(f.ends)})
}

func isLeftWithError(c *history.Connection) bool {
	return c.Kind == history.Disconnected && broker.IsErrorCode(c.NativeReason)
}

// leftCleanly finds all other ends with DISCONNECT.
func (in *input) leftCleanly() *finding {
	isClean := func(c *history.Connection) bool { return !isLeftWithError(c) }
	f := anyEnds(only(in.ended(history.Disconnected), isClean), withKeepAlive)
	if f != nil && slices.ContainsFunc(f.ends, func(c *history.Connection) bool { return broker.MayBeWebSocketClose(c.NativeReason) }) {
		f.more = []sentence{{phrase: closeFrame}}
	}
	return f
}
