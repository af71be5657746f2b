// Package ossstore is an object store in a bucket of Alibaba Cloud OSS. It is the
// only package that knows the vendor's SDK.
//
// Each call is one request, never repeated here: wrap the store in
// objstore.Retrying. Requests carry version 4 signatures. A body is refused by the
// service unless it arrives with the length and MD5 that were sent with it, and an
// answer is refused here unless it is the slice that was asked for.
package ossstore

import (
	"fmt"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"devicetrace/pkg/objstore"
)

// Store is a bucket, or the part of it below a prefix. It is safe for concurrent
// use and keeps a pool of connections: one Store a process.
type Store struct {
	objstore.Store
	name string
}

var _ objstore.Store = (*Store)(nil)

// New asks the service nothing: that there is such a bucket shows with the first call.
func New(cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	client, err := oss.New(cfg.endpoint(), "", "",
		oss.AuthVersion(oss.AuthV4),
		oss.Region(cfg.Region),
		oss.SetCredentialsProvider(provider{cfg.Credentials}),
		oss.Timeout(seconds(cfg.ConnectTimeout, defaultConnectTimeout), seconds(cfg.IOTimeout, defaultIOTimeout)),
		oss.ForcePathStyle(cfg.PathStyle),
		oss.RedirectEnabled(false), // a redirected put would have lost its body
	)
	if err != nil {
		return nil, fmt.Errorf("open bucket %q: %w", cfg.Bucket, err)
	}
	opened, err := client.Bucket(cfg.Bucket)
	if err != nil {
		return nil, fmt.Errorf("open bucket %q: %w", cfg.Bucket, err)
	}
	return &Store{
		Store: objstore.WithPrefix(&bucket{opened}, cfg.Prefix),
		name:  "oss://" + cfg.Bucket + "/" + cfg.Prefix,
	}, nil
}

// String names the bucket and prefix.
func (s *Store) String() string { return s.name }

// bucket is the whole of one bucket: each ability has its file.
type bucket struct{ sdk *oss.Bucket }
