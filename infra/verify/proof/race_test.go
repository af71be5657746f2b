//go:build race

package proof_test

// oneIn is the number of attacks of which one is run. The race detector empties pools at
// random, which makes the Parquet library thirty times slower.
const oneIn = 30
