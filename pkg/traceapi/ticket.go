package traceapi

import (
	"slices"
	"strings"
	"time"

	"devicetrace/pkg/console"
	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// ticketWriter writes verdicts in the same words as *Copy as text* on the page; see the page's verdicts.js
// and trend.js. It omits the facts that the page gets from other requests: the days around the range, and
// the other devices.
type ticketWriter struct {
	*style
	of *diagnosisResponse
	// to is the end of the range. searched is the start of the range that was searched for events.
	to, searched history.Instant
	// quoted is the set of texts from devices and brokers that look like times in a sentence.
	quoted map[string]bool
}

func newTicketWriter(s *style, d *diagnosisResponse, to, searched time.Time) ticketWriter {
	return ticketWriter{s, d, history.At(to), history.At(searched), s.quotedIn(d)}
}

// quotedIn returns the set of all texts from devices and brokers in a diagnosis that look like times in
// a sentence. It returns nil if the zone is UTC, because no times are then converted.
func (s *style) quotedIn(d *diagnosisResponse) map[string]bool {
	if s.IsUTC() {
		return nil
	}
	var reasons []string
	for _, v := range d.Verdicts {
		for _, one := range v.Evidence {
			reasons = append(reasons, one.NativeReason)
		}
	}
	return console.Moments(encode([]any{d.identity, d.Connections, d.Refusals, d.Status, reasons}))
}

// ticket returns the lines of a verdict.
func (w ticketWriter) ticket(v *diagnose.Verdict) lines {
	l := lines{w.level(v) + ": " + w.prose(v.Title)}
	l.add(w.trends(v)...)
	l.add(w.prose(v.Meaning))
	if v.Next != "" {
		l.add(w.Text("verdict.next") + ": " + w.prose(v.Next))
	}
	if v.More != "" {
		l.add(w.prose(v.More))
	}
	for _, one := range v.Evidence {
		l.add(w.evidence(one))
	}
	return l
}

// codesWithoutData lists the verdicts about a range without events. They are labeled as a notice, not as
// "OK", although their level is Info.
var codesWithoutData = []diagnose.Code{"nothing-recorded", "offline-throughout"}

func (w ticketWriter) level(v *diagnose.Verdict) string {
	level := v.Level
	if slices.Contains(codesWithoutData, v.Code) {
		level = diagnose.Notice
	}
	return w.Text("level." + string(level))
}

// prose returns a sentence of package diagnose, with its times in the zone of the text.
func (w ticketWriter) prose(sentence string) string {
	return w.Plain(w.InZone(sentence, w.quoted), console.MaxProse)
}

func (w ticketWriter) evidence(one diagnose.Evidence) string {
	at := ""
	if !one.Time.IsZero() {
		at = w.Instant(one.Time.Time())
	}
	return "- " + at + " " + w.words(one.Action, one.ActionInfo, one.NativeReason) + ": " + w.prose(one.Text)
}

// trends returns the lines that compare a verdict with the past: since when it has applied, how many
// drops are usual, and when the device last dropped.
func (w ticketWriter) trends(v *diagnose.Verdict) lines {
	return slices.DeleteFunc(lines{w.since(v), w.usual(v), w.lastDrop()}, func(line string) bool { return line == "" })
}

// since returns a line about the time since which a verdict has applied, or "" if that is not known.
func (w ticketWriter) since(v *diagnose.Verdict) string {
	if len(v.Evidence) == 0 || v.Level == diagnose.Info {
		return ""
	}
	if v.Since != nil && v.Since.At <= w.to {
		return w.sinceText(*v.Since)
	}
	if first := firstEvidence(v); !first.IsZero() {
		return w.sinceText(diagnose.Since{At: first})
	}
	return ""
}

func (w ticketWriter) sinceText(since diagnose.Since) string {
	began := w.Instant(since.At.Time())
	switch {
	case !since.AtLeast:
		return w.Text("since.exactly", "time", began, "length", w.length(w.to.Sub(since.At)))
	case startOfDay(since.At.Time()).Sub(w.searched.Time()) < day:
		return w.Text("since.earliest", "time", began)
	default:
		return w.Text("since.atLeast", "time", began)
	}
}

// length returns a length of time, in whole days if it is long.
func (w ticketWriter) length(d time.Duration) string {
	if d < day*3/2 {
		return w.Duration(max(d, 0))
	}
	return w.Text("since.days", "n", w.Number(int64((d+day/2)/day)))
}

// firstEvidence returns the time of the first end or refusal in a verdict's evidence, or 0 if the
// evidence does not list all of them.
func firstEvidence(v *diagnose.Verdict) (first history.Instant) {
	if len(v.Evidence) != v.Count {
		return 0
	}
	for _, one := range v.Evidence {
		if !one.Time.IsZero() && one.Action != event.Connect && (first.IsZero() || one.Time < first) {
			first = one.Time
		}
	}
	return first
}

// minUsual is the minimum number of earlier days for which the text uses the word "usually".
const minUsual = 3

// usual compares the drops of the range's last day with the usual number. It returns "" if the usual
// number is unknown or that day has no drops. For an Info verdict, it also returns "" unless the day has
// more drops than usual.
func (w ticketWriter) usual(v *diagnose.Verdict) string {
	usual := w.of.Usual
	if usual == nil || usual.Drops == 0 || v.Level == diagnose.Info && usual.Drops <= usual.Max {
		return ""
	}
	drops := "days.drops"
	if usual.Drops == 1 {
		drops = "days.drop"
	}
	date := w.Text("days.date", "date", w.to.Time().Format(time.DateOnly))
	own := w.Text("usual.on", "drops", w.Text(drops, "count", w.Number(int64(usual.Drops))), "date", date)
	return own + w.Text("usual.and") + w.usually(usual.Usual)
}

func (w ticketWriter) usually(u diagnose.Usual) string {
	counts := []string{w.Number(int64(u.Min)), w.Number(int64(u.Max))}
	usual := strings.Join(slices.Compact(counts), "–")
	switch {
	case u.Days >= minUsual:
		return w.Text("usual.often", "usual", usual)
	case u.Days == 1:
		return w.Text("usual.day", "usual", usual, "days", w.Number(int64(u.Days)))
	default:
		return w.Text("usual.days", "usual", usual, "days", w.Number(int64(u.Days)))
	}
}

// lastDrop returns a line about the device's last drop. It returns "" if no drop is known, or if the
// range itself has drops.
func (w ticketWriter) lastDrop() string {
	drop := w.of.LastDrop
	if drop == nil || w.of.Summary.Drops > 0 {
		return ""
	}
	return w.Text("drop.last", "time", w.Instant(drop.Time.Time()), "reason", w.datum(w.info(drop.ActionInfo, drop.NativeReason)))
}
