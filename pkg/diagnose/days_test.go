package diagnose_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// dayTypes maps each letter of a calendar to the script of a day, which begins at midnight. The
// scripts end with a DISCONNECT.
var dayTypes = map[rune]func(s *script){
	'h': func(s *script) { s.leave() },                                                        // healthy
	'k': func(s *script) { s.wait(14*time.Hour).hold(45*time.Minute, event.NoHeart).leave() }, // one drop at 14:45
	'K': func(s *script) { // a drop at 03:12 and one at 14:45
		s.wait(3*time.Hour).hold(12*time.Minute, event.NoHeart).wait(10*time.Hour+47*time.Minute-time.Second).hold(46*time.Minute, event.NoHeart).leave()
	},
	'1': func(s *script) { s.hold(time.Hour, event.SocketIOException).leave() },
	'2': func(s *script) {
		s.hold(time.Hour, event.SocketIOException).hold(time.Minute, event.SocketIOException).leave()
	},
	'a': func(s *script) { s.leave().refuse().refuse().refuse() }, // refused after a success
	'r': func(s *script) { s.refuse().refuse().refuse() },         // refused logins only
	'.': func(*script) {},                                         // away
	'c': func(*script) {},                                         // counts only
	'-': func(*script) {},                                         // not read
}

// leave adds a connection of half an hour, which the client ends with DISCONNECT.
func (s *script) leave() *script { return s.hold(30*time.Minute, event.DisconnectedByClient) }

// calendar is a device's history over several days.
type calendar struct {
	types  string
	events []event.Event
}

// first is the first day of every calendar.
var first = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// begins returns the beginning of the calendar's day i.
func begins(i int) time.Time { return first.AddDate(0, 0, i) }

// calendarOf returns the history of a device that has one day of each of the given types.
func calendarOf(types string) calendar {
	s := &script{}
	for i, letter := range types {
		s.at = begins(i)
		dayTypes[letter](s)
	}
	return calendar{types, s.events}
}

func (c calendar) days() []diagnose.Day { return c.daysTo(begins(len(c.types)).Add(-time.Millisecond)) }

// daysTo returns the days up to an instant.
func (c calendar) daysTo(to time.Time) []diagnose.Day {
	var days []diagnose.Day
	for i, letter := range c.types {
		if !begins(i).After(to) {
			days = append(days, diagnose.DayOf(c.day(i, letter, to)))
		}
	}
	return days
}

func (c calendar) day(i int, letter rune, to time.Time) history.DayHistory {
	switch letter {
	case '-':
		return history.DayHistory{Day: begins(i), NotRead: true}
	case 'c':
		return history.DayHistory{Day: begins(i), CountsOnly: true, Connections: 20_000, Summary: history.Summary{Drops: 19_999}}
	}
	if end := begins(i + 1).Add(-time.Millisecond); end.Before(to) {
		to = end
	}
	return dayHistory(c.events, history.Span{From: begins(i), To: to})
}

// dayHistory returns the history of the day on which a span begins. The span must begin at the
// start of that day, unless the span is cut.
func dayHistory(events []event.Event, span history.Span) history.DayHistory {
	h := history.Of(logOf(events), span, history.StatusAt(logOf(events), span.From.Add(-time.Millisecond)))
	return history.DayHistory{
		Day: span.From.Truncate(24 * time.Hour), Summary: h.Summary, Connections: len(h.Connections),
		LastDrop: history.LastDrop(h.Connections), History: &h,
	}
}

// report returns a report on a part of the calendar.
func (c calendar) report(from, to time.Time, lang diagnose.Lang) diagnose.Report {
	before := history.StatusAt(logOf(c.events), from.Add(-time.Millisecond))
	r := report(c.events, history.Span{From: from, To: to}, before, lang)
	r.SetSince(c.daysTo(to), lang)
	return r
}

// since formats a diagnose.Since.
func since(s diagnose.Since) string {
	text := s.At.Time().Format("02 15:04")
	if s.AtLeast {
		text = "at least " + text
	}
	return text
}

const silent, broken, left = diagnose.Code("keep-alive-timeout"), diagnose.Code("network-error"), diagnose.Code("clean-disconnect")

