//go:build race

package scope_test

// everyNth is 20 with the race detector, so only a part of the fleets and devices is examined.
const everyNth = 20
