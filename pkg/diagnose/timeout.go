package diagnose

import (
	"fmt"
	"time"
)

// timeout is what a timer is set to that ended connections after about so long: an odd
// one that is common, else whole hours or minutes, if they are near enough.
type timeout time.Duration

// oddTimeout is that of AWS Network Load Balancer.
const oddTimeout = 350 * time.Second

func (t timeout) set() time.Duration {
	d := time.Duration(t)
	for _, common := range []time.Duration{oddTimeout, d.Round(time.Hour), d.Round(time.Minute)} {
		if common > 0 && (d-common).Abs() <= tolerance(common) {
			return common
		}
	}
	return d.Round(time.Second)
}

// in also gives minutes and seconds in seconds alone, as settings do.
func (t timeout) in(lang Lang) string {
	d := t.set()
	text := length(d).in(lang)
	if d < time.Minute || d >= time.Hour || d%time.Minute == 0 {
		return text
	}
	return fmt.Sprintf([2]string{"%d s (%s)", "%d 秒（%s）"}[lang.index()], d/time.Second, text)
}
