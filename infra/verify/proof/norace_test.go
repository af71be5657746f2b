//go:build !race

package proof_test

// oneIn is 1, so every attack runs.
const oneIn = 1
