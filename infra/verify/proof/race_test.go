//go:build race

package proof_test

// everyNth is 30 with the race detector, so only every 30th attack runs. Running every attack would
// take too long: the race detector makes sync.Pool drop items at random, and this slows the Parquet
// library down by a factor of thirty.
const everyNth = 30
