// Package oss stands in for one bucket of Alibaba Cloud OSS on local disk, spoken
// to by the vendor's SDK over HTTP.
//
// It is strict where the service is: version 4 signatures are checked for real, a
// body that arrives damaged or cut short is refused, an object is visible whole or
// not at all, what was acknowledged survives a crash, listings are sorted and reflect
// every completed call. What it does not know it refuses, it never pretends.
//
// It knows PutObject, GetObject, HeadObject, DeleteObject, DeleteMultipleObjects,
// ListObjectsV2 and the bucket's lifecycle. It does not keep content types and user
// metadata, and has neither multipart uploads nor versions.
package oss

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"
)

// Config says what to serve.
type Config struct {
	// Dir holds the objects, one file each below its folder objects. One Server at
	// a time may use it.
	Dir string
	// Bucket is the only bucket there is.
	Bucket string
	// Region is what signatures have to name: "cn-hangzhou".
	Region string
	// Credentials looks up an access key. The token is empty for one that is not
	// temporary. Not ok: there is no such key, or it has expired.
	Credentials func(accessKey string) (secret, token string, ok bool)

	// MaxBytes is how much the disk holds: a put past it is answered as by a full
	// disk. Zero: no limit but the disk's own.
	MaxBytes int64
	// Delay holds back the answer to each request. Default none.
	Delay func() time.Duration
	// Now dates objects and judges signatures. Default time.Now.
	Now func() time.Time
	// Log hears of faults of the server itself. Default none.
	Log *slog.Logger
}

// Validate names the field that cannot be.
func (c Config) Validate() error {
	switch {
	case c.Dir == "":
		return errors.New("check Dir: it is empty")
	case c.Bucket == "":
		return errors.New("check Bucket: it is empty")
	case c.Region == "":
		return errors.New("check Region: it is empty")
	case c.Credentials == nil:
		return errors.New("check Credentials: there are none")
	case c.MaxBytes < 0:
		return fmt.Errorf("check MaxBytes %d: it is negative", c.MaxBytes)
	}
	return nil
}

// Server is the bucket: an http.Handler for requests in path style (the bucket
// first in the path) and in virtual host style. It starts nothing in the background.
// It must not stand behind an http.ServeMux, which would tidy the keys.
type Server struct {
	cfg       Config
	objects   *disk
	lifecycle *lifecycle
}

var _ http.Handler = (*Server)(nil)

// Open finds the objects that are in the folder and clears away what a crash left
// of others.
func Open(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	objects, err := openDisk(cfg.Dir, cfg.MaxBytes)
	if err != nil {
		return nil, err
	}
	rules, err := openLifecycle(filepath.Join(cfg.Dir, "lifecycle.xml"))
	if err != nil {
		return nil, err
	}
	return &Server{cfg: cfg, objects: objects, lifecycle: rules}, nil
}

// SetMaxBytes changes Config.MaxBytes while requests are served. What is there stays.
func (s *Server) SetMaxBytes(n int64) { s.objects.limit.Store(max(n, 0)) }

func (c Config) withDefaults() Config {
	if c.Delay == nil {
		c.Delay = func() time.Duration { return 0 }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
