package env

import (
	"time"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/ossstore"
)

// Bucket is the OSS bucket that a function works on.
type Bucket struct {
	// Store tries again where that can help.
	Store objstore.Store
	// Credentials takes the role's keys of an invocation.
	Credentials func(id, secret, token string)
}

// AttemptTimeout is the longest that one try of a request for a small object may take. A
// process that was frozen may find its connection dead without being told: a call's
// time, 15 seconds, must be enough for another try.
const AttemptTimeout = 4 * time.Second

// Bucket opens the bucket that OSS_ENDPOINT, OSS_REGION, OSS_BUCKET and, below
// that, OSS_PREFIX name. Its first keys are the ones that the platform puts into
// the environment (ALIBABA_CLOUD_ACCESS_KEY_ID and so on), where there are any.
// A request that takes longer than attempt is tried again; 0 is no limit. It makes no
// request. The result is useless where Err is not nil afterwards.
func (r *Reader) Bucket(attempt time.Duration) Bucket {
	credentials := &ossstore.Credentials{}
	if id := r.Optional("ALIBABA_CLOUD_ACCESS_KEY_ID"); id != "" {
		credentials.Set(id, r.Optional("ALIBABA_CLOUD_ACCESS_KEY_SECRET"), r.Optional("ALIBABA_CLOUD_SECURITY_TOKEN"))
	}
	config := ossstore.Config{
		Endpoint:    r.Required("OSS_ENDPOINT"),
		Region:      r.Required("OSS_REGION"),
		Bucket:      r.Required("OSS_BUCKET"),
		Prefix:      r.Optional("OSS_PREFIX"),
		Credentials: credentials,
	}
	if r.Err() != nil {
		return Bucket{}
	}
	store, err := ossstore.New(config)
	if err != nil {
		r.faults = append(r.faults, err)
		return Bucket{}
	}
	return Bucket{Store: objstore.Retrying(store, objstore.RetryPolicy{AttemptTimeout: attempt}), Credentials: credentials.Set}
}
