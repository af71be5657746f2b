package e2e

import "testing"

// subtest is a named test that uses P, the set-up which it shares with other subtests.
type subtest[P any] struct {
	name string
	test func(*testing.T, *P)
}

// runSubtests runs the subtests one after another, in the given order.
func runSubtests[P any](t *testing.T, p *P, all []subtest[P]) {
	t.Helper()
	for _, one := range all {
		t.Run(one.name, func(t *testing.T) { one.test(t, p) })
	}
}
