package main

import "slices"

// mostListed bounds each list of a diagnosis. A connection takes some 600 bytes.
const mostListed = 3000

// omitted counts what is left out of the lists of a report, the oldest of each.
type omitted struct {
	Connections int `json:"connections"`
	Refusals    int `json:"refusals"`
	Timeline    int `json:"timeline"`
	Evidence    int `json:"evidence"` // of all verdicts
}

// fit cuts the lists of a diagnosis to their newest, so that the answer of a device
// that connects every second, or with names of 64 KB, stays below mostBytes.
func (d diagnosisAnswer) fit() diagnosisAnswer {
	for most := mostListed; most > 0; most /= 2 {
		shorter := d.shorten(most)
		if wireSize(encode(shorter)) <= mostBytes {
			return shorter
		}
	}
	return d.shorten(0)
}

func (d diagnosisAnswer) shorten(most int) diagnosisAnswer {
	d.Verdicts = slices.Clone(d.Verdicts) // those of d are cut again if this is not enough
	left := omitted{
		Connections: cutOldest(&d.Connections, most),
		Refusals:    cutOldest(&d.Refusals, most),
		Timeline:    cutOldest(&d.Timeline, most),
	}
	for i := range d.Verdicts {
		left.Evidence += cutOldest(&d.Verdicts[i].Evidence, most)
	}
	if left != (omitted{}) {
		d.Omitted = &left
	}
	return d
}

func cutOldest[T any](list *[]T, most int) (cut int) {
	cut = max(0, len(*list)-most)
	*list = (*list)[cut:]
	return cut
}
