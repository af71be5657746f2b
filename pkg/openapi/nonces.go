package openapi

import (
	"crypto/sha256"
	"sync"
	"time"
)

// maxNonces is the maximum number of nonces in each of the two generations that the nonces type
// keeps. Together they take at most about 10 MB.
const maxNonces = 1 << 17

// nonces remembers the nonces of verified requests for half an hour or longer, because a request is
// accepted for at most half an hour. New nonces go into the young generation. Once it is half an
// hour old or full, it replaces the old generation, whose nonces are forgotten. So nonces are
// forgotten too soon only if more than maxNonces arrive within half an hour.
type nonces struct {
	mu         sync.Mutex
	young, old map[nonce]struct{}
	began      time.Time // when the young generation was started
}

// nonce is the first half of the SHA-256 of an AccessKey id and a nonce. The nonce itself is not
// kept, because it may be long.
type nonce [16]byte

func newNonces() *nonces { return &nonces{young: map[nonce]struct{}{}} }

// add reports whether the nonce is new for this key, and remembers it.
func (n *nonces) add(accessKeyID, text string, now time.Time) bool {
	sum := sha256.Sum256([]byte(accessKeyID + "\n" + text))
	id := nonce(sum[:16])
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.young) >= maxNonces || now.Sub(n.began) > 2*skew {
		n.old, n.young, n.began = n.young, map[nonce]struct{}{}, now
	}
	_, isYoung := n.young[id]
	_, isOld := n.old[id]
	if isYoung || isOld {
		return false
	}
	n.young[id] = struct{}{}
	return true
}
