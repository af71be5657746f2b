// Package diagnose answers why a device dropped, and what to check: it turns the
// history of one client into verdicts.
//
// What always holds: the functions are pure; a cause is named only where the events
// tell it, and is unknown otherwise.
package diagnose

import "devicetrace/pkg/history"

// Report is everything there is to say about a client in a span.
type Report struct {
	history.History
	// Verdicts begin with the most useful one.
	Verdicts []Verdict `json:"verdicts"`
}

// Diagnose reports on a history. The verdicts are in the given language.
func Diagnose(h history.History, lang Lang) Report {
	return Report{History: h, Verdicts: newRecord(h).verdicts(lang)}
}
