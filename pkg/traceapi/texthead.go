package traceapi

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// maxOthers is the maximum number of other instances that a text names if the instance has no events.
const maxOthers = 20

// heading returns the lines that name the device.
func (s *style) heading(d identity) lines {
	return lines{
		s.Text("title") + ": " + s.datum(string(d.ClientID)),
		s.Text("subject.instance") + ": " + s.datum(string(d.InstanceID)),
	}
}

// span returns the line that names a range of time.
func (s *style) span(from, to time.Time) string {
	return s.Text("form.range") + ": " + s.Instant(from) + " – " + s.Instant(to)
}

// statusLine returns a line with the state of a device at an instant.
func (s *style) statusLine(at time.Time, status history.Status) string {
	state := s.Text("status." + string(status.State))
	if !status.Since.IsZero() {
		state = s.Text("status.sentence", "state", state, "time", s.Instant(status.Since.Time()))
	}
	line := s.Text("status.at", "time", s.Instant(at)) + ": " + state
	if status.State == history.Offline && status.Connection != nil {
		line += s.Text("summary.and") + s.kind(status.Connection.Kind)
	}
	return line
}

// kind returns the way a connection ended, as an action_info if there is one for it.
func (s *style) kind(k history.Kind) string {
	if info := k.ActionInfo(); info != "" {
		return string(info)
	}
	return s.Text("kind." + string(k))
}

// info returns an action_info. For an empty one, it returns a label that says whether the source gave no
// reason or a reason that does not show the cause.
func (s *style) info(info event.ActionInfo, nativeReason string) string {
	switch {
	case info != "":
		return string(info)
	case nativeReason != "":
		return s.Text("info.unclear")
	default:
		return s.Text("info.none")
	}
}

// words returns an action, its reason and the source's own words for the reason.
func (s *style) words(action event.Action, info event.ActionInfo, nativeReason string) string {
	words := s.datum(string(action)) + " " + s.datum(s.info(info, nativeReason))
	if native := nativeOf(info, nativeReason); native != "" {
		words += " (" + s.datum(native) + ")"
	}
	return words
}

// nativeOf returns the source's own words for a reason, or "" if they are the same as action_info.
func nativeOf(info event.ActionInfo, nativeReason string) string {
	if nativeReason == string(info) {
		return ""
	}
	return nativeReason
}

// absence returns lines that say that an instance has no events, and name instances that have some.
func (s *style) absence(id event.InstanceID, a *absence) lines {
	if a.BucketEmpty {
		return lines{s.Text("absent.bucket"), s.Text("absent.bucket.meaning")}
	}
	title := s.Text("absent.title", "instance", s.Plain(string(id), 80))
	if len(a.Instances) == 0 {
		return lines{title, s.Text("absent.none")}
	}
	var names []string
	for _, one := range a.Instances[:min(len(a.Instances), maxOthers)] {
		names = append(names, s.datum(string(one)))
	}
	others := s.Text("absent.others") + " " + strings.Join(names, ", ")
	if a.MoreInstances || len(a.Instances) > maxOthers {
		others += s.Text("summary.and") + s.Text("absent.more")
	}
	return lines{title, others}
}

// incomplete returns a warning that some objects could not be read, or nil if all could be read.
func (s *style) incomplete(is bool) lines {
	if !is {
		return nil
	}
	return lines{s.Text("incomplete.title") + " " + s.Text("incomplete.meaning")}
}

// legend returns lines that explain the words in the evidence, in the order of the vocabulary. Evidence
// with an empty action_info shows a label instead, so the legend explains that label.
func (s *style) legend(all []diagnose.Evidence) (l lines) {
	explain := func(word, meaning string) { l.add(s.Text("evidence.word", "word", word, "meaning", meaning)) }
	for _, action := range []event.Action{event.Connect, event.Close, event.Disconnect} {
		if slices.ContainsFunc(all, func(one diagnose.Evidence) bool { return one.Action == action }) {
			explain(string(action), s.Text("action.meaning", "stage", s.Text("stage."+string(action)), "meaning", s.Text("action."+string(action))))
		}
	}
	for _, info := range event.ActionInfos() {
		if slices.ContainsFunc(all, func(one diagnose.Evidence) bool { return one.ActionInfo == info }) {
			explain(string(info), s.Text("info."+string(info)))
		}
	}
	for _, label := range s.unexplained(all) {
		explain(label, s.Text("info.unexplained"))
	}
	if len(l) == 0 {
		return nil
	}
	return append(lines{s.Text("words.title")}, l...)
}

// unexplained returns the labels that evidence with an empty action_info shows, each once.
func (s *style) unexplained(all []diagnose.Evidence) (labels []string) {
	for _, one := range all {
		if label := s.info(one.ActionInfo, one.NativeReason); one.ActionInfo == "" && !slices.Contains(labels, label) {
			labels = append(labels, label)
		}
	}
	return labels
}

// finderLink returns a line with a link to the search for devices with similar identifiers. The link
// searches the UTC day that contains the instant day.
func (s *style) finderLink(d identity, day time.Time) string {
	return s.Text("near.find") + ": " +
		s.link("view", "fleet", "instance", string(d.InstanceID), "day", day.UTC().Format(time.DateOnly), "q", string(d.ClientID))
}

// percent formats a share from 0 to 1 as a percentage. It rounds down, so that only a share of 1 becomes
// 100 %.
func (s *style) percent(share float64) string {
	scale := 10.0
	if share > 0.999 && share < 1 {
		scale = 1000
	}
	return strconv.FormatFloat(float64(int64(share*100*scale))/scale, 'f', -1, 64) + " %"
}
