package segment

import (
	"fmt"
	"strconv"
	"strings"
)

// rawSizes holds the sizes of the row groups before encoding, in order. The size of a row is the
// number of bytes that the digest hashes, in bytes. A reader uses these sizes to estimate the memory
// that the decoded rows take, before it reads a row group.
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
