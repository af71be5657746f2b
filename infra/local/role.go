package main

import (
	"crypto/rand"
	"sync"
	"time"

	"devicetrace/infra/local/fc"
)

// Keys of the role are new every minute and good for half an hour: longer than any
// invocation, short enough that a function which keeps old ones is found out.
const (
	keyRotation = time.Minute
	keyLife     = 30 * time.Minute
)

// role issues temporary keys to the functions and vouches for them to the store.
type role struct {
	now func() time.Time

	mu     sync.Mutex
	newest issued
	all    map[string]issued // by access key
}

type issued struct {
	fc.Credentials
	at time.Time
}

func newRole(now func() time.Time) *role { return &role{now: now, all: map[string]issued{}} }

// credentials are good for at least keyLife less keyRotation from now.
func (r *role) credentials() fc.Credentials {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if now.Sub(r.newest.at) >= keyRotation {
		r.forget(now)
		r.newest = issued{fc.Credentials{
			AccessKeyID: "STS." + rand.Text(), AccessKeySecret: rand.Text(), SecurityToken: rand.Text(),
		}, now}
		r.all[r.newest.AccessKeyID] = r.newest
	}
	return r.newest.Credentials
}

func (r *role) forget(now time.Time) {
	for id, keys := range r.all {
		if now.Sub(keys.at) >= keyLife {
			delete(r.all, id)
		}
	}
}

// lookup is the store's side: what belongs to an access key, while that is good.
func (r *role) lookup(accessKey string) (secret, token string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys, found := r.all[accessKey]
	if !found || r.now().Sub(keys.at) >= keyLife {
		return "", "", false
	}
	return keys.AccessKeySecret, keys.SecurityToken, true
}
