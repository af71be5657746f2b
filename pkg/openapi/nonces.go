package openapi

import (
	"crypto/sha256"
	"sync"
	"time"
)

// maxNonces is the maximum number of nonces in each of the two generations that the nonces type
// keeps. The two generations together take at most about 10 MB.
const maxNonces = 1 << 17

// nonces remembers the nonces of verified requests. A request can be accepted for up to half an
// hour, so its nonce must be remembered for at least that long. Otherwise, the request could be
// replayed.
//
// New nonces go into the young generation. When the young generation is full or half an hour old,
// it becomes the old generation, and the previous old generation is forgotten. If more than
// maxNonces new nonces arrive within half an hour, a nonce can therefore be forgotten too soon.
type nonces struct {
	mu         sync.Mutex
	young, old map[nonce]struct{}
	began      time.Time // when the young generation was started
}

// nonce represents the nonce of one request. It is the first half of a SHA-256 over the AccessKey
// id and the nonce. The nonce itself is not kept, because it may be too long.
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
