package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	sdk "github.com/aliyun/aliyun-oss-go-sdk/oss"

	"devicetrace/infra/local/oss"
	"devicetrace/infra/local/syaml"
)

// expiryPeriod is how often the bucket's lifecycle rules are applied; the service
// does it once a day.
const expiryPeriod = time.Hour

// store is the stand-in for OSS, on a free port.
type store struct {
	bucket   *oss.Server
	server   *http.Server
	endpoint string
	expiry   context.CancelFunc
}

// openStore serves the bucket of the functions in its region, with the lifecycle
// rules that a deployed bucket has.
func openStore(s settings, function syaml.Function, keys *role) (*store, error) {
	region, name := function.Environment["OSS_REGION"], function.Environment["OSS_BUCKET"]
	bucket, err := oss.Open(oss.Config{
		Dir: s.data("oss"), Bucket: name, Region: region, Credentials: keys.lookup, Log: slog.Default(),
	})
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	st := &store{bucket: bucket, server: &http.Server{Handler: bucket}, endpoint: "http://" + listener.Addr().String()}
	go st.server.Serve(listener)
	if err := putLifecycle(st.endpoint, region, name, keys); err != nil {
		st.server.Close()
		return nil, err
	}
	st.startExpiry()
	return st, nil
}

// putLifecycle sets the rules as a deployment does.
func putLifecycle(endpoint, region, bucket string, keys *role) error {
	rules, err := os.ReadFile(filepath.Join("infra", "bucket", "lifecycle.xml"))
	if err != nil {
		return fmt.Errorf("read lifecycle rules: %w", err)
	}
	now := keys.credentials()
	client, err := sdk.New(endpoint, now.AccessKeyID, now.AccessKeySecret,
		sdk.SecurityToken(now.SecurityToken), sdk.AuthVersion(sdk.AuthV4), sdk.Region(region))
	if err == nil {
		err = client.SetBucketLifecycleXml(bucket, string(rules))
	}
	if err != nil {
		return fmt.Errorf("put lifecycle rules: %w", err)
	}
	return nil
}

// startExpiry applies the lifecycle rules now and then.
func (s *store) startExpiry() {
	ctx, cancel := context.WithCancel(context.Background())
	s.expiry = cancel
	go func() {
		ticker := time.NewTicker(expiryPeriod)
		defer ticker.Stop()
		for {
			if _, err := s.bucket.Expire(time.Now()); err != nil {
				slog.Error("expire objects", "error", err)
			}
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
		}
	}()
}

// close comes after the end of the functions: nobody has a request under way.
func (s *store) close() {
	s.expiry()
	s.server.Close()
}
