//go:build !race

package wire_test

// oneIn is 1, so every attack runs.
const oneIn = 1
