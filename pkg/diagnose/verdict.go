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
	// Since contains the time since which the verdict has applied. It is nil until SetSince sets
	// it.
	Since *Since `json:"since,omitempty"`

	seen  sighting // lets SetSince follow the verdict from day to day
	minor bool     // whether a problem counts only as a notice; see isOver and isMinor
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

// builder makes a verdict from a finding of the given rule.
type builder func(f *finding, rule rule) Verdict

// verdicts returns all verdicts, sorted by level: problems, notices, infos. Within a level, they
// have this order:
//
//   - First come the verdicts of the rules in patterns, in the order of these rules.
//   - Next come the verdicts of the rules in singles, in descending order of count.
//   - Last come the verdicts of the rules in symptoms.
//
// A problem that is over or minor becomes a notice, but still comes before all other notices.
func (in *input) verdicts(build builder) []Verdict {
	found := []Verdict{} // if there are no verdicts, JSON shows an empty list instead of null
	found = append(found, slices.Concat(in.apply(patterns, build), in.byCount(singles, build), in.apply(symptoms, build))...)
	bySeverity(found)
	for i := range found {
		if v := &found[i]; v.Level == Problem && v.minor {
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

// byCount returns the verdicts of the given rules, in descending order of count.
func (in *input) byCount(rules []rule, build builder) []Verdict {
	found := in.apply(rules, build)
	slices.SortStableFunc(found, func(a, b Verdict) int { return cmp.Compare(b.Count, a.Count) })
	return found
}

// apply applies the given rules and returns their verdicts, in the order of the rules. It keeps no
// findings, because each of them may take much memory.
func (in *input) apply(rules []rule, build builder) []Verdict {
	var found []Verdict
	for _, rule := range rules {
		if f := rule.find(in); f != nil {
			found = append(found, build(f, rule))
		}
	}
	return found
}

// bare returns a verdict without texts and evidence.
func (in *input) bare(f *finding, rule rule) Verdict {
	level := cmp.Or(f.level, rule.level)
	if level == Notice && in.isSevere(f) {
		level = Problem
	}
	return Verdict{
		Code: rule.code, Level: level, Count: f.count,
		seen: sighting{first: f.first(), isAbsence: f.absence, isFirst: f.isFirst}, minor: in.isOver(f.when) || in.isMinor(f),
	}
}

// worded returns a builder of complete verdicts in the given language.
func (in *input) worded(lang Lang) builder {
	return func(f *finding, rule rule) Verdict {
		texts := textsOf(cmp.Or(f.text, rule.code), lang)
		values := f.values.with("count", times(f.count))
		if title, ok := cutTitles[rule.code]; ok && in.isCut() {
			texts.title = title[lang.index()]
			values = values.with("cut", clock{at: in.from, day: in.to})
		}
		if f.next != "" {
			texts.next = textsOf(f.next, lang).next
		}
		v := in.bare(f, rule)
		v.Title = values.into(texts.title, lang)
		v.Meaning = values.into(texts.meaning, lang)
		v.Next = values.into(texts.next, lang)
		v.More = joined(lang, values.into(texts.more, lang), paragraph(f.more, lang), paragraph(in.timing(f.when), lang))
		v.Evidence = in.evidence(f.evidence, lang)
		return v
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
