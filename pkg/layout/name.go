package layout

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	// MaxLevel is the highest level of a segment. Nothing can supersede it.
	MaxLevel = 9999
	// MaxSeq is the highest sequence number of a run.
	MaxSeq = 999999

	runDigits    = 32 // 128 random bits
	digestDigits = 64 // SHA-256
	extension    = ".parquet"
)

// Name is the last part of a segment's key. A fresh segment (level 0) has a run and
// a sequence number; a compacted one (level 1 and up) has the digest of its bytes.
type Name struct {
	Level int
	// Run is the run's identifier, 32 hex digits. Fresh segments only.
	Run string
	// Seq is the put's number in its run, from 1. Fresh segments only.
	Seq int
	// Digest is the SHA-256 of the segment's bytes, 64 hex digits. Compacted
	// segments only.
	Digest string
	// FooterLength is what the last bytes of the segment measure from the footer's
	// start to the end, so that a reader asks for just that. Compacted segments only.
	FooterLength int64
}

// Fresh reports whether the segment was written by a recorder.
func (n Name) Fresh() bool { return n.Level == 0 }

// String is the name as it stands in a key.
func (n Name) String() string {
	if n.Fresh() {
		return fmt.Sprintf("l%04d-%s-%06d%s", n.Level, n.Run, n.Seq, extension)
	}
	return fmt.Sprintf("l%04d-%s-%d%s", n.Level, n.Digest, n.FooterLength, extension)
}

// Key is the key of the segment of this name in partition p.
func (n Name) Key(p Partition) string { return p.Prefix() + n.String() }

// ParseName is the name that s spells.
func ParseName(s string) (Name, error) {
	name, ok := scanName(s)
	if !ok || name.String() != s {
		return Name{}, fmt.Errorf("parse segment name %q: not a name of this layout", s)
	}
	return name, nil
}

func scanName(s string) (Name, bool) {
	stem, hasExtension := strings.CutSuffix(s, extension)
	parts := strings.Split(stem, "-")
	if !hasExtension || len(parts) != 3 || !strings.HasPrefix(parts[0], "l") {
		return Name{}, false
	}
	level, levelErr := strconv.Atoi(parts[0][1:])
	number, numberErr := strconv.ParseInt(parts[2], 10, 64)
	if levelErr != nil || numberErr != nil || level < 0 || level > MaxLevel || number < 1 {
		return Name{}, false
	}
	if level == 0 {
		return Name{Run: parts[1], Seq: int(number)}, isHex(parts[1], runDigits, runDigits) && number <= MaxSeq
	}
	return Name{Level: level, Digest: parts[1], FooterLength: number}, isHex(parts[1], digestDigits, digestDigits)
}
