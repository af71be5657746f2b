package fleet

import (
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/summary"
)

// The tails must equal sums of the textbook formulas.
func TestTails(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		k              int64
		mean, variance float64
		want           float64
	}{
		{0, 3, 3, 1},
		{3, 3, 3, 1}, // at most the mean
		{1, 0, 0, 0},
		{5, 0.5, 0.5, 1.7212e-4},
		{5, 0.5, 0.2, 1.7212e-4}, // a variance below the mean counts as the mean
		{5, 1, 1, 3.6598e-3},
		{20, 10, 10, 3.4543e-3},
		{150, 100, 100, 1.8842e-6},
		{5, 1, 2, 1.0 / 32}, // geometric
		{14, 1, 2, 1.0 / 16384},
		{1_000_000, 100, 100, 0},
	} {
		got := tail(test.k, test.mean, test.variance)
		require.InDelta(t, test.want, got, 1e-3*test.want+1e-12, "%+v", test)
	}
}

// A negative binomial number is a Poisson number whose mean is random, so the tail can be
// simulated.
func TestTailOfVaryingMean(t *testing.T) {
	t.Parallel()
	const mean, variance, k, n = 6, 18, 20, 50_000
	random := rand.New(rand.NewPCG(1, 2))
	found := 0
	for range n {
		var rate float64 // gamma with shape 3 and mean 6
		for range 3 {
			rate += random.ExpFloat64() * 2
		}
		arrivals := 0
		for at := random.ExpFloat64(); at < rate; at += random.ExpFloat64() {
			arrivals++
		}
		if arrivals >= k {
			found++
		}
	}
	require.InDelta(t, tail(k, mean, variance), float64(found)/n, 0.002)
}

func TestBinomialTail(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		k, n  int64
		share float64
		want  float64
	}{
		{5, 5, 0.5, 1.0 / 32}, {4, 5, 0.5, 6.0 / 32}, {1, 5, 0.5, 1}, {0, 5, 0, 1}, {1, 5, 0, 0}, {6, 5, 0.9, 0},
		{5, 5, 1, 1}, {100_000, 100_000, 0.99, 0}, {3, 100_000, 1e-5, 0.0803},
	} {
		require.InDelta(t, test.want, binomialTail(test.k, test.n, test.share), 1e-3*test.want+1e-9, "%+v", test)
	}
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"198.51.100.7":        "198.51.100.0/24",
		"::ffff:198.51.100.7": "198.51.100.0/24",
		"2001:db8:1:2:3::4":   "2001:db8:1::/48",
		"fe80::1%eth0":        "fe80::/48",
		"":                    "invalid Prefix",
		"10.1.2.3:1883":       "invalid Prefix",
		"gateway":             "invalid Prefix",
	} {
		require.Equal(t, want, networkOf(address).String(), address)
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	constant := func(n int64) counter { return counter(func(m summary.Minute) int64 { return n }) }
	rising := func(m summary.Minute) int64 { return 100 + int64(m) } // minute 0 is the one of the drop
	for _, test := range []struct {
		name        string
		count       counter
		usual       float64
		passes, not int64 // a number that passes, and one that does not
	}{
		{"none", constant(0), 0, 5, 4},
		{"few", constant(2), 2, 11, 8},
		{"many", constant(100), 100, 145, 130},
		{"more and more", rising, 67.5, 220, 150},
		{"an incident half an hour ago", func(m summary.Minute) int64 { return only(m, -31, -29, 500) }, 0, 5, 4},
		{"a peak every hour", func(m summary.Minute) int64 { return only((m+3000)%60, 0, 1, 300) }, 300, 420, 370},
		{"a peak that is not punctual", func(m summary.Minute) int64 { return only(m, -59, -59, 300) }, 0, 420, 370},
		{"bursts", func(m summary.Minute) int64 { return only((m+3000)%7, 0, 2, 12) }, 12, 120, 20},
	} {
		l := hourBefore.levelAt(0, test.count)
		require.Equal(t, test.usual, l.usual, test.name)
		require.True(t, l.passes(test.passes, test.passes), "%s: %+v", test.name, l)
		require.False(t, l.passes(test.not, test.not), "%s: %+v", test.name, l)
		require.False(t, math.IsNaN(l.mean+l.variance))
	}
}

func only(m, first, last summary.Minute, n int64) int64 {
	if first <= m && m <= last {
		return n
	}
	return 0
}

func TestPhrasesHaveTheSamePlaceholdersInBothLanguages(t *testing.T) {
	t.Parallel()
	placeholders := regexp.MustCompile(`\{\w+\}`)
	for name, texts := range phrases {
		var found [2][]string
		for i, text := range texts {
			found[i] = placeholders.FindAllString(text, -1)
			slices.Sort(found[i])
		}
		require.Equal(t, found[0], found[1], name)
		if plain, isRefused := strings.CutPrefix(string(name), refusedPrefix); isRefused {
			require.Contains(t, phrases, phrase(plain))
		}
	}
}
