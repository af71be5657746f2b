package traceapi

import (
	"strings"
	"time"

	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
	"devicetrace/pkg/fleet"
	"devicetrace/pkg/history"
)

// diagnosisText returns a diagnosis of the range from–to as plain text. searched is the start of the
// longer range that was searched for events.
func (s *style) diagnosisText(d *diagnosisResponse, from, to, searched time.Time) lines {
	l := s.heading(d.identity)
	l.add(s.span(from, to), s.statusLine(to, d.Status))
	l.section(s.summary(d)...)
	l.section(s.diagnosisNotes(d, to, searched)...)
	if d.absence == nil {
		s.addVerdicts(&l, d, to, searched)
	}
	l.section(s.diagnosisLinks(d, from, to)...)
	return l
}

// addVerdicts adds all verdicts, and then explains the words of their evidence.
func (s *style) addVerdicts(l *lines, d *diagnosisResponse, to, searched time.Time) {
	w := newTicketWriter(s, d, to, searched)
	var all []diagnose.Evidence
	for i := range d.Verdicts {
		v := &d.Verdicts[i]
		l.section(w.ticket(v)...)
		all = append(all, v.Evidence...)
	}
	if len(d.Verdicts) == 0 {
		l.section(s.Text("level.info")+": "+s.Text("verdict.none"), s.Text("verdict.none.meaning"))
	}
	l.section(s.legend(all)...)
}

// isEmpty reports whether the range of a diagnosis has no connections and no refusals.
func (d *diagnosisResponse) isEmpty() bool {
	return len(d.Connections) == 0 && len(d.Refusals) == 0 && d.Omitted == nil
}

// summary returns two lines of figures, or none if the range is empty.
func (s *style) summary(d *diagnosisResponse) lines {
	if d.isEmpty() {
		return nil
	}
	connections := len(d.Connections)
	if d.Omitted != nil {
		connections += d.Omitted.Connections
	}
	return lines{
		s.uptime(d.Summary),
		strings.Join([]string{
			s.figure("connections", s.Number(int64(connections))),
			s.figure("drops", s.drops(d.Summary)),
			s.figure("refusals", s.Number(int64(d.Summary.Refusals))),
		}, s.Text("usual.and")),
	}
}

func (s *style) figure(name, value string) string { return s.Text("summary."+name) + ": " + value }

// uptime returns the line about the uptime: a percentage and lengths of time. If the ends of some
// connections were not reported, the text says that the percentage is only an upper bound.
func (s *style) uptime(sum history.Summary) string {
	share := "–"
	if sum.Uptime != nil {
		share = s.percent(*sum.Uptime)
		if sum.Unreported > 0 {
			share = s.Text("summary.uptime.max", "share", share)
		}
	}
	return s.figure("uptime", share) + s.uptimeNote(sum)
}

// uptimeNote returns the time that the device was online, and the time for which its state is unknown. It
// omits a time that is zero.
func (s *style) uptimeNote(sum history.Summary) string {
	online := s.Duration(time.Duration(sum.OnlineMS) * time.Millisecond)
	unknown := s.Duration(time.Duration(sum.UnknownMS) * time.Millisecond)
	switch {
	case sum.OnlineMS > 0 && sum.UnknownMS > 0:
		return s.Text("summary.and") + s.Text("summary.uptime.unknown", "online", online, "unknown", unknown)
	case sum.OnlineMS > 0:
		return s.Text("summary.and") + s.Text("summary.uptime.note", "online", online)
	case sum.UnknownMS > 0:
		return s.Text("summary.and") + s.Text("days.unknownFor", "length", unknown)
	default:
		return ""
	}
}

