//go:build race

package wire_test

// oneIn: of so many attacks one is made. Under the race detector, which empties pools at
// random, the Parquet library is thirty times slower.
const oneIn = 11
