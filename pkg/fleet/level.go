package fleet

import (
	"slices"

	"devicetrace/pkg/summary"
)

// A scope passes if at least minOthers other devices dropped and so many would be improbable in a
// usual window; see level.passes.
const (
	minOthers      = 5
	maxProbability = 1e-4
)

// The hour before a window consists of the minutes whose vicinities do not overlap the window.
const (
	hourLength  = 60
	hourGap     = 3 // minutes from the end of that hour to the drop
	hourTrimmed = 6 // number of highest values that are ignored: an incident must not hide the next
)

// level is what can be expected in a window.
type level struct {
	// usual is the median of the hour before the window, or the number in the same window an hour or
	// a day earlier if that is more.
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
func levelAt(m summary.Minute, count counter) level {
	hour := make([]float64, hourLength)
	for i := range hour {
		hour[i] = float64(count(m - hourGap - hourLength + 1 + summary.Minute(i)))
	}
	l := levelOf(hour)
	l.usual = max(median(hour), float64(count(m-hourLength)), float64(count(m-minutesPerDay)))
	peak := l.usual
	for _, same := range []summary.Minute{m - hourLength, m - minutesPerDay} {
		// A neighbor also counts, because a peak that recurs need not be punctual.
		peak = max(peak, float64(count(same-1)), float64(count(same+1)))
	}
	return l.withPeak(peak)
}

// levelOf returns the mean and the variance that the hour before a window suggests. Drops may have
// become more frequent during that hour.
func levelOf(hour []float64) level {
	sorted := slices.Sorted(slices.Values(hour))
	highest := sorted[len(sorted)-1-hourTrimmed]
	var sum, squares float64
	for _, v := range sorted {
		v = min(v, highest)
		sum += v
		squares += v * v
	}
	n := float64(len(hour))
	mean := sum / n
	// The lower variance of the trimmed values is made up for by a quarter.
	variance := (squares - n*mean*mean) / (n - 1) * 1.25
	half := len(hour) / 2
	first, second := median(hour[:half]), median(hour[half:])
	// The window is 17.5 minutes after the middle of the second half, which is half an hour long.
	trend := second + (second-first)*17.5/float64(half)
	mean = max(mean, median(hour), trend)
	// The mean is itself uncertain. It rests on about twenty windows that do not overlap.
	return level{mean: mean, variance: max(mean, variance) * 1.1}
}

// withPeak returns the level if the same window an hour or a day earlier had the given number. A
// number that the hour before the window cannot explain is a peak, such as that of logins that expire
// together. It is a single observation, which doubles the variance.
func (l level) withPeak(peak float64) level {
	dispersion := 1.0
	if l.mean > 0 {
		dispersion = max(1, l.variance/l.mean)
	}
	isPeak := peak > 1 && tail(int64(peak), l.mean, l.variance) < 0.01
	mean := max(l.mean, l.usual)
	if isPeak {
		mean = max(mean, peak)
		dispersion *= 2
	}
	return level{usual: l.usual, mean: mean, variance: max(l.variance, mean*dispersion)}
}

// scaled returns the level of a part of the devices. share is the part's share.
func (l level) scaled(share float64) level {
	dispersion := 1.0
	if l.mean > 0 {
		dispersion = l.variance / l.mean
	}
	return level{usual: l.usual * share, mean: l.mean * share, variance: l.mean * share * dispersion}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