func TestRuns(t *testing.T) {
	for _, c := range []struct {
		name, days string
		code       diagnose.Code
		want       string // on the last day; empty if the verdict does not apply to that day
	}{
		{"only today", "hhk", silent, "22 14:45"},
		{"several days", "hkkk", silent, "21 14:45"},
		{"the first of several times", "hKk", silent, "21 03:12"},
		{"today's times do not matter", "hkK", silent, "21 14:45"},
		{"an active day interrupts", "khk", silent, "22 14:45"},
		{"a day with only refusals interrupts", "krk", silent, "22 14:45"},
		{"a day with another verdict interrupts", "k1k", silent, "22 14:45"},
		{"an absent day does not interrupt", "hk.k", silent, "21 14:45"},
		{"a day with counts only does not interrupt", "hkck", silent, "21 14:45"},
		{"the earliest day searched", "kkk", silent, "at least 20 14:45"},
		{"absent before", "..kk", silent, "at least 22 14:45"},
		{"counts only before", "ckk", silent, "at least 21 14:45"},
		{"a day that was not read", "hk-kk", silent, "at least 23 14:45"},
		{"not read, then absent", "hk-.k", silent, "at least 24 14:45"},
		{"not read, then healthy", "k-hk", silent, "23 14:45"},
		{"over", "kkh", silent, ""},
		{"another code", "hk11", broken, "22 01:00"},
		{"information", "h.hkh", left, "at least 20 00:30"},
		{"absent since the end", "kh..", "offline-throughout", "21 00:30"},
		{"absent again", "h.h.", "offline-throughout", "22 00:30"},
		{"nothing on record", "..", "nothing-recorded", "at least 20 00:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			days := calendarOf(c.days).days()
			diagnose.Trends(days)
			last := days[len(days)-1]
			require.Len(t, last.Since, len(last.Verdicts))
			if c.want == "" {
				require.NotContains(t, last.Since, c.code)
				return
			}
			require.Contains(t, last.Since, c.code)
			require.Equal(t, c.want, since(last.Since[c.code]))
		})
	}
}

// If a client left before the earliest day that was searched, the time at which it left is still
// known.
func TestAnAbsenceCanBeOlderThanTheDays(t *testing.T) {
	days := calendarOf("h...").days()[1:]
	diagnose.Trends(days)
	require.Equal(t, "20 00:30", since(days[2].Since["offline-throughout"]))
}

// If only a part of a day was read, the day must not interrupt a run. A verdict that does not apply
// to this part may still apply to the whole day.
func TestAPartOfADayDoesNotInterrupt(t *testing.T) {
	c := calendarOf("kk")
	noon := begins(0).Add(16 * time.Hour)
	cut := begin("00:00:00")
	cut.at = noon
	c.events = append(c.events, cut.leave().events...)
	days := c.days()
	days[0] = diagnose.DayOf(dayHistory(c.events, history.Span{From: noon, To: begins(1).Add(-time.Millisecond), Cut: true}))
	require.NotContains(t, days[0].Verdicts, silent)
	diagnose.Trends(days)
	require.Equal(t, "at least 21 14:45", since(days[1].Since[silent]))
	require.Nil(t, days[1].Usual)
}

// If all events of a day were read, the day must interrupt the runs of verdicts that do not apply
// to it, even if no older events were read.
func TestADayThatIsCutAtItsStartInterrupts(t *testing.T) {
	c := calendarOf("hk")
	days := c.days()
	days[0] = diagnose.DayOf(dayHistory(c.events, history.Span{From: begins(0), To: begins(1).Add(-time.Millisecond), Cut: true}))
	diagnose.Trends(days)
	require.Equal(t, "21 14:45", since(days[1].Since[silent]))
	require.Equal(t, &diagnose.Usual{Min: 0, Max: 0, Days: 1}, days[1].Usual)
}

func TestUsual(t *testing.T) {
	for _, c := range []struct {
		name, days string
		want       *diagnose.Usual // on the last day
	}{
		{"before the trouble", "012h2kkk", &diagnose.Usual{Min: 0, Max: 2, Days: 5}},
		{"before today's trouble", "h12k", &diagnose.Usual{Min: 0, Max: 2, Days: 3}},
		{"no trouble today", "12h", &diagnose.Usual{Min: 1, Max: 2, Days: 2}},
		{"only active days", "1.c2h", &diagnose.Usual{Min: 1, Max: 2, Days: 2}},
		{"days with only refusals", "hrk", &diagnose.Usual{Min: 0, Max: 0, Days: 2}},
		{"days beyond one that was not read", "2-1h", &diagnose.Usual{Min: 1, Max: 2, Days: 2}},
		{"a day with counts only has no verdicts", "2c", &diagnose.Usual{Min: 2, Max: 2, Days: 1}},
		{"the oldest trouble decides", "h1112k", &diagnose.Usual{Min: 0, Max: 2, Days: 5}},
		{"trouble since the earliest day", "kkk", nil},
		{"the earliest day", "k", nil},
		{"nothing known before", "..-k", nil},
		{"not read", "11-", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.days = strings.ReplaceAll(c.days, "0", "h")
			days := calendarOf(c.days).days()
			diagnose.Trends(days)
			require.Equal(t, c.want, days[len(days)-1].Usual)
		})
	}
}

