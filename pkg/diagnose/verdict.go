package diagnose

import (
	"cmp"
	"slices"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// Code names a verdict. It is the same in every language and stays the same.
type Code string

// Level says how much a verdict should worry.
type Level string

const (
	Problem Level = "problem" // something to mend
	Notice  Level = "notice"  // may be normal; worth knowing
	Info    Level = "info"    // nothing wrong
)

// Verdict is something that the events tell, and what to check because of it.
type Verdict struct {
	Code    Code   `json:"code"`
	Level   Level  `json:"level"`
	Title   string `json:"title"`
	Meaning string `json:"meaning"`
	Next    string `json:"next"`
	// Count is how many ends or refusals it stands on.
	Count int `json:"count"`
	// Evidence shows it by the newest of them, in order of time, at most maxEvidence.
	Evidence []Evidence `json:"evidence"`

	over bool // see isOver
}

// Evidence is something that happened, and why it tells.
type Evidence struct {
	Time         history.Instant  `json:"time"`
	Action       event.Action     `json:"action"`
	ActionInfo   event.ActionInfo `json:"action_info"`
	NativeReason string           `json:"native_reason"`
	Text         string           `json:"text"`
}

const maxEvidence = 10

// record is what verdicts are found in.
type record struct {
	history.History
	cluster []*history.Connection // see sameLength
}

func newRecord(h history.History) *record { return &record{h, sameLength(h.Connections)} }

// newest is the last of some things in order of time, as many as evidence may have.
func newest[T any](things []T) []T { return things[max(0, len(things)-maxEvidence):] }

// exhibit is evidence without words.
type exhibit struct {
	Evidence
	says []saying
}

// rule finds a verdict, or nil.
type rule struct {
	code  Code
	level Level
	find  func(r *record) *finding
}

// verdicts are what the record tells, the most useful one first: problems before
// notices before infos; of one level, patterns, which explain several ends at once,
// in the order of their table, then what the ends mean one by one, the most frequent
// first, then symptoms. A problem that is over is a notice, before all others.
func (r *record) verdicts(lang Lang) []Verdict {
	singly := r.find(singles, lang)
	slices.SortStableFunc(singly, func(a, b Verdict) int { return cmp.Compare(b.Count, a.Count) })
	found := append(r.find(patterns, lang), singly...)
	found = append(found, r.find(symptoms, lang)...)
	bySeverity(found)
	for i := range found {
		if v := &found[i]; v.Level == Problem && v.over {
			v.Level = Notice
		}
	}
	bySeverity(found)
	return found
}

var severity = map[Level]int{Problem: 0, Notice: 1, Info: 2}

func bySeverity(found []Verdict) {
	slices.SortStableFunc(found, func(a, b Verdict) int { return cmp.Compare(severity[a.Level], severity[b.Level]) })
}

func (r *record) find(rules []rule, lang Lang) []Verdict {
	found := []Verdict{}
	for _, rule := range rules {
		if f := rule.find(r); f != nil {
			found = append(found, r.verdict(f, rule, lang))
		}
	}
	return found
}

// verdict puts a finding in words.
func (r *record) verdict(f *finding, rule rule, lang Lang) Verdict {
	texts := verdictTexts[cmp.Or(f.text, rule.code)][lang.index()]
	values := f.values.with("count", times(f.count))
	return Verdict{
		Code: rule.code, Level: cmp.Or(f.level, rule.level), Count: f.count,
		Title:   values.into(texts.title, lang),
		Meaning: joined(lang, values.into(texts.meaning, lang), sentences(r.timing(f.when), lang)),
		Next:    values.into(texts.next, lang),

		Evidence: evidenceIn(f.evidence, lang),
		over:     r.isOver(f.when),
	}
}

func evidenceIn(exhibits []exhibit, lang Lang) []Evidence {
	slices.SortStableFunc(exhibits, func(a, b exhibit) int { return a.Time.Compare(b.Time.Time) })
	found := []Evidence{}
	for _, e := range exhibits {
		e.Text = sentences(e.says, lang)
		found = append(found, e.Evidence)
	}
	return found
}

// last is the newest connection known, also if it ended before the span.
func (r *record) last() *history.Connection { return r.Status.Connection }

// offlineFor is how long the client has been offline at the end of the span.
func (r *record) offlineFor() time.Duration {
	if r.Status.State != history.Offline {
		return 0
	}
	return r.Span.To.Sub(r.Status.Since.Time)
}
