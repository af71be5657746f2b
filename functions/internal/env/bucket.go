package env

import (
	"time"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/ossstore"
)

// Bucket is the OSS bucket that a function works on.
type Bucket struct {
	// Store retries failed requests.
	Store objstore.Store
	// Credentials replaces the credentials of Store, because each invocation may bring new
	// ones.
	Credentials func(id, secret, token string)
}

// AttemptTimeout limits one attempt of a request for a small object. After the platform has
// frozen a process, a connection may be dead without an error, and an attempt on it would wait
// in vain. An invocation may take up to 15 seconds, so this limit leaves time for another
// attempt.
const AttemptTimeout = 4 * time.Second

// Bucket returns the bucket that OSS_ENDPOINT, OSS_REGION, OSS_BUCKET and OSS_PREFIX name. Its
// initial credentials come from the environment (ALIBABA_CLOUD_ACCESS_KEY_ID and so on), if
// they are set there. An attempt of a request that takes longer than attemptTimeout is
// retried; 0 means no limit. Bucket makes no request. The result is usable only if Err returns
// nil afterwards.
func (r *Reader) Bucket(attemptTimeout time.Duration) Bucket {
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
		r.errs = append(r.errs, err)
		return Bucket{}
	}
	return Bucket{Store: objstore.Retrying(store, objstore.RetryPolicy{AttemptTimeout: attemptTimeout}), Credentials: credentials.Set}
}
