package diagnose

import (
	"cmp"
	"slices"

	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// Code identifies a kind of verdict. A code is the same in every language and never changes.
type Code string

// Level says how serious a verdict is.
type Level string

const (
	Problem Level = "problem" // something to fix
	Notice  Level = "notice"  // may be normal, but is worth knowing
	Info    Level = "info"    // nothing wrong
)

// Verdict explains what happened, what it means and what to do, in one language.
type Verdict struct {
	Code  Code   `json:"code"`
	Level Level  `json:"level"`
	Title string `json:"title"`
	// Meaning says what happened, and Next what to do. Each has at most two sentences. In English,
	// it has at most 40 words.
	Meaning string `json:"meaning"`
	Next    string `json:"next"`
	// More says everything else: when it happened, caveats and other possible causes. It may be
	// empty.
	More string `json:"more"`
	// Count is the number of connection ends or refusals that the verdict is about.
	Count int `json:"count"`
	// Evidence cites the connection ends or refusals that the verdict is about, in chronological
	// order. If there are more than maxEvidence, it cites only the newest.
	Evidence []Evidence `json:"evidence"`
	// Since says since when the verdict has applied. It is nil until SetSince sets it.
	Since *Since `json:"since,omitempty"`

	seen sighting // so that SetSince can follow the verdict from day to day
}

// Evidence is one connection end, accepted login or refusal that a verdict cites. The field Text
// describes it.
type Evidence struct {
	Time         history.Instant  `json:"time"`
	Action       event.Action     `json:"action"`
	ActionInfo   event.ActionInfo `json:"action_info"`
	NativeReason string           `json:"native_reason"`
	Text         string           `json:"text"`
}

const maxEvidence = 10

// newest returns the last maxEvidence elements of a slice that is sorted by time, or all elements
// if there are fewer.
func newest[T any](things []T) []T { return things[max(0, len(things)-maxEvidence):] }

// rule looks for one kind of verdict. The find function returns nil if the rule does not apply.
type rule struct {
	code  Code
	level Level
	find  func(in *input) *finding
}

// outcome is the finding of a rule, together with the verdict's code and level.
type outcome struct {
	code    Code
	level   Level // takes the finding into account
	minor   bool  // whether a problem counts only as a notice; see isOver and isMinor
	finding *finding
}

// verdicts returns all verdicts in the given language, in the order of outcomes.
func (in *input) verdicts(lang Lang) []Verdict {
	found := []Verdict{} // if there are no verdicts, JSON shows an empty list instead of null
	for _, o := range in.outcomes() {
		found = append(found, in.verdict(o, lang))
	}
	return found
}

// outcomes returns the outcomes of all rules, sorted by level: problems, notices, infos. Within a
// level, they have this order:
//
//   - First come the outcomes of the rules in patterns, in the order of these rules.
//   - Next come the outcomes of the rules in singles, in descending order of count.
//   - Last come the outcomes of the rules in symptoms.
//
// A problem that is over or minor becomes a notice, but still comes before all other notices.
func (in *input) outcomes() []outcome {
	found := slices.Concat(in.apply(patterns), in.byCount(singles), in.apply(symptoms))
	bySeverity(found)
	for i := range found {
		if o := &found[i]; o.level == Problem && o.minor {
			o.level = Notice
		}
	}
	bySeverity(found)
	return found
}

var severity = map[Level]int{Problem: 0, Notice: 1, Info: 2}

func bySeverity(found []outcome) {
	slices.SortStableFunc(found, func(a, b outcome) int { return cmp.Compare(severity[a.level], severity[b.level]) })
}

// byCount returns the outcomes of the given rules, in descending order of count.
func (in *input) byCount(rules []rule) []outcome {
	found := in.apply(rules)
	slices.SortStableFunc(found, func(a, b outcome) int { return cmp.Compare(b.finding.count, a.finding.count) })
	return found
}

// apply applies the given rules and returns their outcomes, in the order of the rules.
func (in *input) apply(rules []rule) []outcome {
	var found []outcome
	for _, rule := range rules {
		if f := rule.find(in); f != nil {
			found = append(found, outcome{rule.code, in.levelOf(f, rule), in.isOver(f.when) || in.isMinor(f), f})
		}
	}
	return found
}

// levelOf returns the level of the verdict about a finding of the given rule.
func (in *input) levelOf(f *finding, rule rule) Level {
	level := cmp.Or(f.level, rule.level)
	if level == Notice && in.isSevere(f) {
		return Problem
	}
	return level
}

// verdict renders an outcome as a verdict in the given language.
func (in *input) verdict(o outcome, lang Lang) Verdict {
	f := o.finding
	texts := textsOf(cmp.Or(f.text, o.code), lang)
	values := f.values.with("count", times(f.count))
	if title, ok := cutTitles[o.code]; ok && in.isCut() {
		texts.title = title[lang.index()]
		values = values.with("cut", clock{at: in.from, day: in.to})
	}
	if f.next != "" {
		texts.next = textsOf(f.next, lang).next
	}
	return Verdict{
		Code: o.code, Level: o.level, Count: f.count,
		Title:   values.into(texts.title, lang),
		Meaning: values.into(texts.meaning, lang),
		Next:    values.into(texts.next, lang),
		More:    joined(lang, values.into(texts.more, lang), paragraph(f.more, lang), paragraph(in.timing(f.when), lang)),

		Evidence: in.evidence(f.evidence, lang),
		seen:     o.sighting(),
	}
}

// evidence sorts citations by time and renders them as text in the given language.
func (in *input) evidence(citations []citation, lang Lang) []Evidence {
	slices.SortStableFunc(citations, func(a, b citation) int { return cmp.Compare(a.Time, b.Time) })
	found := []Evidence{}
	for _, c := range citations {
		c.Text = paragraph(in.known(c.sentences), lang)
		found = append(found, c.Evidence)
	}
	return found
}

// known returns the given sentences. If the span was cut, it replaces startUnknown in them with
// startNotExamined, because the start may be on record among the events before the cut.
func (in *input) known(sentences []sentence) []sentence {
	for i := range sentences {
		if s := &sentences[i]; s.phrase == startUnknown && in.isCut() {
			s.phrase = startNotExamined
		}
	}
	return sentences
}
