package layout

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"time"
)

// startBytes is the number of bytes in a run identifier that encode the time at which the run
// began.
const startBytes = 4

// NewRunID returns a new run identifier: 32 hex digits. The first 8 are the Unix time, in seconds,
// at which the run begins. The others are 96 bits from random, so no two runs have the same
// identifier, even if they begin in the same second.
func NewRunID(began time.Time, random io.Reader) (string, error) {
	var id [runDigits / 2]byte
	binary.BigEndian.PutUint32(id[:], uint32(began.Unix()))
	if _, err := io.ReadFull(random, id[startBytes:]); err != nil {
		return "", fmt.Errorf("draw run identifier: %w", err)
	}
	return hex.EncodeToString(id[:]), nil
}

// RunBegan returns the time at which the run of a fresh segment began, by the recorder's clock and
// truncated to seconds. The name must be valid.
func (n Name) RunBegan() time.Time {
	var seconds [startBytes]byte
	_, _ = hex.Decode(seconds[:], []byte(n.Run[:2*startBytes])) // cannot fail: the name is valid
	return time.Unix(int64(binary.BigEndian.Uint32(seconds[:])), 0).UTC()
}
