package syaml

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Schedule says when a timer fires next after t.
type Schedule interface {
	Next(t time.Time) time.Time
}

var sixFields = cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

// ParseSchedule reads a timer's cronExpression: "@every 5m", in whole minutes, or six
// fields that begin with seconds. Those are in UTC unless "CRON_TZ=Zone " stands before them.
func ParseSchedule(text string) (Schedule, error) {
	if every, found := strings.CutPrefix(text, "@every "); found {
		return parseEvery(every)
	}
	if strings.HasPrefix(text, "TZ=") {
		return nil, fmt.Errorf("parse schedule %q: a time zone is given as CRON_TZ=", text)
	}
	if !strings.HasPrefix(text, "CRON_TZ=") {
		text = "CRON_TZ=UTC " + text
	} else if !strings.Contains(text, " ") {
		return nil, fmt.Errorf("parse schedule %q: it has no fields", text)
	}
	schedule, err := sixFields.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("parse schedule %q: %w", text, err)
	}
	return schedule, nil
}

func parseEvery(text string) (Schedule, error) {
	period, err := time.ParseDuration(text)
	if err != nil {
		return nil, fmt.Errorf("parse period %q: %w", text, err)
	}
	if period < time.Minute || period%time.Minute != 0 {
		return nil, fmt.Errorf("parse period %q: want whole minutes, at least one", text)
	}
	return cron.Every(period), nil
}
