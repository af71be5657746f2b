package main

// costs are what the sections measured and the priced sheet is made of.
type costs struct {
	storedBytes  float64 // compacted, an event
	query        queryCost
	queryCPU     float64 // ms
	rewrites     float64 // of a row by the compactor
	recordSingle recordCost
	recordBatch  recordCost
	mergeRate    float64 // rows per second of CPU, merged and verified
}
