package diagnose_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// instant parses a day of November 2026 and a time, such as "22 14:45".
func instant(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", "2026-11-"+text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestSinceWhenAVerdictApplies(t *testing.T) {
	for _, c := range []struct {
		name, days, from, to string
		code                 diagnose.Code
		english, chinese     string
	}{
		{"days", "hkkk", "23 14:00", "23 15:00", silent, "since 2026-11-21 14:45 UTC, 2 days", "自 2026-11-21 14:45 UTC 起，已有 2 天"},
		{"one day", "hkk", "22 14:00", "22 14:45", silent, "since 2026-11-21 14:45 UTC, 1 day", "自 2026-11-21 14:45 UTC 起，已有 1 天"},
		{"hours", "hk", "21 14:00", "21 16:55", silent, "since 2026-11-21 14:45 UTC, 2 h 10 min", "自 2026-11-21 14:45 UTC 起，已有 2 小时 10 分钟"},
		{"almost a day", "hkh", "21 14:00", "22 13:00", silent, "since 2026-11-21 14:45 UTC, 22 h 15 min", "自 2026-11-21 14:45 UTC 起，已有 22 小时 15 分钟"},
		{"now", "hk", "21 14:00", "21 14:45", silent, "since 2026-11-21 14:45 UTC, less than 1 s", "自 2026-11-21 14:45 UTC 起，已有 不到 1 秒"},
		{"earlier on the day", "hK", "21 14:00", "21 15:12", silent, "since 2026-11-21 03:12 UTC, 12 h", "自 2026-11-21 03:12 UTC 起，已有 12 小时"},
		{"the earliest day", "kkk", "22 14:00", "22 15:00", silent,
			"at least since 2026-11-20, the earliest day searched", "至少自 2026-11-20 起，即所查询的最早一天"},
		{"the earliest day that was read", "k-kk", "23 14:00", "23 15:00", silent,
			"at least since 2026-11-22, the earliest day searched", "至少自 2026-11-22 起，即所查询的最早一天"},
		{"absent before", "..kk", "23 14:00", "23 15:00", silent,
			"at least since 2026-11-22 14:45 UTC; earlier days do not show it either way", "至少自 2026-11-22 14:45 UTC 起；更早的日期无法判断"},
		{"logins worked before on the same day", "..a", "22 00:00", "22 02:00", "refused-after-success", "since 2026-11-22 00:30 UTC, 1 h 29 min", "自 2026-11-22 00:30 UTC 起，已有 1 小时 29 分钟"},
		{"a day with counts only", "hkck", "23 14:00", "23 15:00", silent, "since 2026-11-21 14:45 UTC, 2 days", "自 2026-11-21 14:45 UTC 起，已有 2 天"},
		{"a span on a day with counts only", "hkc", "22 14:00", "22 15:00", "offline-throughout", "since 2026-11-21 15:15 UTC, 23 h 44 min", "自 2026-11-21 15:15 UTC 起，已有 23 小时 44 分钟"},

		{"a span over midnight", "h1kk", "22 15:00", "23 15:00", silent, "since 2026-11-22 14:45 UTC, 1 day", "自 2026-11-22 14:45 UTC 起，已有 1 天"},
		{"a span that begins on an interrupting day", "hk1k", "22 18:00", "23 15:00", silent, "since 2026-11-23 14:45 UTC, 15 min", "自 2026-11-23 14:45 UTC 起，已有 15 分钟"},
		{"absence in a part of a day", "..h", "22 10:00", "22 10:30", "offline-throughout", "since 2026-11-22 00:30 UTC, 10 h", "自 2026-11-22 00:30 UTC 起，已有 10 小时"},
		{"no drops all the time", "hk.hh", "24 00:00", "24 23:59", "no-drops", "since 2026-11-23 00:00 UTC, 1 day", "自 2026-11-23 00:00 UTC 起，已有 1 天"},
		{"no drops after a drop on the same day", "hhk", "22 14:50", "22 15:05", "no-drops",
			"at least since 2026-11-22 14:50 UTC; earlier days do not show it either way", "至少自 2026-11-22 14:50 UTC 起；更早的日期无法判断"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for lang, want := range map[diagnose.Lang]string{diagnose.English: c.english, diagnose.Chinese: c.chinese} {
				r := calendarOf(c.days).report(instant(c.from), instant(c.to), lang)
				require.Equal(t, want, verdict(t, r, c.code).Since.Text)
			}
		})
	}
}

