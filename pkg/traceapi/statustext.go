package traceapi

import (
	"strconv"
	"time"

	"devicetrace/pkg/history"
)

// statusText returns a status as plain text. isPast is true if the request asked for the past instant at,
// and false if it asked for now.
func (s *style) statusText(d *statusResponse, at time.Time, isPast bool) lines {
	l := s.heading(d.identity)
	l.add(s.statusLine(at, d.Status))
	l.section(s.statusNotes(d, at, isPast)...)
	if d.Connection != nil {
		l.section(s.connectionFacts(d.Connection)...)
	}
	asked := ""
	if isPast {
		asked = instant(at)
	}
	l.section(s.link("instance", string(d.InstanceID), "client", string(d.ClientID), "at", asked))
	return l
}

// statusNotes returns lines about the start of the state, or about why the state is unknown, and about the
// last event.
func (s *style) statusNotes(d *statusResponse, at time.Time, isPast bool) lines {
	l := s.incomplete(d.Incomplete)
	if d.absence != nil {
		l.add(s.absence(d.InstanceID, d.absence)...)
		return l
	}
	if note := s.since(d, at, isPast); note != "" {
		l.add(note)
	}
	switch {
	case !d.LastEventAt.IsZero() && isPast:
		l.add(s.Text("nothing.last.until", "at", s.Instant(at), "time", s.Instant(d.LastEventAt.Time())))
	case !d.LastEventAt.IsZero():
		l.add(s.Text("nothing.last", "time", s.Instant(d.LastEventAt.Time())))
	case !d.Cut:
		l.add(s.neverSeen(d.identity, at, d.searched)[1:]...) // without the line about the searched days
	}
	return l
}

// since returns a sentence about the time at which the state began.
func (s *style) since(d *statusResponse, at time.Time, isPast bool) string {
	began := d.Since.Time()
	switch {
	case d.Cut:
		return s.Text("status.cut", "time", s.Second(d.searched))
	case d.State == history.Unknown && isPast:
		return s.Text("status.nothing.then", "date", s.Date(d.searched))
	case d.State == history.Unknown:
		return s.Text("status.nothing", "date", s.Date(d.searched))
	case d.Since.IsZero():
		return s.Text("status."+string(d.State)) + " " + s.Text("status.sinceUnknown", "date", s.Date(d.searched))
	case began.After(at):
		return s.Text("status."+string(d.State)) + " " + s.Text("status.ahead", "time", s.Second(began), "ago", s.Duration(began.Sub(at)))
	default:
		return s.Text("status."+string(d.State)) + " " + s.Text("status.since", "time", s.Second(began), "ago", s.Duration(at.Sub(began)))
	}
}

// connectionFacts returns lines with the known details of a connection.
func (s *style) connectionFacts(c *history.Connection) (l lines) {
	for _, fact := range [][2]string{{"peer_address", c.PeerAddress}, {"username", c.Username}, {"node", c.Node}, {"channel_id", c.ChannelID}} {
		if fact[1] != "" {
			l.add(s.Text("field."+fact[0]) + ": " + s.datum(fact[1]))
		}
	}
	if c.KeepAlive.Known && c.KeepAlive.Value > 0 {
		seconds := strconv.FormatInt(int64(c.KeepAlive.Value/time.Second), 10)
		l.add(s.Text("field.keep_alive") + ": " + s.Text("evidence.seconds", "n", seconds))
	}
	return l
}
