//go:build !race

package proof_test

// everyNth is 1 without the race detector, so that every attack runs.
const everyNth = 1
