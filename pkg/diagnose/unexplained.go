package diagnose

import (
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

const (
	// unknownWord selects the text to use if the source gave reasons whose meaning is not known.
	unknownWord Code = "end-unknown-word"
	// muteWord selects the text to use if the source gave words that it writes for ends of any cause.
	muteWord Code = "end-mute-word"
)

// unexplained finds the ends that were reported without a known reason. The text quotes the source's
// words if at least half of the ends have unknown words, or at least half have mute words.
func (in *input) unexplained() *finding {
	ends := in.ended(history.Unexplained)
	f := anyEnds(ends, withNothing)
	if f == nil {
		return nil
	}
	for _, quote := range []struct {
		text Code
		has  func(*history.Connection) bool
	}{{unknownWord, hasUnknownWord}, {muteWord, hasMuteWord}} {
		quoted := only(ends, quote.has)
		if len(quoted) > 0 && 2*len(quoted) >= len(ends) {
			f.text, f.values = quote.text, values{"reason": wordsOf(quoted)}
			break
		}
	}
	return f
}

func hasMuteWord(c *history.Connection) bool { return broker.IsMuteWord(c.Source, c.NativeReason) }

// hasUnknownWord reports whether the source gave a reason whose meaning is not known.
func hasUnknownWord(c *history.Connection) bool {
	return c.ActionInfo == event.Unexplained && broker.GivesReason(c.Source, c.NativeReason)
}

// refusedUnexplained finds refusals without a known reason.
func (in *input) refusedUnexplained() *finding {
	return in.refusedAs(func(info event.ActionInfo) bool { return info == event.Unexplained })
}
