package traceapi

import (
	"fmt"
	"net/url"
	"strings"

	"devicetrace/pkg/event"
)

// parseFilter parses the parameters action and action_info, each a comma-separated list of the
// values to select.
func (q *traceRequest) parseFilter(values url.Values) (err error) {
	q.request.Actions, err = parseWords(values.Get("action"), func(word string) (event.Action, bool) {
		action := event.Action(word)
		return action, action.Valid()
	})
	if err != nil {
		return invalid("action: %v; use connect, close or disconnect", err)
	}
	q.request.ActionInfos, err = parseWords(values.Get("action_info"), parseActionInfo)
	if err != nil {
		return invalid("action_info: %v; use one or more of %s, %s", err, event.ActionInfoList(), unexplained)
	}
	return nil
}

// unexplained selects the events whose action info is empty; see event.Unexplained. An empty
// parameter selects all events.
const unexplained = "unexplained"

func parseActionInfo(word string) (event.ActionInfo, bool) {
	if word == unexplained {
		return event.Unexplained, true
	}
	return event.ParseActionInfo(word)
}

// parseWords parses a comma-separated list of words. It returns nil for an empty list.
func parseWords[T ~string](list string, parse func(string) (T, bool)) ([]T, error) {
	if list == "" {
		return nil, nil
	}
	var words []T
	for text := range strings.SplitSeq(list, ",") {
		word, ok := parse(strings.TrimSpace(text))
		if !ok {
			return nil, fmt.Errorf("%.64q is not known", text)
		}
		words = append(words, word)
	}
	return words, nil
}
