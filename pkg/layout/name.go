package layout

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	// MaxLevel is the highest level. No segment can supersede a segment of this level.
	MaxLevel = 9999
	// MaxSeq is the highest sequence number of a run.
	MaxSeq = 999999

	runDigits    = 32 // see NewRunID
	digestDigits = 64 // SHA-256
	extension    = ".parquet"
)

// Name is the last part of a segment's key. The name of a fresh segment (level 0) contains a run
// identifier and a sequence number. The name of a compacted segment (level 1 and up) contains a
// digest and the lengths of the footer, the index and the summaries.
type Name struct {
	Level int
	// Run is the identifier of the run; see NewRunID. It is set only for fresh segments.
	Run string
	// Seq is the sequence number of the put in its run, counted from 1. It is set only for fresh
	// segments.
	Seq int
	// Digest is the SHA-256 of the segment's bytes: 64 hex digits. It is set only for
	// compacted segments.
	Digest string
	// FooterLength is the number of bytes at the end of the segment that contain its whole footer.
	// It is set only for compacted segments.
	FooterLength int64
	// IndexLength is the length, in bytes, of the segment's index, which lies directly before the
	// footer. It is set only for compacted segments, and is zero if the segment has no index.
	IndexLength int64
	// MinutesLength, DropsLength and DevicesLength are the lengths of the segment's summaries, in
	// bytes. All are zero if the segment has no summaries. Otherwise, only DevicesLength may be zero.
	MinutesLength, DropsLength, DevicesLength int64
}

// HasSummaries reports whether the segment has summaries.
func (n Name) HasSummaries() bool { return n.MinutesLength > 0 }

// Fresh reports whether the segment was written by a recorder.
func (n Name) Fresh() bool { return n.Level == 0 }

// Covers reports whether segment n contains all rows of segment o, judging by their names alone.
// Both must be in one partition. Covers returns true if the names are equal, or if both segments
// belong to one run and n has the higher sequence number.
func (n Name) Covers(o Name) bool {
	return n == o || n.Fresh() && o.Fresh() && n.Run == o.Run && n.Seq > o.Seq
}

// String formats the name as it appears in a key.
func (n Name) String() string {
	if n.Fresh() {
		return fmt.Sprintf("l%04d-%s-%06d%s", n.Level, n.Run, n.Seq, extension)
	}
	name := fmt.Sprintf("l%04d-%s-%d", n.Level, n.Digest, n.FooterLength)
	if n.IndexLength > 0 {
		name += fmt.Sprintf("-%d", n.IndexLength)
	}
	if n.HasSummaries() {
		name += fmt.Sprintf("-%d-%d-%d", n.MinutesLength, n.DropsLength, n.DevicesLength)
	}
	return name + extension
}

// Key returns the key of the segment with this name in partition p.
func (n Name) Key(p Partition) string { return p.Prefix() + n.String() }

// ParseName parses the last part of a segment's key.
func ParseName(s string) (Name, error) {
	name := splitName(s)
	if !name.valid() || name.String() != s {
		return Name{}, fmt.Errorf("parse segment name %q: not in this layout's format", s)
	}
	return name, nil
}

// splitName returns the parts of a name without checking them. Parts that are not numbers become 0.
func splitName(s string) Name {
	parts := strings.SplitN(strings.TrimSuffix(s, extension), "-", 8)
	if len(parts) < 3 {
		return Name{}
	}
	level, _ := strconv.Atoi(strings.TrimPrefix(parts[0], "l"))
	numbers := make([]int64, len(parts)-2)
	for i, part := range parts[2:] {
		numbers[i], _ = strconv.ParseInt(part, 10, 64)
	}
	if level == 0 {
		return Name{Run: parts[1], Seq: int(numbers[0])}
	}
	return withLengths(Name{Level: level, Digest: parts[1]}, numbers)
}

// withLengths returns n with the given lengths set. lengths holds the length of the footer, then
// the length of the index unless the segment is too old to have one, and then the lengths of the
// three summaries if the segment has any.
func withLengths(n Name, lengths []int64) Name {
	n.FooterLength, lengths = lengths[0], lengths[1:]
	if len(lengths) == 1 || len(lengths) == 4 {
		n.IndexLength, lengths = lengths[0], lengths[1:]
	}
	if len(lengths) == 3 {
		n.MinutesLength, n.DropsLength, n.DevicesLength = lengths[0], lengths[1], lengths[2]
	}
	return n
}

// valid reports whether every part of the name is in its range. Within these ranges, the level and
// the sequence number never outgrow their zero padding. So keys sort by level, and the keys of a
// run by sequence number.
func (n Name) valid() bool {
	if n.Fresh() {
		return isHex(n.Run, runDigits, runDigits) && n.Seq >= 1 && n.Seq <= MaxSeq
	}
	return isHex(n.Digest, digestDigits, digestDigits) && n.Level <= MaxLevel && n.FooterLength >= 1 && n.hasValidLengths()
}

// maxLength is the maximum length in a name, in bytes. It is low enough that the sum of all lengths
// cannot overflow.
const maxLength = 1 << 60

func (n Name) hasValidLengths() bool {
	for _, length := range []int64{n.FooterLength, n.IndexLength, n.MinutesLength, n.DropsLength, n.DevicesLength} {
		if length < 0 || length > maxLength {
			return false
		}
	}
	return n.MinutesLength > 0 && n.DropsLength > 0 || n.MinutesLength == 0 && n.DropsLength == 0 && n.DevicesLength == 0
}
