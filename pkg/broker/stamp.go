package broker

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"devicetrace/pkg/event"
)

// stamp is a time at the beginning of a log line.
type stamp struct {
	at time.Time // zero if the stamp has no zone, or is otherwise incomplete
	// isLiteral means that Z, UTC or GMT follows the time. In Mosquitto's own stamp, this may be
	// part of the configured format, which strftime copies whatever the time zone is. It is a zone
	// only if a program other than Mosquitto wrote the stamp.
	isLiteral bool
	isUnix    bool // a plain number of seconds
}

// stampShape is a form of stamps. In shape, 0 stands for a digit, _ for a digit or a space, and a
// for a letter. layout is the same form in the notation of package time. It is empty if the stamp
// is only to be cut, for example because the order of day and month is unknown.
type stampShape struct {
	shape, layout  string
	noYear, noDate bool
}

var stampShapes = []stampShape{
	{shape: "0000-00-00T00:00:00", layout: "2006-01-02T15:04:05"},
	{shape: "0000-00-00 00:00:00", layout: "2006-01-02 15:04:05"},
	{shape: "0000-00-00_00:00:00", layout: "2006-01-02_15:04:05"},
	{shape: "0000-00-00, 00:00:00", layout: "2006-01-02, 15:04:05"},
	{shape: "0000-00-00 00:00"}, // Without seconds, the time of receipt is usually closer.
	{shape: "0000/00/00 00:00:00", layout: "2006/01/02 15:04:05"},
	{shape: "0000.00.00 00:00:00", layout: "2006.01.02 15:04:05"},
	{shape: "00000000T00:00:00", layout: "20060102T15:04:05"},
	{shape: "00000000 00:00:00", layout: "20060102 15:04:05"},
	{shape: "00000000T000000", layout: "20060102T150405"},
	{shape: "00.00.0000 00:00:00", layout: "02.01.2006 15:04:05"},
	{shape: "00.00.00 00:00:00", layout: "02.01.06 15:04:05"},
	{shape: "00/00/0000 00:00:00"},
	{shape: "00-00-0000 00:00:00"},
	{shape: "00/00/00 00:00:00"},
	{shape: "00-00-00 00:00:00"},
	{shape: "00/aaa/0000:00:00:00", layout: "02/Jan/2006:15:04:05"},
	{shape: "00/aaa/0000 00:00:00", layout: "02/Jan/2006 15:04:05"},
	{shape: "_0 aaa 0000 00:00:00", layout: "_2 Jan 2006 15:04:05"},
	{shape: "00-aaa-0000 00:00:00", layout: "02-Jan-2006 15:04:05"},
	{shape: "00:00:00", layout: "15:04:05", noYear: true, noDate: true},
	{shape: "aaa _0 00:00:00", layout: "Jan _2 15:04:05", noYear: true},
	{shape: "aaa _0 0000 00:00:00", layout: "Jan _2 2006 15:04:05"},
	{shape: "aaa aaa _0 00:00:00 0000", layout: "Mon Jan _2 15:04:05 2006"},
	{shape: "aaa 0000-00-00 00:00:00", layout: "Mon 2006-01-02 15:04:05"},
	{shape: "aaa, _0 aaa 0000 00:00:00", layout: "Mon, _2 Jan 2006 15:04:05"},
	{shape: "Time error"}, // Mosquitto writes this if its format results in a time that is too long.
}

// unixShape is the beginning of a Unix time since 1973. Of the other shapes, only digitsShape
// begins with nine digits.
var unixShape = stampShape{shape: "000000000"}

// digitsShape is a date and a time without separators. A Unix time in seconds has fewer digits.
var digitsShape = stampShape{shape: "00000000000000", layout: "20060102150405"}

// matches reports whether text begins with the shape.
func (s *stampShape) matches(text []byte) bool {
	if len(text) < len(s.shape) {
		return false
	}
	for i := range len(s.shape) {
		if !matchesShape(s.shape[i], text[i]) {
			return false
		}
	}
	return true
}