// If a span is only a part of a day, the span and the day can have different verdicts about the
// same refusals. The verdict of the span must still continue the run of the days before.
func TestAVerdictContinuesARunThatItsOwnDayInterrupts(t *testing.T) {
	c := calendarOf("rr")
	s := &script{at: begins(1).Add(time.Hour)}
	s.events = calendarOf("r").events
	s.leave().wait(time.Hour).refuse().refuse().refuse()
	c.events = s.events
	to := begins(1).Add(3 * time.Hour)
	days := c.daysTo(to)
	require.Equal(t, []diagnose.Code{"never-accepted"}, days[0].Verdicts)
	require.NotContains(t, days[1].Verdicts, diagnose.Code("never-accepted"))

	r := report(c.events, history.Span{From: to.Add(-time.Hour), To: to}, history.Status{}, diagnose.English)
	r.SetSince(days, diagnose.English)
	require.Equal(t, "at least 20 00:00", since(*verdict(t, r, "never-accepted").Since))
	r.SetSince(days[1:], diagnose.English)
	require.Equal(t, "at least 21 02:30", since(*verdict(t, r, "never-accepted").Since))
}

// If a verdict is about a connection that began before the earliest day, Since must say "at least",
// because the verdict may also apply to an older connection.
func TestSinceBeforeTheEarliestDay(t *testing.T) {
	c := calendarOf("...")
	s := &script{at: begins(0).Add(8 * time.Hour)}
	c.events = s.stay(keepAlive(0)).events
	r := report(c.events, history.Span{From: begins(2), To: begins(2).Add(time.Hour)}, history.StatusAt(logOf(c.events), begins(2)), diagnose.English)
	r.SetSince(c.daysTo(begins(2).Add(time.Hour))[1:], diagnose.English)
	require.Equal(t, "at least since 2026-11-20 08:00 UTC; earlier days do not show it either way", verdict(t, r, "no-keep-alive").Since.Text)
}

func TestSinceWithoutDays(t *testing.T) {
	c := calendarOf("k")
	r := report(c.events, history.Span{From: begins(0), To: begins(1)}, history.Status{}, diagnose.English)
	r.SetSince(nil, diagnose.English)
	require.Equal(t, "at least since 2026-11-20 14:45 UTC; earlier days do not show it either way", verdict(t, r, silent).Since.Text)
	require.Equal(t, history.At(instant("20 14:45")), r.LastDrop.Time)
	require.Nil(t, r.Usual)
}

// SetSince must leave the days unchanged, because a response may also show the days.
func TestSetSinceLeavesTheDaysUnchanged(t *testing.T) {
	c := calendarOf("hk1k")
	days := c.days()
	before := asJSON(t, days)
	r := report(c.events, history.Span{From: begins(3), To: begins(4).Add(-1)}, history.Status{}, diagnose.English)
	r.SetSince(days, diagnose.English)
	require.Equal(t, before, asJSON(t, days))
}

func TestWhatIsUsual(t *testing.T) {
	for _, c := range []struct{ name, days, english, chinese string }{
		{"a range", "h12kK", "2 drops on 2026-11-24; usually 0–2 a day", "2026-11-24 掉线 2 次；平时每天 0–2 次"},
		{"always the same", "hhhk", "1 drop on 2026-11-23; usually 0 a day", "2026-11-23 掉线 1 次；平时每天 0 次"},
		{"no drops", "112h", "0 drops on 2026-11-23; usually 1–2 a day", "2026-11-23 掉线 0 次；平时每天 1–2 次"},
		{"two days", "12k", "1 drop on 2026-11-22; 1–2 a day on 2 earlier days", "2026-11-22 掉线 1 次；此前有记录的 2 天每天 1–2 次"},
		{"one day", "1.k", "1 drop on 2026-11-22; 1 on an earlier day", "2026-11-22 掉线 1 次；此前有记录的一天为 1 次"},
		{"too many events", "hhhc", "19,999 drops on 2026-11-23; usually 0 a day", "2026-11-23 掉线 19,999 次；平时每天 0 次"},
		{"not known", "kkk", "", ""},
		{"not read", "hhh-", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for lang, want := range map[diagnose.Lang]string{diagnose.English: c.english, diagnose.Chinese: c.chinese} {
				end := begins(len(c.days))
				r := calendarOf(c.days).report(end.Add(-time.Hour), end.Add(-time.Millisecond), lang)
				if want == "" {
					require.Nil(t, r.Usual)
					continue
				}
				require.Equal(t, want, r.Usual.Text)
			}
		})
	}
}

