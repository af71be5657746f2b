package diagnose_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// afternoon is a span that was cut: the events before noon were left out.
var afternoon = history.Span{From: clock("12:00:00"), To: wholeDay.To, Cut: true}

// cut returns a report on the script's events in the afternoon. It takes the status before noon
// from the events in earlier.
func cut(s *script, lang diagnose.Lang, earlier ...event.Event) diagnose.Report {
	return report(s.events, afternoon, history.StatusAt(logOf(earlier), afternoon.From.Add(-1)), lang)
}

// If the span was cut, no verdict may claim anything about the whole range that the user requested.
func TestVerdictsOnACutSpanSayWhatWasExamined(t *testing.T) {
	for _, cause := range sim.Causes {
		for seed := range uint64(20) {
			events := sim.Device(cause, seed, day)
			before := history.Status{}
			if seed%2 == 0 {
				before = history.StatusAt(logOf(events), afternoon.From.Add(-1))
			}
			r := report(events, afternoon, before, diagnose.English)
			sound(t, r, afternoon)
			require.Equal(t, history.At(afternoon.From), r.CutBefore)
			for _, v := range r.Verdicts {
				require.Contains(t, v.More, "Only events since 2026-11-22 12:00:00 UTC were examined", v.Code)
				require.NotContains(t, v.Meaning+v.More, "In this span", v.Code)
				require.NotContains(t, asJSON(t, v.Evidence), "not on record", v.Code)
				require.NotContains(t, []diagnose.Code{"offline-throughout", "nothing-recorded"}, v.Code)
			}
		}
	}
}

func TestACutSpanChangesTexts(t *testing.T) {
	ended := begin("13:00:00").hold(time.Minute, event.TopicAuthFailed)
	require.Regexp(t, `^It happened at 2026-11-22 13:01:00 UTC\. Only events since 2026-11-22 12:00:00 UTC were examined\.$`,
		verdict(t, cut(ended, diagnose.English), "topic-denied").More)
	require.Regexp(t, `^发生于 2026-11-22 13:01:00 UTC。仅分析了 2026-11-22 12:00:00 UTC 之后的事件。$`,
		verdict(t, cut(ended, diagnose.Chinese), "topic-denied").More)
	ended.hold(time.Minute, event.TopicAuthFailed)
	require.Regexp(t, `^Only events since 2026-11-22 12:00:00 UTC were examined; among them, it happened from 2026-11-22 13:01:00 UTC to 2026-11-22 13:02:01 UTC\.$`,
		verdict(t, cut(ended, diagnose.English), "topic-denied").More)
	require.Regexp(t, `^仅分析了 2026-11-22 12:00:00 UTC 之后的事件，其中发生于 2026-11-22 13:01:00 UTC 至 2026-11-22 13:02:01 UTC。$`,
		verdict(t, cut(ended, diagnose.Chinese), "topic-denied").More)

	calm := begin("13:00:00").stay()
	require.Equal(t, "No drops on record since 12:00 UTC", verdict(t, cut(calm, diagnose.English), "no-drops").Title)
	require.Equal(t, "自 12:00 UTC 起没有掉线记录", verdict(t, cut(calm, diagnose.Chinese), "no-drops").Title)
	require.Equal(t, "No drops on record", verdict(t, diagnosed(calm.events), "no-drops").Title)

	refused := begin("13:00:00").refuse().refuse().refuse()
	require.Equal(t, "Every login since 12:00 UTC refused, none accepted", verdict(t, cut(refused, diagnose.English), "never-accepted").Title)

	startless := &script{events: []event.Event{closed("13:00:00", event.NoHeart, channel("a"))}}
	require.Equal(t, "The start of the connection is not among the events that were examined.",
		verdict(t, cut(startless, diagnose.English), "keep-alive-timeout").Evidence[0].Text)
	require.Equal(t, "The start of the connection is not on record.", verdict(t, diagnosed(startless.events), "keep-alive-timeout").Evidence[0].Text)
}

// If the last connection ended before the cut, the cut may hide the first refusal, so the title
// must say "or earlier".
func TestACutSpanMayHideTheFirstRefusal(t *testing.T) {
	earlier := begin("08:00:00").hold(time.Minute, event.NoHeart).events
	refused := begin("13:00:00").refuse().refuse()
	require.Equal(t, "Every login refused since 13:00 UTC or earlier (it worked before)",
		verdict(t, cut(refused, diagnose.English, earlier...), "refused-after-success").Title)
	endsAtTheCut := begin("11:59:00").hold(time.Minute, event.NoHeart).refuse().refuse()
	require.Equal(t, "Every login refused since 12:00 UTC (it worked before)",
		verdict(t, cut(endsAtTheCut, diagnose.English, endsAtTheCut.events[0]), "refused-after-success").Title)
}

// If the client dropped before the cut, the verdict "no-return" must not appear, because the cut
// may hide attempts to reconnect.
func TestACutSpanMayHideAttempts(t *testing.T) {
	dropped := begin("08:00:00").hold(time.Minute, event.NoHeart, user("meter")).events
	stranger := begin("13:00:00").refuse(user("root")).refuse(user("root"))
	require.Equal(t, []diagnose.Code{"refused-other-user"}, codes(cut(stranger, diagnose.English, dropped...)))
	whole := afternoon
	whole.Cut = false
	before := history.StatusAt(logOf(dropped), afternoon.From.Add(-1))
	require.Equal(t, []diagnose.Code{"no-return", "refused-other-user"}, codes(report(stranger.events, whole, before, diagnose.English)))
	droppedLater := begin("12:00:00").hold(time.Minute, event.NoHeart)
	require.Contains(t, codes(cut(droppedLater, diagnose.English, dropped...)), diagnose.Code("no-return"))
}

// If there may have been more ends or refusals before the cut, a few after the cut must not count
// as rare.
func TestACutSpanMayHideMoreOfAKind(t *testing.T) {
	few := begin("20:00:00").hold(time.Minute, event.ClientIDConflict).refuse().stay()
	for _, code := range []diagnose.Code{"client-id-conflict", "refused-login"} {
		require.Equal(t, diagnose.Problem, verdict(t, cut(few, diagnose.English), code).Level)
		require.Equal(t, diagnose.Notice, verdict(t, diagnosed(few.events), code).Level)
	}
}

// If the newest connection is not known because of the cut, but another one is, the verdict
// "never-accepted" must not appear.
func TestACutSpanMayHideTheNewestConnection(t *testing.T) {
	refused := begin("13:00:00").refuse().refuse().refuse()
	refused.events = append(refused.events, closed("14:00:00", event.NoHeart, channel("a")))
	require.Equal(t, []diagnose.Code{"refused-login", "keep-alive-timeout"}, codes(cut(refused, diagnose.English)))
}

func TestACutSpanWithoutEventsSaysNothing(t *testing.T) {
	require.Contains(t, asJSON(t, cut(begin("00:00:00"), diagnose.English)), `"verdicts":[]`)
	left := begin("08:00:00").hold(time.Minute, event.DisconnectedByClient).events
	require.Empty(t, cut(begin("00:00:00"), diagnose.English).Verdicts)
	require.Empty(t, cut(begin("00:00:00"), diagnose.English, left...).Verdicts)
}

func TestCutBeforeAsJSON(t *testing.T) {
	require.Contains(t, asJSON(t, cut(begin("00:00:00"), diagnose.English)), `"cut_before":"2026-11-22T12:00:00.000Z"`)
	require.NotContains(t, asJSON(t, diagnosed(nil)), "cut_before")
}
