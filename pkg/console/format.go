package console

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Number formats a whole number with separators, such as 1,234.
func (w Words) Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign, digits := digits[:len(digits)-len(strings.TrimPrefix(digits, "-"))], strings.TrimPrefix(digits, "-")
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return sign + digits
}

// IsUTC reports whether the zone of the words is UTC, so that times need no conversion.
func (w Words) IsUTC() bool { return w.zone.String() == "UTC" }

// Instant returns a time in RFC 3339 with milliseconds, in the zone of the words.
func (w Words) Instant(t time.Time) string {
	if w.IsUTC() {
		return t.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return t.In(w.zone).Format("2006-01-02T15:04:05.000-07:00")
}

// Second returns a date and time to the second, in the zone of the words.
func (w Words) Second(t time.Time) string { return t.In(w.zone).Format(time.DateTime) }

// Date returns a calendar date, in the zone of the words.
func (w Words) Date(t time.Time) string { return t.In(w.zone).Format(time.DateOnly) }

// units are the units of a long duration, the largest one first.
var units = []struct {
	name string
	size time.Duration
}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}}

// Duration formats a length of time, which must not be negative, in its two largest units.
func (w Words) Duration(length time.Duration) string {
	switch ms := length.Milliseconds(); {
	case ms < 1000:
		return w.Text("duration.ms", "n", w.Number(ms))
	case ms < 10_000:
		tenths := (ms + 50) / 100
		n := strconv.FormatInt(tenths/10, 10) + "." + strconv.FormatInt(tenths%10, 10)
		return w.Text("duration.second", "n", strings.TrimSuffix(n, ".0"))
	default:
		return w.longDuration(time.Duration((ms+500)/1000) * time.Second)
	}
}

// longDuration formats a whole number of seconds in at most two units, such as days and hours.
func (w Words) longDuration(rest time.Duration) string {
	var parts []string
	for _, unit := range units {
		n := rest / unit.size
		rest -= n * unit.size
		if n > 0 {
			parts = append(parts, w.Text("duration."+unit.name, "n", w.Number(int64(n))))
		} else if len(parts) > 0 {
			break
		}
		if len(parts) == 2 {
			break
		}
	}
	return strings.Join(parts, " ")
}

// moment matches a time in a sentence of package diagnose.
var moment = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC`)

// Moments returns the set of all substrings of a text that look like times in a sentence of package
// diagnose.
func Moments(text []byte) map[string]bool {
	found := map[string]bool{}
	for _, one := range moment.FindAll(text, -1) {
		found[string(one)] = true
	}
	return found
}

// InZone converts the times in a sentence of package diagnose from UTC to the zone of the words. It
// leaves the strings in the set quoted unchanged, because they come from devices and brokers and only
// look like times.
func (w Words) InZone(sentence string, quoted map[string]bool) string {
	if w.IsUTC() {
		return sentence
	}
	return moment.ReplaceAllStringFunc(sentence, func(whole string) string {
		t, err := time.Parse(time.DateTime+" UTC", whole)
		if err != nil || quoted[whole] {
			return whole
		}
		return t.In(w.zone).Format(time.DateTime + " UTC-07:00")
	})
}