func matchesShape(shape, c byte) bool {
	switch shape {
	case '0':
		return isDigit(c)
	case '_':
		return isDigit(c) || c == ' '
	case 'a':
		return 'a' <= c|0x20 && c|0x20 <= 'z'
	default:
		return shape == c
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// cutStamp cuts a stamp from the beginning of text. If a stamp has a zone but no year or no date,
// cutStamp completes it with the help of received. If received is zero, the time of such a stamp is
// unknown.
func cutStamp(text []byte, received time.Time) (s stamp, rest []byte, found bool) {
	if unixShape.matches(text) {
		if end := len(digitsShape.shape); digitsShape.matches(text) && (len(text) == end || !isDigit(text[end])) {
			s, rest = digitsShape.read(text, received)
			return s, rest, true
		}
		return cutUnix(text)
	}
	for i := range stampShapes {
		if shape := &stampShapes[i]; shape.matches(text) {
			s, rest = shape.read(text, received)
			return s, rest, true
		}
	}
	return cutUnix(text)
}

// read cuts a stamp of the shape s, with its fraction and its zone, from the beginning of text,
// which must match s.
func (s *stampShape) read(text []byte, received time.Time) (stamp, []byte) {
	fraction, rest := cutFraction(text[len(s.shape):])
	offset, isZone, isLiteral, rest := cutZone(rest)
	if s.layout == "" || !isZone && !isLiteral {
		return stamp{}, rest
	}
	local, err := time.Parse(s.layout, string(text[:len(s.shape)]))
	if err != nil {
		return stamp{}, rest
	}
	at := s.complete(local.Add(fraction-offset), offset, received)
	return stamp{at: at, isLiteral: isLiteral}, rest
}

// complete adds the missing year or date to a time, which has the given UTC offset. The result is
// the latest such time that exists and is not more than event.MaxAhead after received. For 29
// February, it may be years before received.
func (s *stampShape) complete(at time.Time, offset time.Duration, received time.Time) time.Time {
	local, limit := at.Add(offset), received.Add(event.MaxAhead+offset).UTC() // as clocks with this offset show them
	switch {
	case !s.noYear:
		return at
	case received.IsZero():
		return time.Time{}
	case s.noDate:
		local = onDate(local, limit.Year(), limit.Month(), limit.Day())
		if local.After(limit) {
			local = local.AddDate(0, 0, -1)
		}
		return local.Add(-offset)
	default:
		for year := limit.Year(); ; year-- {
			t := onDate(local, year, local.Month(), local.Day())
			if t.Day() == local.Day() && !t.After(limit) {
				return t.Add(-offset)
			}
		}
	}
}

// onDate returns the time of day of t on another date. If the date does not exist, it returns a time
// on the next day that does.
func onDate(t time.Time, year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// cutFraction cuts the fraction of a second, if there is one.
func cutFraction(text []byte) (fraction time.Duration, rest []byte) {
	if len(text) == 0 || text[0] != '.' && text[0] != ',' {
		return 0, text
	}
	rest = bytes.TrimLeft(text[1:], "0123456789")
	digits := text[1 : len(text)-len(rest)]
	if len(digits) == 0 || len(digits) > 9 {
		return 0, text
	}
	unit := time.Second
	for _, c := range digits {
		unit /= 10
		fraction += time.Duration(c-'0') * unit
	}
	return fraction, rest
}

// cutZone cuts a UTC offset or the name of a zone, if there is one. isZone reports whether it cut an
// offset, and isLiteral whether it cut Z, UTC or GMT. It also cuts other names but ignores them,
// because several zones may have the same name. Before a space, it cuts only a name in zoneNames,
// because any other word may be the name of a host.
func cutZone(text []byte) (offset time.Duration, isZone, isLiteral bool, rest []byte) {
	trimmed := bytes.TrimPrefix(text, []byte(" "))
	if offset, rest, ok := cutOffset(trimmed); ok {
		return offset, true, false, rest
	}
	rest = bytes.TrimLeft(trimmed, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	name := string(trimmed[:len(trimmed)-len(rest)])
	isWord := len(rest) > 0 && (rest[0] == ':' || rest[0] == ']' || rest[0] == ' ' && slices.Contains(zoneNames, name))
	switch {
	case name == "Z" && len(trimmed) == len(text):
		return 0, false, true, rest
	case !isWord || len(name) < 2 || len(name) > 5:
		return 0, false, false, text
	default:
		return 0, false, name == "UTC" || name == "GMT", rest
	}
}

// zoneNames are the names that time zones use today. Names of other forms, such as +03, are offsets.
var zoneNames = strings.Fields("UTC GMT WET WEST CET CEST EET EEST MSK BST IST IDT SAST CAT EAT WAT PKT WIB WITA WIT HKT JST KST " +
	"AWST ACST ACDT AEST AEDT NZST NZDT SST HST HDT AKST AKDT PST PDT MST MDT CST CDT EST EDT AST ADT NST NDT")

// cutOffset cuts a UTC offset such as +0100, +01:00 or +01. See isOffset for the limits.
func cutOffset(text []byte) (offset time.Duration, rest []byte, ok bool) {
	for _, shape := range []stampShape{{shape: "00:00"}, {shape: "0000"}, {shape: "00"}} {
		if len(text) == 0 || text[0] != '+' && text[0] != '-' || !shape.matches(text[1:]) {
			continue
		}
		end := 1 + len(shape.shape)
		hours, minutes := twoDigits(text[1:]), 0
		if end > len("+00") {
			minutes = twoDigits(text[end-2:])
		}
		if !isOffset(hours, minutes) {
			break
		}
		offset = time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
		if text[0] == '-' {
			offset = -offset
		}
		return offset, text[end:], true
	}
	return 0, text, false
}

// twoDigits returns the number that the first two bytes of text spell.
func twoDigits(text []byte) int { return 10*int(text[0]-'0') + int(text[1]-'0') }

// cutUnix cuts a Unix time in seconds, which may have a fraction.
func cutUnix(text []byte) (s stamp, rest []byte, found bool) {
	rest = bytes.TrimLeft(text[:min(len(text), maxUnix+1)], "0123456789")
	digits := min(len(text), maxUnix+1) - len(rest)
	seconds, err := strconv.ParseInt(string(text[:digits]), 10, 64)
	if err != nil || digits > maxUnix {
		return stamp{}, text, false
	}
	fraction, rest := cutFraction(text[digits:])
	at := time.Unix(min(seconds, maxMilliseconds), 0).Add(fraction)
	return stamp{at: at, isUnix: true}, rest, true
}

// maxUnix is the maximum number of digits in a Unix time in seconds. cutUnix accepts a number that
// is too large, so that the event is rejected because of its time.
const maxUnix = 18

// cutTAI64N cuts a stamp in the form TAI64N, as multilog and svlogd write it: "@" and 24 hex
// digits. The first 16 digits are the seconds since 1970, increased by taiEpoch. The other 8 are
// nanoseconds.
func cutTAI64N(text []byte) (at time.Time, rest []byte, found bool) {
	if len(text) < 25 || text[0] != '@' {
		return time.Time{}, text, false
	}
	seconds, err := strconv.ParseUint(string(text[1:17]), 16, 64)
	nanoseconds, err2 := strconv.ParseUint(string(text[17:25]), 16, 64)
	if err != nil || err2 != nil || seconds < taiEpoch || seconds-taiEpoch > uint64(maxMilliseconds) {
		return time.Time{}, text, false
	}
	return time.Unix(int64(seconds-taiEpoch), int64(nanoseconds)), text[25:], true
}

// taiEpoch is the number that stands for 1970-01-01 00:00:00 UTC in TAI64N: 2^62 plus 10 leap
// seconds.
const taiEpoch = 1<<62 + 10

// setStamp sets the event's time to at, the time in a log line. If at is zero, it uses the time of
// receipt instead.
func (r *reader) setStamp(e *event.Event, at time.Time) {
	switch ms := at.UnixMilli(); {
	case at.IsZero():
		r.setTime(e)
	case ms < minMilliseconds:
		r.refuse("time", formatTime(at.UTC())+" is before 1973; set the clock of the broker")
	default:
		r.setTime(e, timeField{"time", value{kind: number, raw: strconv.AppendInt(nil, ms, 10)}})
	}
}
