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
	// Credentials replaces the credentials that Store uses. It exists because each invocation may
	// bring new credentials.
	Credentials func(id, secret, token string)
}

// AttemptTimeout is the time limit for each attempt at a request that transfers few bytes. An
// attempt at a longer transfer gets more time; see objstore.RetryPolicy. Without a limit, an
// attempt could hang forever, for example if its connection dies unnoticed while the platform has
// frozen the process. An invocation may take up to 15 seconds, so this limit leaves time for
// another attempt.
const AttemptTimeout = 4 * time.Second

// Bucket returns the bucket named by OSS_ENDPOINT, OSS_REGION, OSS_BUCKET and OSS_PREFIX. It makes
// no request. The caller must then call Err, and may use the bucket only if Err returns nil.
//
// If ALIBABA_CLOUD_ACCESS_KEY_ID is set, the initial credentials come from this variable,
// ALIBABA_CLOUD_ACCESS_KEY_SECRET and ALIBABA_CLOUD_SECURITY_TOKEN.
//
// Each attempt at a request may take attemptTimeout plus the time to transfer its bytes. It is then
// canceled, and the request is retried. If attemptTimeout is 0, there is no limit.
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
