package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"devicetrace/infra/local/fc"
	"devicetrace/infra/local/oss"
	"devicetrace/infra/local/syaml"
)

// expiryPeriod is how often the bucket's lifecycle rules are applied; the service
// does it once a day.
const expiryPeriod = time.Hour

// store is the stand-in for OSS, on a free port.
type store struct {
	bucket   *oss.Server
	faults   *faults
	server   *http.Server
	endpoint string
	expiry   context.CancelFunc
	function syaml.Function
	keys     *role
}

// access is how the bucket is reached, with keys that are good for a while.
type access struct {
	Endpoint, Region, Bucket, Prefix string
	Keys                             fc.Credentials
}

func (s *store) access() access {
	environment := s.function.Environment
	return access{s.endpoint, environment["OSS_REGION"], environment["OSS_BUCKET"], prefixOf(s.function), s.keys.credentials()}
}

// prefixOf is what a function reads of OSS_PREFIX.
func prefixOf(function syaml.Function) string {
	return strings.TrimSpace(function.Environment["OSS_PREFIX"])
}

// openStore serves the bucket of the functions in its region, with the lifecycle
// rules that a deployed bucket has.
func openStore(s settings, function syaml.Function, keys *role) (*store, error) {
	region, name := function.Environment["OSS_REGION"], function.Environment["OSS_BUCKET"]
	f := &faults{}
	bucket, err := oss.Open(oss.Config{
		Dir: s.data("oss"), Bucket: name, Region: region, Credentials: keys.lookup, Delay: f.pause, Log: slog.Default(),
	})
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if err := setLifecycle(bucket, prefixOf(function)); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	f.bucket = bucket
	st := &store{
		bucket: bucket, faults: f, server: &http.Server{Handler: f}, endpoint: "http://" + listener.Addr().String(),
		expiry: func() {}, function: function, keys: keys,
	}
	go st.server.Serve(listener)
	return st, nil
}

// setLifecycle gives the bucket the rules of a deployed one, below the prefix.
func setLifecycle(bucket *oss.Server, prefix string) error {
	rules, err := os.ReadFile(filepath.Join("infra", "operate", "bucket", "lifecycle.xml"))
	if err == nil {
		err = bucket.SetLifecycle(bytes.ReplaceAll(rules, []byte("<Prefix>"), []byte("<Prefix>"+prefix)))
	}
	if err != nil {
		return fmt.Errorf("set lifecycle rules: %w", err)
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
