package console

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	require.NoError(t, err)
	return zone
}

func TestText(t *testing.T) {
	en, zh := In("en", time.UTC), In("zh", time.UTC)
	require.Equal(t, "Device Trace", en.Text("title"))
	require.Equal(t, "since 1, {ago}", strings.ReplaceAll(en.Text("since.exactly", "time", "1"), "{length}", "{ago}"))
	require.Equal(t, "since {length}, {time}", en.Text("since.exactly", "time", "{length}", "length", "{time}"), "values are not searched for placeholders")
	require.Equal(t, "no such key", zh.Text("no such key"))
	require.Equal(t, texts(t, "zh.js")["verdict.next"], zh.Text("verdict.next"))
	require.Panics(t, func() { In("fr", time.UTC) })
}

// The expected values are the results of the page's corresponding functions.
func TestFormats(t *testing.T) {
	en, zh := In("en", time.UTC), In("zh", zone(t, "Asia/Shanghai"))
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234", -5: "-5"} {
		require.Equal(t, want, en.Number(n))
	}
	for length, want := range map[time.Duration]string{
		0: "0 ms", 999 * time.Millisecond: "999 ms", time.Second: "1 s", 1250 * time.Millisecond: "1.3 s", 1150 * time.Millisecond: "1.2 s",
		9949 * time.Millisecond: "9.9 s", 9999 * time.Millisecond: "10 s", 59_499 * time.Millisecond: "59 s", 59_500 * time.Millisecond: "1 min",
		61 * time.Second: "1 min 1 s", time.Hour: "1 h", time.Hour + 5*time.Second: "1 h", 25*time.Hour + 3*time.Minute: "1 d 1 h",
		50 * 24 * time.Hour: "50 d", 2000*24*time.Hour + time.Hour: "2,000 d 1 h",
	} {
		require.Equal(t, want, en.Duration(length), length)
	}
	require.Equal(t, "1 小时 5 分钟", zh.Duration(65*time.Minute))
	at := time.Date(2026, 11, 22, 20, 30, 15, 7_000_000, time.UTC)
	require.Equal(t, "2026-11-22T20:30:15.007Z", en.Instant(at))
	require.Equal(t, "2026-11-23T04:30:15.007+08:00", zh.Instant(at))
	require.Equal(t, "2026-11-22T20:30:15.007+00:00", In("en", zone(t, "Europe/London")).Instant(at))
	require.Equal(t, "2026-11-22T17:00:15.007-03:30", In("en", zone(t, "America/St_Johns")).Instant(at))
	require.Equal(t, "2026-11-23 04:30:15", zh.Second(at))
	require.Equal(t, "2026-11-23", zh.Date(at))
}

func TestInZone(t *testing.T) {
	sentence := "It happened from 2026-07-01 00:00:00 UTC to 2026-12-01 00:00:00 UTC, not 2026-13-01 00:00:00 UTC or 2026-07-01."
	require.Equal(t, sentence, In("en", time.UTC).InZone(sentence, nil))
	berlin := In("en", zone(t, "Europe/Berlin"))
	require.Equal(t, "It happened from 2026-07-01 02:00:00 UTC+02:00 to 2026-12-01 01:00:00 UTC+01:00, not 2026-13-01 00:00:00 UTC or 2026-07-01.",
		berlin.InZone(sentence, nil))
	quoted := Moments([]byte(`{"reason":"2026-07-01 00:00:00 UTC"}`))
	require.Equal(t, map[string]bool{"2026-07-01 00:00:00 UTC": true}, quoted)
	require.Contains(t, berlin.InZone(sentence, quoted), "from 2026-07-01 00:00:00 UTC to 2026-12-01 01:00:00 UTC+01:00")
}

func TestPlain(t *testing.T) {
	en := In("en", time.UTC)
	for value, want := range map[string]string{
		"":                       "",
		"a é 温度 😀":               "a é 温度 😀",
		"a\x00\t\n\r\x1b[2J":     "aU+0000U+0009U+000AU+000DU+001B[2J",
		"\x7f\u009b\u00ad\ufeff": "U+007FU+009BU+00ADU+FEFF",
		"\u202eabc\u2066\u200f":  "U+202EabcU+2066U+200F",
		"\u2028\U000e0041":       "U+2028U+E0041",
		"\xff\xfe":               "\ufffd\ufffd",
	} {
		require.Equal(t, want, en.Plain(value, MaxDatum))
	}
	require.Equal(t, strings.Repeat("a", 120), en.Plain(strings.Repeat("a", 120), MaxDatum))
	require.Equal(t, strings.Repeat("a", 80)+"… (1,121 characters)", en.Plain(strings.Repeat("a", 1121), MaxDatum))
	require.Equal(t, strings.Repeat("a", 79)+"… (121 characters)", en.Plain(strings.Repeat("a", 79)+strings.Repeat("😀", 21), MaxDatum), "a surrogate pair is not split")
	require.Equal(t, strings.Repeat("温", 120), en.Plain(strings.Repeat("温", 120), MaxDatum), "the limit counts UTF-16 code units")
}

// Plain must replace every character that the page replaces.
func TestInvisibleIsTheSameOnThePage(t *testing.T) {
	require.Contains(t, sources(t)["datum.js"],
		`/[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu`,
		"if this pattern changes, change invisible in plain.go too")
	require.Contains(t, sources(t)["datum.js"], "const maxLength = 120;")
	require.Contains(t, sources(t)["datum.js"], "const lengthOfShortened = 80;")
	require.Contains(t, sources(t)["verdicts.js"], "const maxLength = 1500;")
}
