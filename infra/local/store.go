package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"devicetrace/infra/local/fc"
	"devicetrace/infra/local/oss"
	"devicetrace/infra/local/syaml"
)

// expiryPeriod is the pause between applications of the bucket's lifecycle rules. OSS
// applies them once a day.
const expiryPeriod = time.Hour

// lifecycleRules is the file with the rules of a deployed bucket.
const lifecycleRules = "infra/operate/bucket/lifecycle.xml"

// store is the stand-in for OSS, on a free port.
type store struct {
	endpoint               string
	region, bucket, prefix string
	server                 *http.Server
	objects                *oss.Server
	faults                 *faults
	keys                   *role
	expiry                 context.CancelFunc
}

// access says where the bucket is and holds temporary keys for it.
type access struct {
	Endpoint, Region, Bucket, Prefix string
	Keys                             fc.Credentials
}

func (s *store) access() access {
	return access{s.endpoint, s.region, s.bucket, s.prefix, s.keys.credentials()}
}

// openStore serves the bucket that the function uses, with the lifecycle rules of a
// deployed bucket.
func openStore(s settings, function syaml.Function, keys *role) (*store, error) {
	st := &store{
		region: function.Environment["OSS_REGION"],
		bucket: function.Environment["OSS_BUCKET"],
		prefix: strings.TrimSpace(function.Environment["OSS_PREFIX"]), // as the functions read it
		faults: &faults{}, keys: keys, expiry: func() {},
	}
	if err := st.openBucket(s.data("oss")); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	st.endpoint, st.server = "http://"+listener.Addr().String(), &http.Server{Handler: st.faults}
	go st.server.Serve(listener)
	return st, nil
}

func (s *store) openBucket(folder string) error {
	rules, err := os.ReadFile(lifecycleRules)
	if err != nil {
		return fmt.Errorf("read lifecycle rules: %w", err)
	}
	s.objects, err = oss.Open(oss.Config{
		Dir: folder, Bucket: s.bucket, Region: s.region, Credentials: s.keys.lookup, Delay: s.faults.pause, Log: slog.Default(),
		Lifecycle: bytes.ReplaceAll(rules, []byte("<Prefix>"), []byte("<Prefix>"+s.prefix)),
	})
	s.faults.bucket = s.objects
	return err
}

// startExpiry applies the lifecycle rules now and once every expiryPeriod.
func (s *store) startExpiry() {
	ctx, cancel := context.WithCancel(context.Background())
	s.expiry = cancel
	go func() {
		ticker := time.NewTicker(expiryPeriod)
		defer ticker.Stop()
		for {
			if _, err := s.objects.Expire(time.Now()); err != nil {
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

// close must be called after the functions have ended, so that no request is cut off.
func (s *store) close() {
	s.expiry()
	s.server.Close()
}
