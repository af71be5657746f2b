package mqtt

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync/atomic"
	"time"
)

// stamp is the time and the identifier of an event.
type stamp struct {
	at time.Time
	id string
}

// clock creates stamps. Their identifiers sort in the order in which the stamps were created.
// Identifiers are unique even across restarts of the broker.
type clock struct {
	start string
	count atomic.Uint64
}

func newClock() *clock {
	return &clock{start: fmt.Sprintf("%013d-%s", time.Now().UnixMilli(), random(4))}
}

func (c *clock) stamp() *stamp {
	return &stamp{at: time.Now(), id: fmt.Sprintf("%s-%012d", c.start, c.count.Add(1))}
}

// random returns n random bytes as hex digits.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
