package syaml

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Schedule says when a timer fires. Its Next method returns the timer's first firing time after a
// given time.
type Schedule = cron.Schedule

var sixFields = cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

// ParseSchedule parses a timer's cronExpression, which has one of two forms:
//
//   - A period in whole minutes, such as "@every 5m".
//   - A cron expression with six fields, beginning with the seconds. Its times are in UTC, unless
//     "CRON_TZ=Zone " precedes the fields.
func ParseSchedule(text string) (Schedule, error) {
	if every, found := strings.CutPrefix(text, "@every "); found {
		return parseEvery(every)
	}
	if strings.HasPrefix(text, "TZ=") {
		return nil, fmt.Errorf("parse schedule %q: use CRON_TZ= to set a time zone", text)
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
		return nil, fmt.Errorf("parse period %q: use whole minutes, at least one", text)
	}
	return cron.Every(period), nil
}
