// Package state compares the states that summaries give to devices with the statuses that package
// history finds. The rules of package summary are simpler, because summaries must be mergeable. They
// may leave a state unknown, but they must not contradict a status that is certain.
//
// The tests simulate devices of all sources, with every cause of trouble, for one day or more. They
// also remove events, as if deliveries had been lost, and divide the events among several summaries.
package state
