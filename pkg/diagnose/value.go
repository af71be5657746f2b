package diagnose

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"devicetrace/pkg/history"
)

// value replaces a placeholder, such as {count}, in the text of a verdict.
type value interface{ in(lang Lang) string }

// verbatim is a string from a client or a broker. It is shown unchanged, even if it looks like
// a placeholder.
type verbatim string

func (v verbatim) in(Lang) string { return string(v) }

// quoted is a string from a client or a broker within a sentence that must stay short. It is shown on
// one line, and cut if it is long. The evidence shows it in full.
type quoted string

// maxQuoted and maxQuotedWords are the maximum numbers of characters and words of a quoted string.
const (
	maxQuoted      = 40
	maxQuotedWords = 5
)

func (q quoted) in(Lang) string {
	all := strings.FieldsFunc(string(q), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	text := strings.Join(all[:min(len(all), maxQuotedWords)], " ")
	runes := []rune(text)
	switch {
	case len(runes) > maxQuoted: // keep the end, because names that begin alike often differ there
		return string(runes[:maxQuoted/2]) + "…" + string(runes[len(runes)-maxQuoted/2+1:])
	case len(all) > maxQuotedWords:
		return text + "…"
	default:
		return text
	}
}

// escaped is the part of a string from a client that differs from another string. It is shown in Go
// syntax, because the strings may differ only in spaces or in characters that cannot be seen. It is
// cut to maxEscaped characters, because each of them can take up to ten.
type escaped []rune

const maxEscaped = 3

func (e escaped) in(Lang) string { return "…" + strconv.Quote(string(e[:min(len(e), maxEscaped)])) }

// look returns the printable characters of the string as it is shown.
func (q quoted) look() string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, q.in(English))
}

// told returns two different strings as values that look different, even if they are cut.
func told(a, b string) (value, value) {
	if quoted(a).look() != quoted(b).look() {
		return quoted(a), quoted(b)
	}
	as, bs := []rune(a), []rune(b)
	same := 0
	for same < min(len(as), len(bs)) && as[same] == bs[same] {
		same++
	}
	as, bs = as[same:], bs[same:]
	one, other := quoted("…"+string(as)), quoted("…"+string(bs))
	if one.look() == other.look() {
		return escaped(as), escaped(bs)
	}
	return one, other
}

// number is a value that counts things.
type number int

func (n number) in(Lang) string { return grouped(int(n)) }

// times is a value that says how often something happened.
type times int

func (n times) in(lang Lang) string {
	switch {
	case lang == Chinese:
		return grouped(int(n)) + " 次"
	case n == 1:
		return "once"
	case n == 2:
		return "twice"
	default:
		return grouped(int(n)) + " times"
	}
}

// grouped formats n with commas as thousands separators, as the page does in both languages. n
// must not be negative.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// drops is a value that shows a number of drops, such as "3 drops".
type drops int

func (n drops) in(lang Lang) string {
	switch count := grouped(int(n)); {
	case lang == Chinese:
		return "掉线 " + count + " 次"
	case n == 1:
		return count + " drop"
	default:
		return count + " drops"
	}
}

// between is a value that shows a range of numbers, or only one number if both ends are the same.
type between struct{ min, max int }

func (b between) in(Lang) string {
	if b.min == b.max {
		return grouped(b.min)
	}
	return grouped(b.min) + "–" + grouped(b.max)
}

// stamp is a value that shows a date and time in UTC in the given layout.
type stamp struct {
	at     history.Instant
	layout string
}

// The layouts of dates and times.
const (
	toDay    = time.DateOnly
	toMinute = "2006-01-02 15:04 UTC"
	toSecond = "2006-01-02 15:04:05 UTC"
)

func (s stamp) in(Lang) string { return s.at.Time().Format(s.layout) }

// moment is a value that shows a date and time to the second.
type moment history.Instant

func (m moment) in(lang Lang) string { return stamp{history.Instant(m), toSecond}.in(lang) }

// clock is a value that shows a time to the minute, for use in titles. It omits the date if the
// time and the field day are on the same UTC day.
type clock struct {
	at, day   history.Instant
	orEarlier bool // whether the actual time may be earlier
}

func (c clock) in(lang Lang) string {
	at := c.at.Time()
	text := at.Format(toMinute)
	if at.Format(toDay) == c.day.Time().Format(toDay) {
		text = at.Format("15:04 UTC")
	}
	if c.orEarlier {
		text += [2]string{" or earlier", " 或更早"}[lang.index()]
	}
	return text
}

// length is a value that shows a duration in its two largest units.
type length time.Duration

// lengths is a value that shows the shortest and the longest of several durations, or only one of
// them if both look the same. It shows a duration of less than a second as "less than 1 s".
type lengths struct{ shortest, longest time.Duration }

// lengthsOf returns the range of the lengths of the given connections. There must be at least one.
func lengthsOf(connections []*history.Connection) lengths {
	return lengthsBy(connections, func(c *history.Connection) time.Duration { return c.End.Sub(c.Start) })
}

// keepAlivesOf returns the range of the keep alives of the given connections. There must be at least
// one.
func keepAlivesOf(connections []*history.Connection) lengths {
	return lengthsBy(connections, func(c *history.Connection) time.Duration { return c.KeepAlive.Value })
}

func lengthsBy(connections []*history.Connection, by func(*history.Connection) time.Duration) lengths {
	l := lengths{shortest: by(connections[0])}
	for _, c := range connections {
		l.shortest, l.longest = min(l.shortest, by(c)), max(l.longest, by(c))
	}
	return l
}

func (l lengths) in(lang Lang) string {
	shortest, longest := secondsOf(l.shortest, lang), secondsOf(l.longest, lang)
	if shortest == longest {
		return shortest
	}
	return shortest + [2]string{" to ", "至 "}[lang.index()] + longest
}

func secondsOf(d time.Duration, lang Lang) string {
	if d < time.Second {
		return [2]string{"less than 1 s", "不到 1 秒"}[lang.index()]
	}
	return length(d).in(lang)
}

// age is a value that shows how long something has lasted, in whole days. If that is less than a
// day, it shows the two largest units.
type age time.Duration

func (a age) in(lang Lang) string {
	switch days := time.Duration(a) / (24 * time.Hour); {
	case days < 1:
		return secondsOf(time.Duration(a), lang)
	case lang == Chinese:
		return number(days).in(lang) + " 天"
	case days == 1:
		return "1 day"
	default:
		return number(days).in(lang) + " days"
	}
}

type unit struct {
	size  time.Duration
	names [2]string
}

var units = []unit{
	{24 * time.Hour, [2]string{"d", "天"}},
	{time.Hour, [2]string{"h", "小时"}},
	{time.Minute, [2]string{"min", "分钟"}},
	{time.Second, [2]string{"s", "秒"}},
	{time.Millisecond, [2]string{"ms", "毫秒"}},
}

func (l length) in(lang Lang) string {
	d := time.Duration(l)
	largest := slices.IndexFunc(units, func(u unit) bool { return d >= u.size })
	if largest < 0 {
		largest = len(units) - 1
	}
	text := units[largest].count(d, lang)
	if rest := d % units[largest].size; units[largest].size > time.Second && rest >= units[largest+1].size {
		text += " " + units[largest+1].count(rest, lang)
	}
	return text
}

func (u unit) count(d time.Duration, lang Lang) string {
	return fmt.Sprintf("%d %s", d/u.size, u.names[lang.index()])
}
