package layout

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"devicetrace/pkg/event"
)

// InstancePart selects one of Count parts of the instances. Number is the number of the part,
// counted from 1. A hash of an instance's name determines its part, so the parts are of about equal
// size. The zero value selects all instances.
type InstancePart struct{ Number, Count int }

// maxParts is the maximum number of parts.
const maxParts = 1000

// ParseInstancePart parses a part such as "1/4", the first of four parts. An empty string selects
// all instances.
func ParseInstancePart(text string) (InstancePart, error) {
	if text == "" {
		return InstancePart{}, nil
	}
	number, count, _ := strings.Cut(text, "/")
	var p InstancePart
	var numberErr, countErr error
	p.Number, numberErr = strconv.Atoi(number)
	p.Count, countErr = strconv.Atoi(count)
	if numberErr != nil || countErr != nil || p.Number < 1 || p.Number > p.Count || p.Count > maxParts || p.String() != text {
		return InstancePart{}, fmt.Errorf("parse instances %q: want a part and the number of parts, at most %d, such as 1/4", text, maxParts)
	}
	return p, nil
}

// String returns the text form that ParseInstancePart parses.
func (p InstancePart) String() string {
	if p == (InstancePart{}) {
		return ""
	}
	return fmt.Sprintf("%d/%d", p.Number, p.Count)
}

// Contains reports whether the instance belongs to the part.
func (p InstancePart) Contains(instance event.InstanceID) bool {
	if p == (InstancePart{}) {
		return true
	}
	sum := md5.Sum([]byte(instance))
	return binary.BigEndian.Uint32(sum[:])%uint32(p.Count) == uint32(p.Number-1)
}
