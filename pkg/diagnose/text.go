package diagnose

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Lang is a language of verdicts. What is no language here is taken for English.
type Lang string

const (
	English Lang = "en"
	Chinese Lang = "zh" // Simplified
)

// languages are in the order of the texts' columns.
var languages = []Lang{English, Chinese}

// index is the column of a language's texts.
func (l Lang) index() int { return max(slices.Index(languages, l), 0) }

// verdictText is what a verdict says in one language. {name} stands for a value.
type verdictText struct{ title, meaning, next string }

// value is what a text has in place of a name.
type value interface{ in(lang Lang) string }

// verbatim is text of a client or a broker: data, shown as it came.
type verbatim string

func (v verbatim) in(Lang) string { return string(v) }

// times is how often something happened.
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

// grouped writes a number, not negative, with its thousands apart, as the page does in
// both languages.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// moment is a time of day with its date.
type moment time.Time

func (m moment) in(Lang) string {
	return time.Time(m).UTC().Format("2006-01-02 15:04:05 UTC")
}

// length is a duration in its two greatest units.
type length time.Duration

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
	greatest := slices.IndexFunc(units, func(u unit) bool { return d >= u.size })
	if greatest < 0 {
		greatest = len(units) - 1
	}
	text := units[greatest].count(d, lang)
	if rest := d % units[greatest].size; units[greatest].size > time.Second && rest >= units[greatest+1].size {
		text += " " + units[greatest+1].count(rest, lang)
	}
	return text
}

func (u unit) count(d time.Duration, lang Lang) string {
	return fmt.Sprintf("%d %s", d/u.size, u.names[lang.index()])
}

// values are what a text can name.
type values map[string]value

// with adds a value to a copy.
func (v values) with(name string, value value) values {
	more := values{name: value}
	maps.Copy(more, v)
	return more
}

// into puts values in place of their names. What they say is not looked at again,
// and braces that hold no name stay as they are.
func (v values) into(text string, lang Lang) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		value, known := v[name]
		if !known {
			b.WriteString("{")
			text = rest
			continue
		}
		b.WriteString(value.in(lang))
		text = after
	}
}

// saying is a sentence of evidence, or a part of a text.
type saying struct {
	text   phrase
	values values
}

func (s saying) in(lang Lang) string { return s.values.into(phrases[s.text][lang.index()], lang) }

// sentences are put one behind the other.
func sentences(says []saying, lang Lang) string {
	texts := make([]string, len(says))
	for i, s := range says {
		texts[i] = s.in(lang)
	}
	return joined(lang, texts...)
}

// joined puts what is there of some texts one behind the other.
func joined(lang Lang, texts ...string) string {
	between := " "
	if lang == Chinese {
		between = "" // its full stops are as wide as any character
	}
	texts = slices.DeleteFunc(texts, func(text string) bool { return text == "" })
	return strings.Join(texts, between)
}
