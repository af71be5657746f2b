//go:build race

package wire_test

// everyNth is 11 with the race detector, so only every 11th attack runs. The race detector makes
// sync.Pool drop items at random, which makes the Parquet library thirty times slower. Running
// every attack would therefore take too long.
const everyNth = 11
