package diagnose

import (
	"slices"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// unknownWord selects the text to use if the source gave a reason whose meaning is not known.
const unknownWord Code = "end-unknown-word"

// unexplained finds the ends that were reported without a known reason. The text quotes the
// newest unknown word if at least half of the ends have one.
func (in *input) unexplained() *finding {
	ends := in.ended(history.Unexplained)
	f := anyEnds(ends, withNothing)
	if f == nil {
		return nil
	}
	unknown := slices.DeleteFunc(slices.Clone(ends), func(c *history.Connection) bool { return !hasUnknownWord(c) })
	if len(unknown) > 0 && 2*len(unknown) >= len(ends) {
		f.text = unknownWord
		f.values = values{"reason": quoted(unknown[len(unknown)-1].NativeReason)}
	}
	return f
}

// hasUnknownWord reports whether the source gave a reason whose meaning is not known.
func hasUnknownWord(c *history.Connection) bool {
	return c.ActionInfo == event.Unexplained && broker.GivesReason(c.Source, c.NativeReason)
}

// refusedUnexplained finds refusals without a known reason.
func (in *input) refusedUnexplained() *finding {
	return in.refusedAs(func(info event.ActionInfo) bool { return info == event.Unexplained })
}
