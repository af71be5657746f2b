package fleet

import "math"

// tail returns the probability of at least k devices if mean devices are expected. The distribution
// is Poisson or, if the variance exceeds the mean, negative binomial. The result is exact up to
// rounding, but 1 if k is at most the mean.
func tail(k int64, mean, variance float64) float64 {
	i := float64(k)
	switch {
	case k <= 0 || i <= mean:
		return 1
	case mean <= 0:
		return 0
	case variance <= mean*(1+1e-9):
		first := i*math.Log(mean) - mean - logFactorial(i)
		return sumOf(math.Exp(first), i, func(i float64) float64 { return mean / (i + 1) })
	default:
		size, more := mean*mean/(variance-mean), 1-mean/variance
		first := logGamma(i+size) - logGamma(size) - logFactorial(i) + size*math.Log(mean/variance) + i*math.Log(more)
		return sumOf(math.Exp(first), i, func(i float64) float64 { return (i + size) / (i + 1) * more })
	}
}

// sumOf adds up the probabilities of i, i+1 and so on, which decrease. p is the probability of i,
// and ratio(n) is the quotient of the probabilities of n+1 and n.
func sumOf(p, i float64, ratio func(float64) float64) float64 {
	sum := p
	for ; p > sum*1e-9; i++ {
		p *= ratio(i)
		sum += p
	}
	return min(sum, 1)
}

// binomialTail returns the probability of at least k successes in n trials, each of which succeeds
// with the given probability. The result is 1 if k is at most the expected number of successes.
func binomialTail(k, n int64, share float64) float64 {
	switch {
	case k <= 0 || share >= 1:
		return 1
	case share <= 0 || k > n:
		return 0
	}
	i, of := float64(k), float64(n)
	if i <= of*share {
		return 1
	}
	first := logFactorial(of) - logFactorial(i) - logFactorial(of-i) + i*math.Log(share) + (of-i)*math.Log1p(-share)
	return sumOf(math.Exp(first), i, func(i float64) float64 { return (of - i) / (i + 1) * share / (1 - share) })
}

func logFactorial(i float64) float64 { return logGamma(i + 1) }

func logGamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}
