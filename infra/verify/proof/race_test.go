//go:build race

package proof_test

// oneIn is n if only every n-th attack runs. The race detector empties pools at random,
// which makes the Parquet library thirty times slower, so running every attack would take
// too long.
const oneIn = 30
