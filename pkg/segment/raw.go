package segment

import (
	"fmt"
	"strconv"
	"strings"
)

// rawSizes holds the size of each row group before encoding, in bytes and in order; see Group.Raw.
// Before a reader reads a row group, it uses the size to estimate the memory of the decoded rows.
type rawSizes []int64

// String formats the sizes as decimal numbers, separated by commas.
func (s rawSizes) String() string {
	var b []byte
	for i, size := range s {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, size, 10)
	}
	return string(b)
}

func parseRawSizes(text string) (rawSizes, error) {
	var sizes rawSizes
	for part := range strings.SplitSeq(text, ",") {
		size, err := strconv.ParseInt(part, 10, 64)
		if err != nil || size <= 0 {
			return nil, fmt.Errorf("%w: size %q of a row group is not a positive number", ErrCorrupt, part)
		}
		sizes = append(sizes, size)
	}
	return sizes, nil
}
