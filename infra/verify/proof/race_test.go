//go:build race

package proof_test

// everyNth is 30 with the race detector, so only every 30th attack runs. The race detector makes
// sync.Pool drop items at random, which makes the Parquet library thirty times slower. Running
// every attack would therefore take too long.
const everyNth = 30
