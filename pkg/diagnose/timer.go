package diagnose

import (
	"fmt"
	"time"
)

// timerSetting is the typical length of connections that a timer probably ended. A verdict shows it
// as the timer's probable setting.
type timerSetting time.Duration

// oddTimeout is the default idle timeout of AWS Network Load Balancer. Unlike the settings of most
// timers, it is not a whole number of minutes.
const oddTimeout = 350 * time.Second

// value returns the probable setting of the timer. The candidates are oddTimeout, the nearest whole
// hour and the nearest whole minute, in this order. value returns the first candidate that is close
// enough to the typical length. If no candidate is close enough, it returns the typical length
// rounded to seconds. A candidate that was rounded to zero is never close, because the typical
// length is at least minFixed.
func (t timerSetting) value() time.Duration {
	d := time.Duration(t)
	for _, common := range []time.Duration{oddTimeout, d.Round(time.Hour), d.Round(time.Minute)} {
		if (d - common).Abs() <= tolerance(common) {
			return common
		}
	}
	return d.Round(time.Second)
}

// in shows the setting in words. A setting such as 5 min 50 s is also shown in seconds alone,
// because configuration files state such settings in seconds.
func (t timerSetting) in(lang Lang) string {
	d := t.value()
	text := length(d).in(lang)
	if d < time.Minute || d >= time.Hour || d%time.Minute == 0 {
		return text
	}
	return fmt.Sprintf([2]string{"%d s (%s)", "%d 秒（%s）"}[lang.index()], d/time.Second, text)
}
