package main

import (
	"flag"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// spanFlags holds the flags that choose a range of time.
type spanFlags struct {
	day      *dayValue
	from, to *string
}

func newSpanFlags(flags *flag.FlagSet) spanFlags {
	return spanFlags{dayFlag(flags, "day"), flags.String("from", "", ""), flags.String("to", "", "")}
}

// maxSpan is the longest range of time that the API accepts.
const maxSpan = 24 * time.Hour

// set sets the parameters from and to. The day, and times without an offset, are in the given zone. The
// default is the last 24 hours. If only one end is given, set leaves the other end to the API.
func (s spanFlags) set(parameters url.Values, zone *time.Location, now time.Time) error {
	if s.day.String() != "" {
		if *s.from != "" || *s.to != "" {
			return errUsage("takes either -day, or -from and -to")
		}
		from, to := dayIn(s.day.String(), zone)
		setTimes(parameters, from, to)
		return nil
	}
	if *s.from == "" && *s.to == "" {
		setTimes(parameters, now.Add(-maxSpan), now)
		return nil
	}
	for name, text := range map[string]string{"from": *s.from, "to": *s.to} {
		if err := setTime(parameters, name, text, zone); err != nil {
			return err
		}
	}
	return nil
}

// dayIn returns the first and the last millisecond of a day. If clocks go back on that day, it is longer
// than maxSpan, and the range ends maxSpan after its start.
func dayIn(date string, zone *time.Location) (from, to time.Time) {
	from, err := time.ParseInLocation(time.DateOnly, date, zone)
	if err != nil {
		panic(err) // dayValue.Set has checked the date
	}
	to = time.Date(from.Year(), from.Month(), from.Day()+1, 0, 0, 0, 0, zone).Add(-time.Millisecond)
	if end := from.Add(maxSpan); to.After(end) {
		to = end
	}
	return from, to
}

func setTimes(parameters url.Values, from, to time.Time) {
	parameters.Set("from", apiTime(from))
	parameters.Set("to", apiTime(to))
}

// setTime sets a parameter to the time that the flag of the same name contains. It does nothing if the
// flag is empty.
func setTime(parameters url.Values, name, text string, zone *time.Location) error {
	if text == "" {
		return nil
	}
	t, err := parseTime(text, zone)
	if err != nil {
		return errUsage(fmt.Sprintf("-%s must be a time such as 2026-11-22T08:00:00Z, 2026-11-22T08:00 (in the zone of -tz) or Unix milliseconds, not %q", name, text))
	}
	parameters.Set(name, apiTime(t))
	return nil
}

// localForms are the forms of a time without an offset.
var localForms = []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"}

func parseTime(text string, zone *time.Location) (time.Time, error) {
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(ms), nil
	}
	for _, form := range localForms {
		if t, err := time.ParseInLocation(form, text, zone); err == nil {
			return t, nil
		}
	}
	return time.Parse(time.RFC3339Nano, text)
}

// apiTime formats a time for the API.
func apiTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// zoneOf returns the time zone with the given IANA name. An empty name means UTC.
func zoneOf(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, errUsage(fmt.Sprintf("-tz %q is not a known time zone; use an IANA name such as UTC, Asia/Shanghai or Europe/Berlin", name))
	}
	return zone, nil
}
