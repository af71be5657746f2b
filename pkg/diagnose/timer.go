package diagnose

import (
	"fmt"
	"time"
)

// timerSetting is the typical length of connections that a timer ended. As a value in a text,
// it shows the probable setting of this timer.
type timerSetting time.Duration

// oddTimeout is the default idle timeout of AWS Network Load Balancer.
const oddTimeout = 350 * time.Second

// value returns the probable setting of the timer. It tries oddTimeout, then whole hours, then
// whole minutes, and returns the first of these that is near enough to the length. If none is,
// it returns the length in whole seconds.
func (t timerSetting) value() time.Duration {
	d := time.Duration(t)
	for _, common := range []time.Duration{oddTimeout, d.Round(time.Hour), d.Round(time.Minute)} {
		if common > 0 && (d-common).Abs() <= tolerance(common) {
			return common
		}
	}
	return d.Round(time.Second)
}

// in returns the setting as text. A setting in minutes and seconds is also shown in seconds
// alone, as in configuration files.
func (t timerSetting) in(lang Lang) string {
	d := t.value()
	text := length(d).in(lang)
	if d < time.Minute || d >= time.Hour || d%time.Minute == 0 {
		return text
	}
	return fmt.Sprintf([2]string{"%d s (%s)", "%d 秒（%s）"}[lang.index()], d/time.Second, text)
}
