// Package diagnose explains why a device dropped and what to check. It turns one client's
// history into verdicts in plain language, and follows these verdicts from day to day.
//
// Invariants: the functions are pure. A verdict rests only on the history and cites its evidence. A
// verdict names a cause only if the events name or imply this cause.
//
// Words: a rule looks for one kind of verdict in a history. Its result is a finding, which has
// values and evidence but no words yet. A login is a CONNECT with its credentials. A login is
// denied if the broker refused it as not authorized.
//
// There are three groups of rules:
//
//   - Patterns explain several connection ends or refusals together.
//   - Singles explain each connection end or refusal by itself.
//   - Symptoms find consequences of problems that other verdicts explain.
package diagnose

import "devicetrace/pkg/history"

// Report is a history together with the verdicts about it.
type Report struct {
	history.History
	// Verdicts are sorted so that the most useful one comes first.
	Verdicts []Verdict `json:"verdicts"`
	// Usual and LastDrop are nil until SetSince sets them. SetSince leaves them nil if they are not
	// known. LastDrop is the newest drop up to the end of the span.
	Usual    *Comparison `json:"usual,omitempty"`
	LastDrop *Drop       `json:"last_drop,omitempty"`
}

// Diagnose returns a report on a history, with the verdicts in the given language.
func Diagnose(h history.History, lang Lang) Report {
	in := newInput(h)
	return Report{History: h, Verdicts: in.verdicts(in.worded(lang))}
}
