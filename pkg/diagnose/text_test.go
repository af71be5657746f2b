package diagnose

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/history"
)

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// names returns the placeholders in the given strings, sorted and without duplicates.
func names(texts ...string) []string {
	found := []string{}
	for _, text := range texts {
		found = append(found, placeholder.FindAllString(text, -1)...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// wordings lists the keys of alternative wordings.
var wordings = []Code{
	fixedLengthUnexplained, fixedLengthNotIdle, fixedLengthDenied, fixedLengthLimit, silentSoon, unknownWord, muteWord, nothingInSpan,
	conflictShared, conflictUnknown, conflictSame, conflictNoReturns, conflictUnseen, brokerStopped, brokerStarted, brokerStoppedOften, brokerGone,
	noReturnEnded, noReturnStopped, wentAway, loginFlaky, fixedLengthAsleep,
	loginExpired, loginInvalid, addressDenied, noPermission, queueFull, endedByHand, endedAtLimit, endedBusy,
}

func TestEveryVerdictHasItsTextsInBothLanguages(t *testing.T) {
	codes := map[Code]bool{}
	for _, r := range slices.Concat(patterns, singles, symptoms) {
		require.False(t, codes[r.code], "%s has two rules", r.code)
		codes[r.code] = true
		require.Contains(t, verdictTexts, r.code)
		require.Contains(t, severity, r.level)
	}
	for _, other := range wordings {
		require.Contains(t, verdictTexts, other)
		codes[other] = true
	}
	require.Len(t, verdictTexts, len(codes), "no text without a verdict")
	for code, texts := range verdictTexts {
		for _, text := range texts {
			require.NotEmpty(t, text.title, code)
			require.NotEmpty(t, text.meaning, code)
			require.Equal(t, code == "flapping", text.next == "", "%s: the advice of %q comes from another verdict", code, "flapping")
		}
		en, zh := texts[English.index()], texts[Chinese.index()]
		require.Equal(t, names(en.title), names(zh.title), code)
		require.Equal(t, names(en.meaning), names(zh.meaning), code)
		require.Equal(t, names(en.next), names(zh.next), code)
		require.Equal(t, names(en.more), names(zh.more), code)
		require.Equal(t, en.more == "", zh.more == "", code)
	}
}

func TestEveryCutTitleIsThereInBothLanguages(t *testing.T) {
	for code, titles := range cutTitles {
		require.Contains(t, verdictTexts, code)
		require.Equal(t, []string{"{cut}"}, names(titles[0]), code)
		require.Equal(t, []string{"{cut}"}, names(titles[1]), code)
	}
}

func TestEveryPhraseIsThereInBothLanguages(t *testing.T) {
	for phrase, texts := range phrases {
		require.Len(t, texts, len(languages), phrase)
		require.Equal(t, phrase == nowhere, texts[0] == "", phrase)
		require.Equal(t, phrase == nowhere, texts[1] == "", phrase)
		require.Equal(t, names(texts[0]), names(texts[1]), phrase)
	}
}

// Words that brokers report, such as "no heart", must not be translated, because people search for
// the exact words.
func TestVocabularyStaysAsItIs(t *testing.T) {
	word := regexp.MustCompile(`not authorized|topic auth failed|clientId conflict|no heart|closed by client|disconnected by client|ServerShutdown|invalid param|Socket IOException`)
	for code, texts := range verdictTexts {
		en, zh := word.FindAllString(texts[0].meaning, -1), word.FindAllString(texts[1].meaning, -1)
		require.Equal(t, en, zh, code)
	}
}

// The verdict "flapping" needs a phrase for every kind of drop, and a verdict from which to take its
// advice.
func TestEveryKindOfDropHasAFactAndAVerdict(t *testing.T) {
	require.Len(t, single, len(facts))
	require.Len(t, telling, len(facts))
	for kind, code := range single {
		require.Contains(t, facts, kind)
		require.Contains(t, telling, kind)
		require.True(t, slices.ContainsFunc(singles, func(r rule) bool { return r.code == code }), code)
	}
}

func TestLengths(t *testing.T) {
	for d, want := range map[time.Duration][2]string{
		0:                                   {"0 ms", "0 毫秒"},
		350 * time.Millisecond:              {"350 ms", "350 毫秒"},
		999*time.Millisecond + 999:          {"999 ms", "999 毫秒"},
		time.Second:                         {"1 s", "1 秒"},
		1500 * time.Millisecond:             {"1 s", "1 秒"},
		time.Minute:                         {"1 min", "1 分钟"},
		350 * time.Second:                   {"5 min 50 s", "5 分钟 50 秒"},
		time.Hour + 59*time.Second:          {"1 h", "1 小时"},
		time.Hour + 2*time.Minute:           {"1 h 2 min", "1 小时 2 分钟"},
		49*time.Hour + 59*time.Minute:       {"2 d 1 h", "2 天 1 小时"},
		23*time.Hour + 59*time.Minute + 1e9: {"23 h 59 min", "23 小时 59 分钟"},
	} {
		require.Equal(t, want[0], length(d).in(English))
		require.Equal(t, want[1], length(d).in(Chinese))
	}
}

// A timerSetting must be shown as a whole hour, a whole minute or 350 s (see oddTimeout) if it is
// close to one of them, because timers are usually set to such values and do not fire exactly on
// time.
func TestTimeouts(t *testing.T) {
	for d, want := range map[time.Duration][2]string{
		45 * time.Second:                {"45 s", "45 秒"},
		62 * time.Second:                {"1 min", "1 分钟"},
		91 * time.Second:                {"91 s (1 min 31 s)", "91 秒（1 分钟 31 秒）"},
		301 * time.Second:               {"5 min", "5 分钟"},
		351 * time.Second:               {"350 s (5 min 50 s)", "350 秒（5 分钟 50 秒）"},
		433*time.Second + 4e8:           {"433 s (7 min 13 s)", "433 秒（7 分钟 13 秒）"},
		905 * time.Second:               {"15 min", "15 分钟"},
		30*time.Minute + time.Second:    {"30 min", "30 分钟"},
		time.Hour - 20*time.Second:      {"1 h", "1 小时"},
		90*time.Minute + 40*time.Second: {"1 h 31 min", "1 小时 31 分钟"},
		12*time.Hour + 300*time.Second:  {"12 h 5 min", "12 小时 5 分钟"},
		25*time.Hour - 15*time.Second:   {"1 d 1 h", "1 天 1 小时"},
	} {
		require.Equal(t, want[0], timerSetting(d).in(English), d)
		require.Equal(t, want[1], timerSetting(d).in(Chinese), d)
	}
}

func TestTimes(t *testing.T) {
	require.Equal(t, "once", times(1).in(English))
	require.Equal(t, "twice", times(2).in(English))
	require.Equal(t, "999 times", times(999).in(English))
	require.Equal(t, "1,234,567 times", times(1_234_567).in(English))
	require.Equal(t, "1 次", times(1).in(Chinese))
}

func TestAddresses(t *testing.T) {
	require.Equal(t, "a and b", addresses{"a", "b"}.in(English))
	require.Equal(t, "a, b and c", addresses{"a", "b", "c"}.in(English))
	require.Equal(t, "a, b, c and d", addresses{"a", "b", "c", "d"}.in(English))
	require.Equal(t, "a, b, c, d and 2 more", addresses{"a", "b", "c", "d", "e", "f"}.in(English))
	require.Equal(t, "a、b、c、d", addresses{"a", "b", "c", "d"}.in(Chinese))
	require.Equal(t, "a、b、c、d 等 6 个地址", addresses{"a", "b", "c", "d", "e", "f"}.in(Chinese))
}

func TestNodes(t *testing.T) {
	for want, n := range map[[2]string]nodes{
		{"node a", "a"}:          {"a"},
		{"nodes a and b", "a、b"}: {"a", "b"},
		{"nodes a, b, c, d and 1 more", "a、b、c、d 等 5 个节点"}: {"a", "b", "c", "d", "e"},
	} {
		require.Equal(t, want, [2]string{n.in(English), n.in(Chinese)})
	}
}

// A time on the day of the report must be shown without its date.
func TestClocks(t *testing.T) {
	day := time.Date(2026, 11, 22, 23, 59, 59, 0, time.UTC)
	require.Equal(t, "14:45 UTC", clock{at: history.At(day.Add(-9*time.Hour - 14*time.Minute)), day: history.At(day)}.in(English))
	require.Equal(t, "2026-11-21 23:59 UTC", clock{at: history.At(day.AddDate(0, 0, -1)), day: history.At(day)}.in(Chinese))
	require.Equal(t, "23:59 UTC or earlier", clock{history.At(day), history.At(day), true}.in(English))
	require.Equal(t, "23:59 UTC 或更早", clock{history.At(day), history.At(day), true}.in(Chinese))
}

func TestValuesTakeTheirPlace(t *testing.T) {
	v := values{"a": verbatim("{b}"), "b": verbatim("two")}
	require.Equal(t, "{b} two {c} { {", v.into("{a} {b} {c} { {", English))
	require.Equal(t, "{b}", v.with("b", verbatim("three")).into("{a}", English))
	require.Equal(t, "two", v.with("b", verbatim("three")).into("{b}", English), "a value that is already there stays")
	require.Equal(t, "once", values(nil).with("count", times(1)).into("{count}", English))
}

// Different strings must look different even if they are cut.
func TestToldApart(t *testing.T) {
	alike := strings.Repeat("é", 60)
	for name, c := range map[string][2]string{
		"short":                {"a", "b"},
		"different ends":       {alike + "1", alike + "2"},
		"different middles":    {alike + "1" + alike, alike + "2" + alike},
		"one longer":           {alike, alike + "1" + alike},
		"another space":        {"pump a", "pump\ta"},
		"a space at the end":   {alike, alike + " "},
		"an unseen character":  {"pump", "pu\u200bmp"},
		"different last words": {"one two three four five six", "one two three four five seven"},
	} {
		a, b := told(c[0], c[1])
		require.NotEqual(t, a.in(English), b.in(English), name)
		require.NotContains(t, b.in(English), "\u200b", name)
		require.LessOrEqual(t, utf8.RuneCountInString(a.in(English)), maxQuoted, name)
	}
	require.Equal(t, "a and 1 more", addresses{"a", "a\n"}.in(English))
}

func TestUnknownLanguagesAreEnglish(t *testing.T) {
	require.Equal(t, English.index(), Lang("fr").index())
	for i, lang := range languages {
		require.Equal(t, i, lang.index())
	}
}
