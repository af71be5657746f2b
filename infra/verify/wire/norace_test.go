//go:build !race

package wire_test

// oneIn is 1 without the race detector, so that every attack runs.
const oneIn = 1
