// Package diagnose explains why a device dropped and what to check. It turns the history of
// one client into verdicts in words.
//
// What always holds: the functions are pure. A verdict rests only on the history and cites
// its evidence. A cause is named only if the events name or imply it.
//
// Words: a rule finds one kind of verdict in a history. What it finds is a finding, which has
// values and evidence but no words yet. Patterns explain several ends or refusals at once,
// singles explain them one by one, and symptoms follow from the others.
package diagnose

import "devicetrace/pkg/history"

// Report is a history with its verdicts.
type Report struct {
	history.History
	// Verdicts are sorted by usefulness, the most useful first.
	Verdicts []Verdict `json:"verdicts"`
}

// Diagnose reports on a history, with the verdicts in the given language.
func Diagnose(h history.History, lang Lang) Report {
	return Report{History: h, Verdicts: newInput(h).verdicts(lang)}
}
