package fleet

import (
	"slices"

	"devicetrace/pkg/summary"
)

// A group passes if at least minOthers other devices dropped, and if this many drop in a usual
// window with a probability below maxProbability; see level.passes.
const (
	minOthers      = 5
	maxProbability = 1e-4
)

// past describes the time before a window from which a level is estimated. This time consists of
// the minutes whose vicinities do not overlap the window.
type past struct {
	minutes int
	// trimmed is the number of values, the highest ones, that do not count in full, so that one incident
	// does not hide the next. Each is lowered to the highest of the other values. The variance is
	// multiplied by widened to compensate for this.
	trimmed int
	widened float64
	// same lists the distances, in minutes, to the earlier windows that also count as usual: those at
	// the same minute of the hour or of the day.
	same []summary.Minute
}

const (
	minutesPerHour = 60
	pastGap        = 3 // minutes from the end of the past to the drop
)

// hourBefore is the past from which the levels of drops and connects are estimated.
var hourBefore = past{minutesPerHour, minutesPerHour / 10, 1.25, []summary.Minute{minutesPerHour, minutesPerDay}}

// dayBefore is the past from which the levels of refusals are estimated. A refused device tries
// again, so a cause that lasts for hours would soon seem usual if only the hour before counted.
var dayBefore = past{minutesPerDay, minutesPerDay / 3, 2.5, []summary.Minute{minutesPerDay}}

// level describes how many devices can be expected in a window.
type level struct {
	// usual is the median of the past, or the number in an earlier window if that is more; see
	// past.same.
	usual float64
	// mean and variance describe the distribution of the number in a usual window. The mean is at
	// least usual. The variance is at least the mean, which is the variance of independent drops.
	mean, variance float64
}

// passes reports whether the given number of other devices is unusual. known is the part of the
// number that is certain.
func (l level) passes(others, known int64) bool {
	return others >= minOthers && known >= minOthers && tail(known, l.mean, l.variance) < maxProbability
}

// counter returns the number of devices in the vicinity of a minute.
type counter func(summary.Minute) int64

// levelAt returns the level for the window around minute m.
func (p past) levelAt(m summary.Minute, count counter) level {
	values := make([]float64, p.minutes)
	for i := range values {
		values[i] = float64(count(m - pastGap - summary.Minute(p.minutes-1-i)))
	}
	l := p.levelOf(values)
	for _, before := range p.same {
		l.usual = max(l.usual, float64(count(m-before)))
	}
	peak := l.usual
	for _, before := range p.same {
		// The neighbors of the earlier window count, too, because a recurring peak need not be
		// punctual.
		peak = max(peak, float64(count(m-before-1)), float64(count(m-before+1)))
	}
	return l.withPeak(peak)
}

// levelOf returns the level that the past suggests, without regard to p.same.
func (p past) levelOf(values []float64) level {
	sorted := slices.Sorted(slices.Values(values))
	highest := sorted[len(sorted)-1-p.trimmed]
	var sum, squares float64
	for _, v := range sorted {
		v = min(v, highest)
		sum += v
		squares += v * v
	}
	n := float64(len(values))
	mean := sum / n
	variance := (squares - n*mean*mean) / (n - 1) * p.widened
	usual := middle(sorted)
	mean = max(mean, usual)
	if p.minutes == minutesPerHour {
		mean = max(mean, trend(values))
	}
	// The mean is itself uncertain. An hour has only about twenty windows that do not overlap.
	return level{usual: usual, mean: mean, variance: max(mean, variance) * 1.1}
}

// trend returns the number of devices expected in the window if the numbers keep growing or
// shrinking as they did in the hour before.
func trend(hour []float64) float64 {
	half := len(hour) / 2
	first, second := median(hour[:half]), median(hour[half:])
	const ahead = 17.5 // minutes from the middle of the second half to the window
	return second + (second-first)*ahead/float64(half)
}

// withPeak returns the level, given the number of devices in the same window an hour or a day earlier.
// This number is a peak if it is large enough for a scope and the rest of the past does not explain
// it. For example, logins that expire together cause a peak every hour. A peak is a single
// observation, which doubles the variance.
func (l level) withPeak(peak float64) level {
	dispersion := 1.0
	if l.mean > 0 {
		dispersion = max(1, l.variance/l.mean)
	}
	isPeak := peak >= minOthers && tail(int64(peak), l.mean, l.variance) < 0.01
	mean := max(l.mean, l.usual)
	if isPeak {
		mean = max(mean, peak)
		dispersion *= 2
	}
	return level{usual: l.usual, mean: mean, variance: max(l.variance, mean*dispersion)}
}

// scaled returns the level of a group with the given share of the devices, from 0 to 1.
func (l level) scaled(share float64) level {
	dispersion := 1.0
	if l.mean > 0 {
		dispersion = l.variance / l.mean
	}
	return level{usual: l.usual * share, mean: l.mean * share, variance: l.mean * share * dispersion}
}

func median(values []float64) float64 { return middle(slices.Sorted(slices.Values(values))) }

// middle returns the median of sorted values.
func middle(sorted []float64) float64 {
	at := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[at]
	}
	return (sorted[at-1] + sorted[at]) / 2
}
