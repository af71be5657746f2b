package env

import (
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

// Bucket opens the bucket that OSS_ENDPOINT, OSS_REGION, OSS_BUCKET and, below
// that, OSS_PREFIX name. Its first keys are the ones that the platform puts into
// the environment (ALIBABA_CLOUD_ACCESS_KEY_ID and so on), where there are any.
// It makes no request. The result is useless where Err is not nil afterwards.
func (r *Reader) Bucket() Bucket {
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
	return Bucket{Store: objstore.Retrying(store, objstore.RetryPolicy{}), Credentials: credentials.Set}
}
