//go:build race

package wire_test

// everyNth reduces the number of attacks: if it is n, only every n-th attack runs. The race
// detector empties pools at random, which makes the Parquet library thirty times slower, so
// running every attack would take too long.
const everyNth = 11
