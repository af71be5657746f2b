package main

import (
	"crypto/rand"
	"sync"
	"time"

	"devicetrace/infra/local/fc"
)

// Keys are replaced every minute and stay valid for half an hour. That is longer than any
// invocation takes, but short enough that a function that never renews its keys soon fails.
const (
	keyRotation = time.Minute
	keyLife     = 30 * time.Minute
)

// role issues temporary keys to the functions and verifies them for the store.
type role struct {
	now func() time.Time

	mu     sync.Mutex
	newest issuedKeys
	all    map[string]issuedKeys // issued keys that may still be valid, by access key
}

type issuedKeys struct {
	fc.Credentials
	at time.Time
}

func newRole(now func() time.Time) *role {
	return &role{now: now, all: map[string]issuedKeys{}}
}

// credentials returns keys that stay valid for at least keyLife minus keyRotation.
func (r *role) credentials() fc.Credentials {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if now.Sub(r.newest.at) >= keyRotation {
		r.forgetExpired(now)
		r.newest = issuedKeys{fc.Credentials{
			AccessKeyID: "STS." + rand.Text(), AccessKeySecret: rand.Text(), SecurityToken: rand.Text(),
		}, now}
		r.all[r.newest.AccessKeyID] = r.newest
	}
	return r.newest.Credentials
}

func (r *role) forgetExpired(now time.Time) {
	for id, keys := range r.all {
		if now.Sub(keys.at) >= keyLife {
			delete(r.all, id)
		}
	}
}

// lookup returns the secret and token of an access key. ok is false if the key is unknown or has
// expired.
func (r *role) lookup(accessKey string) (secret, token string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys, found := r.all[accessKey]
	if !found || r.now().Sub(keys.at) >= keyLife {
		return "", "", false
	}
	return keys.AccessKeySecret, keys.SecurityToken, true
}
