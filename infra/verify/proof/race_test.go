//go:build race

package proof_test

// oneIn thins out the attacks: one in this many runs. The race detector empties pools at
// random, which makes the Parquet library thirty times slower.
const oneIn = 30
