package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"devicetrace/infra/local/oss"
	"devicetrace/infra/local/syaml"
)

// expiryPeriod is the interval at which the stand-in applies the bucket's lifecycle rules. OSS
// itself applies lifecycle rules only once a day.
const expiryPeriod = time.Hour

// lifecycleRules is the path of the file that holds the lifecycle rules of a deployed
// bucket.
const lifecycleRules = "infra/operate/bucket/lifecycle.xml"

// store is the OSS stand-in, served on a free port.
type store struct {
	endpoint string
	prefix   string // the prefix of all keys that the functions use
	server   *http.Server
	objects  *oss.Server
	faults   *faults
	expiry   context.CancelFunc
}

// openStore serves the bucket that the given function uses. The bucket has the lifecycle
// rules of a deployed bucket.
func openStore(s settings, function syaml.Function, keys *role) (*store, error) {
	st := &store{prefix: prefixOf(function), faults: &faults{}, expiry: func() {}}
	var prefix strings.Builder
	_ = xml.EscapeText(&prefix, []byte(st.prefix)) // a strings.Builder never returns an error
	rules, err := os.ReadFile(lifecycleRules)
	if err != nil {
		return nil, fmt.Errorf("read lifecycle rules: %w", err)
	}
	st.objects, err = oss.Open(oss.Config{
		Dir: s.data("oss"), Bucket: function.Environment["OSS_BUCKET"], Region: function.Environment["OSS_REGION"],
		Credentials: keys.lookup, Delay: st.faults.pause, Age: st.faults.age, Log: slog.Default(),
		Lifecycle: bytes.ReplaceAll(rules, []byte("<Prefix>"), []byte("<Prefix>"+prefix.String())),
	})
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	st.faults.bucket = st.objects
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	st.endpoint, st.server = "http://"+listener.Addr().String(), &http.Server{Handler: st.faults}
	go st.server.Serve(listener)
	return st, nil
}

// prefixOf returns a function's OSS_PREFIX without surrounding spaces, as the function
// itself reads it.
func prefixOf(function syaml.Function) string {
	return strings.TrimSpace(function.Environment["OSS_PREFIX"])
}

// startExpiry starts a goroutine that applies the lifecycle rules now and once every
// expiryPeriod.
func (s *store) startExpiry() {
	ctx, cancel := context.WithCancel(context.Background())
	s.expiry = cancel
	go func() {
		for {
			if _, err := s.objects.Expire(time.Now()); err != nil {
				slog.Error("expire objects", "error", err)
			}
			select {
			case <-time.After(expiryPeriod):
			case <-ctx.Done():
				return
			}
		}
	}()
}

// close stops the store. It must not be called before the functions have exited, because it would
// cut off their requests.
func (s *store) close() {
	s.expiry()
	s.server.Close()
}