// Some sources never report why a connection ended. Most drops are then unexplained ends, so the
// number of certain drops must not be compared with the usual number.
func TestUsualOfUnexplainedEnds(t *testing.T) {
	for unexplained, known := range map[int]bool{0: true, 1: true, 2: false} {
		var days []diagnose.Day
		for i := range 4 {
			days = append(days, diagnose.DayOf(history.DayHistory{
				Day: day.AddDate(0, 0, i), Connections: 3, Summary: history.Summary{Drops: 1, Unexplained: unexplained},
				History: &history.History{Span: wholeDay},
			}))
		}
		diagnose.Trends(days)
		require.Equal(t, known, days[3].Usual != nil, unexplained)
	}
}

// TestTrendsAgainstTheDefinition compares the results of Trends with a simpler implementation,
// which searches back from each day separately.
func TestTrendsAgainstTheDefinition(t *testing.T) {
	const letters = "hkK12r.c-"
	random := rand.New(rand.NewPCG(14, 1))
	for range 300 {
		types := make([]byte, 1+random.IntN(12))
		for i := range types {
			types[i] = letters[random.IntN(len(letters))]
		}
		c := calendarOf(string(types))
		days := c.days()
		diagnose.Trends(days)
		for i, d := range days {
			require.Len(t, d.Since, len(d.Verdicts))
			trouble := i
			for _, code := range d.Verdicts {
				want, began := c.searchBack(i, code)
				require.Equal(t, want, since(d.Since[code]), "%s: day %d of %s", code, i, types)
				if level(code) != diagnose.Info {
					trouble = min(trouble, began)
				}
			}
			require.Equal(t, c.usualBefore(trouble, i), d.Usual, "day %d of %s", i, types)
		}
	}
}

// level returns the level of a verdict in a calendar.
func level(code diagnose.Code) diagnose.Level {
	if slices.Contains([]diagnose.Code{left, "no-drops", "offline-throughout", "nothing-recorded"}, code) {
		return diagnose.Info
	}
	return diagnose.Problem // or a notice
}

// searchBack returns the time since which a verdict has applied, and the index of the day on which
// it began to apply. The verdict must apply to day i.
func (c calendar) searchBack(i int, code diagnose.Code) (text string, began int) {
	days := c.days()
	diagnose.Trends(days[i : i+1])
	first := days[i].Since[code]
	if code == "offline-throughout" {
		return since(diagnose.Since{At: first.At}), i
	}
	atLeast := true
	began = i
	for j := i; j >= 0 && c.types[j] != '-'; j-- {
		if slices.Contains(days[j].Verdicts, code) {
			began = j
		} else if !strings.Contains(".c", c.types[j:j+1]) {
			atLeast = false
			break
		}
	}
	diagnose.Trends(days[began : began+1])
	first = days[began].Since[code]
	first.AtLeast = atLeast
	return since(first), began
}

// usualBefore returns the usual number of drops that Trends must find for day i if the trouble
// began on the given day.
func (c calendar) usualBefore(began, i int) *diagnose.Usual {
	var drops []int
	for j, d := range c.days()[:began] {
		if !strings.Contains(".c-", c.types[j:j+1]) {
			drops = append(drops, d.Drops)
		}
	}
	if len(drops) == 0 || c.types[i] == '-' {
		return nil
	}
	return &diagnose.Usual{Min: slices.Min(drops), Max: slices.Max(drops), Days: len(drops)}
}

func TestDayOf(t *testing.T) {
	for _, c := range []struct {
		letter string
		want   diagnose.Level
		codes  []diagnose.Code
	}{
		{"r", diagnose.Problem, []diagnose.Code{"never-accepted"}},
		{"k", diagnose.Notice, []diagnose.Code{silent, left}}, // a single one
		{"h", diagnose.Info, []diagnose.Code{"no-drops", left}},
		{".", diagnose.Info, []diagnose.Code{"nothing-recorded"}},
		{"c", "", []diagnose.Code{}},
		{"-", "", []diagnose.Code{}},
	} {
		d := calendarOf(c.letter).days()[0]
		require.Equal(t, c.want, d.Level, c.letter)
		require.Equal(t, c.codes, d.Verdicts, c.letter)
	}
}

