package openapi

import (
	"crypto/sha256"
	"sync"
	"time"
)

// mostNonces bounds each of the two generations, and so memory to some 10 MB.
const mostNonces = 1 << 17

// nonces remembers those of answered requests for at least as long as their times are
// accepted, half an hour; fewer where more than mostNonces came in that time.
type nonces struct {
	mu         sync.Mutex
	young, old map[nonce]struct{}
	began      time.Time // when young did
}

// nonce is the start of a hash: what a client sends may be long.
type nonce [16]byte

func newNonces() *nonces { return &nonces{young: map[nonce]struct{}{}} }

// add reports whether the nonce is new with this key, and remembers it.
func (n *nonces) add(accessKeyID, text string, now time.Time) bool {
	sum := sha256.Sum256([]byte(accessKeyID + "\n" + text))
	id := nonce(sum[:16])
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.young) >= mostNonces || now.Sub(n.began) > 2*skew {
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
