//go:build !race

package proof_test

// oneIn is 1: every attack is made.
const oneIn = 1
