package main

import (
	"fmt"
	"strings"

	"devicetrace/pkg/objstore/ossstore"
)

// openBucket returns a store for the bucket that the environment names. It reads the same
// variables as the functions and makes no request.
func openBucket(t terminal) (*ossstore.Store, error) {
	var missing []string
	optional := func(name string) string { return strings.TrimSpace(t.getenv(name)) }
	required := func(name string) string {
		value := optional(name)
		if value == "" {
			missing = append(missing, name)
		}
		return value
	}
	credentials := &ossstore.Credentials{}
	credentials.Set(required("ALIBABA_CLOUD_ACCESS_KEY_ID"), required("ALIBABA_CLOUD_ACCESS_KEY_SECRET"), optional("ALIBABA_CLOUD_SECURITY_TOKEN"))
	config := ossstore.Config{
		Endpoint:    required("OSS_ENDPOINT"),
		Region:      required("OSS_REGION"),
		Bucket:      required("OSS_BUCKET"),
		Prefix:      optional("OSS_PREFIX"),
		Credentials: credentials,
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("open bucket: set these environment variables: %s", strings.Join(missing, ", "))
	}
	return ossstore.New(config)
}
