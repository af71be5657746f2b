//go:build !race

package scope_test

// everyNth is 1 without the race detector, so that all fleets and devices are examined.
const everyNth = 1
