//go:build !race

package proof_test

// oneIn is 1 without the race detector, so that every attack runs.
const oneIn = 1
