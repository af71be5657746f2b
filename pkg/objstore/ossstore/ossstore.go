// Package ossstore is an object store in a bucket of Alibaba Cloud OSS. No other package of the
// product imports the vendor's SDK.
//
// Each call makes one request and never repeats it. To repeat failed calls, wrap the store in
// objstore.Retrying. Requests carry version 4 signatures. Each put sends the length and MD5 of its
// body, so that the service refuses a damaged body. A read returns an error unless the response is
// exactly the requested range.
package ossstore

import (
	"cmp"
	"fmt"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"devicetrace/pkg/objstore"
)

// Store is a bucket, or the objects under one prefix of a bucket. It is safe for concurrent
// use. A process should share one Store, because a Store keeps a pool of connections.
type Store struct {
	objstore.Store
	name string
	sdk  *oss.Bucket
}

var _ objstore.Store = (*Store)(nil)

// New opens a bucket without making a request. If the bucket does not exist, the first call
// fails.
func New(cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	client, err := oss.New(cfg.endpoint(), "", "",
		oss.AuthVersion(oss.AuthV4),
		oss.Region(cfg.Region),
		oss.SetCredentialsProvider(provider{cfg.Credentials}),
		oss.HTTPClient(newClient(cmp.Or(cfg.IOTimeout, defaultIOTimeout))),
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
		sdk:   opened,
	}, nil
}

// String returns the bucket and prefix as oss://bucket/prefix.
func (s *Store) String() string { return s.name }

// bucket is a whole bucket, without a prefix. Its methods are in put.go, read.go, list.go and
// delete.go.
type bucket struct{ sdk *oss.Bucket }