func TestLastDrop(t *testing.T) {
	for _, c := range []struct{ name, days, from, to, english, chinese string }{
		{"days ago", "K.h", "22 10:00", "22 11:00", "last drop 2026-11-20 14:45:00 UTC, no heart", "最近一次掉线 2026-11-20 14:45:00 UTC，no heart"},
		{"earlier on the day", "1K", "21 10:00", "21 11:00", "last drop 2026-11-21 03:12:00 UTC, no heart", "最近一次掉线 2026-11-21 03:12:00 UTC，no heart"},
		{"in the span", "1k", "21 10:00", "21 15:00", "last drop 2026-11-21 14:45:00 UTC, no heart", "最近一次掉线 2026-11-21 14:45:00 UTC，no heart"},
		{"at the end of the span", "1k", "21 10:00", "21 14:45", "last drop 2026-11-21 14:45:00 UTC, no heart", "最近一次掉线 2026-11-21 14:45:00 UTC，no heart"},
		{"just after the span", "1k", "21 10:00", "21 14:44", "last drop 2026-11-20 01:00:00 UTC, Socket IOException", "最近一次掉线 2026-11-20 01:00:00 UTC，Socket IOException"},
		{"none", "hrh", "22 00:00", "22 11:00", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for lang, want := range map[diagnose.Lang]string{diagnose.English: c.english, diagnose.Chinese: c.chinese} {
				r := calendarOf(c.days).report(instant(c.from), instant(c.to), lang)
				if want == "" {
					require.Nil(t, r.LastDrop)
					continue
				}
				require.Equal(t, want, r.LastDrop.Text)
			}
		})
	}
}

// Even if the days include drops after the span, the last drop must not be one of them.
func TestLastDropIgnoresDropsAfterTheSpan(t *testing.T) {
	c := calendarOf("1k")
	r := report(c.events, history.Span{From: begins(1), To: instant("21 14:44")}, history.Status{}, diagnose.English)
	r.SetSince(c.days(), diagnose.English)
	require.Equal(t, history.At(instant("20 01:00")), r.LastDrop.Time)
}

// A source can report that a connection ended without a DISCONNECT, but give no reason.
func TestLastDropWithoutAReason(t *testing.T) {
	c := calendarOf("..")
	s := &script{at: begins(0)}
	c.events = s.hold(time.Minute, event.Unexplained, source("events"), native("tcpclean")).events
	r := c.report(begins(1), begins(1).Add(time.Hour), diagnose.English)
	require.Equal(t, "last drop 2026-11-20 00:01:00 UTC, reason not reported", r.LastDrop.Text)
	r = c.report(begins(1), begins(1).Add(time.Hour), diagnose.Chinese)
	require.Equal(t, "最近一次掉线 2026-11-20 00:01:00 UTC，原因未上报", r.LastDrop.Text)
}

func TestSinceAsJSON(t *testing.T) {
	c := calendarOf("hhhk")
	span := history.Span{From: begins(3), To: begins(4).Add(-time.Millisecond)}
	without := asJSON(t, report(c.events, span, history.StatusAt(logOf(c.events), begins(3).Add(-1)), diagnose.English))
	for _, name := range []string{`"since":{`, "usual", "last_drop"} {
		require.NotContains(t, without, name)
	}

	with := asJSON(t, c.report(span.From, span.To, diagnose.English))
	for _, added := range []string{
		`,"since":{"at":"2026-11-23T14:45:00.000Z","text":"since 2026-11-23 14:45 UTC, 9 h 14 min"}`,
		`,"since":{"at":"2026-11-20T00:30:00.000Z","at_least":true,"text":"at least since 2026-11-20, the earliest day searched"}`,
		`,"usual":{"drops":1,"min":0,"max":0,"days":3,"text":"1 drop on 2026-11-23; usually 0 a day"}`,
		`,"last_drop":{"time":"2026-11-23T14:45:00.000Z","kind":"no-heart","action":"close","action_info":"no heart","native_reason":"",` +
			`"text":"last drop 2026-11-23 14:45:00 UTC, no heart"}`,
	} {
		require.Contains(t, with, added)
		with = strings.Replace(with, added, "", 1)
	}
	require.Equal(t, without, with)
}
