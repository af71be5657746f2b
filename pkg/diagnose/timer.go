package diagnose

import (
	"fmt"
	"time"
)

// timerSetting is a value that names the probable setting of a timer, given how long the
// connections lasted that it ended.
type timerSetting time.Duration

// oddTimeout is the timeout of AWS Network Load Balancer.
const oddTimeout = 350 * time.Second

// value returns a common odd timeout, else whole hours or minutes, if one of them is near
// enough, else whole seconds.
func (t timerSetting) value() time.Duration {
	d := time.Duration(t)
	for _, common := range []time.Duration{oddTimeout, d.Round(time.Hour), d.Round(time.Minute)} {
		if common > 0 && (d-common).Abs() <= tolerance(common) {
			return common
		}
	}
	return d.Round(time.Second)
}

// in writes minutes and seconds also as seconds alone, as configuration files do.
func (t timerSetting) in(lang Lang) string {
	d := t.value()
	text := length(d).in(lang)
	if d < time.Minute || d >= time.Hour || d%time.Minute == 0 {
		return text
	}
	return fmt.Sprintf([2]string{"%d s (%s)", "%d 秒（%s）"}[lang.index()], d/time.Second, text)
}