// A day must have the same verdicts as a report on that day.
func TestADayHasTheVerdictsOfItsReport(t *testing.T) {
	for _, cause := range sim.Causes {
		for seed := range uint64(5) {
			events := sim.Device(cause, seed, day)
			h := dayHistory(events, wholeDay)
			r := diagnose.Diagnose(*h.History, diagnose.English)
			d := diagnose.DayOf(h)
			require.Equal(t, codes(r), d.Verdicts)
			require.Equal(t, r.Verdicts[0].Level, d.Level)
		}
	}
}

// TestTrendsOfSimulatedDevices checks reports on parts of a day against the days.
func TestTrendsOfSimulatedDevices(t *testing.T) {
	for _, cause := range sim.Causes {
		c := calendar{types: "sss"}
		for i := range c.types {
			c.events = append(c.events, sim.Device(cause, uint64(i), begins(i))...)
		}
		for hours := 2; hours <= 24; hours += 11 {
			to := begins(2).Add(time.Duration(hours)*time.Hour - time.Millisecond)
			r := c.report(to.Add(-24*time.Hour/time.Duration(hours)), to, diagnose.English)
			for _, v := range r.Verdicts {
				require.NotNil(t, v.Since, v.Code)
				require.NotEmpty(t, v.Since.Text, v.Code)
				if len(v.Evidence) > 0 && len(v.Evidence) == v.Count {
					require.LessOrEqual(t, v.Since.At, v.Evidence[0].Time, v.Code)
				}
			}
			if r.Summary.Drops > 0 {
				require.NotNil(t, r.LastDrop)
			}
			if r.LastDrop != nil {
				require.LessOrEqual(t, r.LastDrop.Time, history.At(to))
			}
		}
	}
}

func TestDaysAsJSON(t *testing.T) {
	days := calendarOf("hk.c-").days()
	require.NotContains(t, asJSON(t, days), `"since"`)
	require.NotContains(t, asJSON(t, days), `"usual"`)
	diagnose.Trends(days)
	require.JSONEq(t, `[
		{"day": "2026-11-20", "connections": 1, "drops": 0, "disconnects": 1, "unexplained": 0, "unreported": 0, "refusals": 0,
			"online_ms": 1800000, "unknown_ms": 0, "level": "info", "verdicts": ["no-drops", "clean-disconnect"],
			"since": {"no-drops": {"at": "2026-11-20T00:00:00.000Z", "at_least": true}, "clean-disconnect": {"at": "2026-11-20T00:30:00.000Z", "at_least": true}}},
		{"day": "2026-11-21", "connections": 2, "drops": 1, "disconnects": 1, "unexplained": 0, "unreported": 0, "refusals": 0,
			"online_ms": 4500000, "unknown_ms": 0, "level": "notice", "verdicts": ["keep-alive-timeout", "clean-disconnect"],
			"since": {"keep-alive-timeout": {"at": "2026-11-21T14:45:00.000Z"}, "clean-disconnect": {"at": "2026-11-20T00:30:00.000Z", "at_least": true}},
			"usual": {"min": 0, "max": 0, "days": 1},
			"last_drop": {"time": "2026-11-21T14:45:00.000Z", "kind": "no-heart", "action": "close", "action_info": "no heart", "native_reason": ""}},
		{"day": "2026-11-22", "connections": 0, "drops": 0, "disconnects": 0, "unexplained": 0, "unreported": 0, "refusals": 0,
			"online_ms": 0, "unknown_ms": 0, "level": "info", "verdicts": ["offline-throughout"],
			"since": {"offline-throughout": {"at": "2026-11-21T15:15:01.000Z"}}, "usual": {"min": 0, "max": 1, "days": 2}},
		{"day": "2026-11-23", "connections": 20000, "drops": 19999, "disconnects": 0, "unexplained": 0, "unreported": 0, "refusals": 0,
			"online_ms": 0, "unknown_ms": 0, "level": "", "verdicts": [], "since": {}, "usual": {"min": 0, "max": 1, "days": 2}, "counts_only": true},
		{"day": "2026-11-24", "connections": 0, "drops": 0, "disconnects": 0, "unexplained": 0, "unreported": 0, "refusals": 0,
			"online_ms": 0, "unknown_ms": 0, "level": "", "verdicts": [], "since": {}, "not_read": true}
	]`, asJSON(t, days))
}

// BenchmarkDayOf compares DayOf with Diagnose for the same history. Unlike a report, a day has no
// texts.
func BenchmarkDayOf(b *testing.B) {
	h := dayHistory(sim.Device(sim.FlakyRadio, 1, day), wholeDay)
	b.Run("day", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			diagnose.DayOf(h)
		}
	})
	b.Run("report", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			diagnose.Diagnose(*h.History, diagnose.English)
		}
	})
}
