package env

import (
	"fmt"
	"strconv"

	"devicetrace/pkg/layout"
)

// Shards returns the number of shards from the variable SHARDS, by default 16. It rejects numbers
// that package layout does not allow.
func (r *Reader) Shards() int {
	const byDefault = 16
	text := r.Optional("SHARDS")
	if text == "" {
		return byDefault
	}
	shards, err := strconv.Atoi(text)
	if err != nil || (layout.Layout{Shards: shards}).Validate() != nil {
		r.Reject("SHARDS", fmt.Sprintf("is %q, want 16, 256 or 4096", text))
		return byDefault
	}
	return shards
}