// drops returns the number of drops, followed by the numbers of other ends. If some of those ends may be
// drops, the number of drops is a range.
func (s *style) drops(sum history.Summary) string {
	drops := s.Number(int64(sum.Drops))
	if most := sum.Drops + sum.Unexplained + sum.Unreported; most > sum.Drops {
		drops = s.Text("summary.drops.range", "min", drops, "max", s.Number(int64(most)))
	}
	for _, other := range []struct {
		name  string
		count int
	}{{"disconnects", sum.Disconnects}, {"unexplained", sum.Unexplained}, {"unreported", sum.Unreported}} {
		if other.count > 0 {
			drops += s.Text("summary.and") + s.Text("summary."+other.name, "count", s.Number(int64(other.count)))
		}
	}
	return drops
}

// diagnosisNotes says what the diagnosis does not cover, and what to do about it.
func (s *style) diagnosisNotes(d *diagnosisResponse, to, searched time.Time) lines {
	l := s.incomplete(d.Incomplete)
	if !d.CutBefore.IsZero() {
		l.add(s.Text("text.cut", "time", s.Instant(d.CutBefore.Time())))
	}
	if d.Omitted != nil {
		l.add(s.Text("omitted.title") + " " + s.Text("omitted.meaning", "what", s.omitted(*d.Omitted)))
	}
	switch {
	case d.absence != nil:
		l.add(s.absence(d.InstanceID, d.absence)...)
	case !d.isEmpty():
	case !d.Status.LastEventAt.IsZero():
		l.add(s.Text("nothing.last.until", "at", s.Instant(to), "time", s.Instant(d.Status.LastEventAt.Time())))
	default:
		l.add(s.neverSeen(d.identity, to, searched)...)
	}
	return l
}

func (s *style) omitted(o omitted) string {
	var what []string
	for _, list := range []struct {
		name  string
		count int
	}{{"connections", o.Connections}, {"refusals", o.Refusals}, {"timeline", o.Timeline}, {"evidence", o.Evidence}} {
		if list.count > 0 {
			what = append(what, s.Text("omitted."+list.name, "count", s.Number(int64(list.count))))
		}
	}
	return strings.Join(what, s.Text("omitted.and"))
}

// neverSeen returns lines about a device without events: the first day that was searched, what to check,
// and a link to a search for similar identifiers. The link searches the day that contains the instant
// day.
func (s *style) neverSeen(d identity, day, searched time.Time) lines {
	l := lines{s.Text("nothing.ever.since", "date", s.Date(searched))}
	for _, check := range []string{"instance", "case", "broker"} {
		l.add("- " + s.Text("nothing.check."+check))
	}
	l.add(s.finderLink(d, day))
	return l
}

// diagnosisLinks returns a link to the fleet at the last drop or refusal, if there is one, and a link to
// the page.
func (s *style) diagnosisLinks(d *diagnosisResponse, from, to time.Time) (l lines) {
	if at, of := d.lastTrouble(); !at.IsZero() {
		l.add(s.Text("fleet.welcome.title") + " " + s.link("view", "fleet", "instance", string(d.InstanceID),
			"day", at.Format(time.DateOnly), "at", instant(at.Truncate(time.Minute)), "of", string(of)))
	}
	l.add(s.link("instance", string(d.InstanceID), "client", string(d.ClientID), "from", instant(from), "to", instant(to)))
	return l
}

// lastTrouble returns the time of the last drop in the range, otherwise of the last refusal, otherwise
// of the last known drop before the range. It returns the zero time if there is none.
func (d *diagnosisResponse) lastTrouble() (at time.Time, of fleet.Of) {
	for i := len(d.Connections) - 1; i >= 0; i-- {
		if c := d.Connections[i]; c.EndIs == history.Reported && c.Action == event.Close {
			return c.End.Time(), fleet.Drops
		}
	}
	switch n := len(d.Refusals); {
	case n > 0:
		return d.Refusals[n-1].Time.Time(), fleet.Refusals
	case d.LastDrop != nil:
		return d.LastDrop.Time.Time(), fleet.Drops
	default:
		return time.Time{}, ""
	}
}
