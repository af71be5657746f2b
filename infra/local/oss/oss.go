// Package oss stands in for one bucket of Alibaba Cloud OSS. It keeps the objects on local disk and
// serves the vendor's SDK over HTTP.
//
// It is as strict as OSS and gives the same guarantees:
//
//   - It checks signatures of version 4, and refuses a body that arrives damaged or cut short.
//   - Readers see an object whole or not at all.
//   - A put that has succeeded survives a crash.
//   - Listings are sorted and reflect every completed call.
//
// It implements the requests that package ossstore sends: PutObject, GetObject,
// DeleteMultipleObjects, ListObjectsV2 and GetBucketWorm. It refuses any request that it does not
// implement completely. The path of a request must begin with the bucket. Content types and user
// metadata are not stored.
package oss

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// Config describes the bucket.
type Config struct {
	// Dir is the folder for the objects. Each object is a file below Dir/objects. At most one
	// Server or Store can use Dir at a time.
	Dir string
	// Bucket is the bucket's name.
	Bucket string
	// Region is the region that signatures must name, such as "cn-hangzhou".
	Region string
	// Credentials looks up an access key. The token is empty for a permanent key. ok is false if
	// the key is unknown or has expired.
	Credentials func(accessKey string) (secret, token string, ok bool)

	// Lifecycle holds the bucket's lifecycle rules in the XML format of PutBucketLifecycle.
	// Default: none.
	Lifecycle []byte
	// RetentionDays is the number of days for which a retention policy (WORM) protects each object
	// after its last put. Default: there is no retention policy.
	RetentionDays int
	// Delay returns how long to delay the next request. Default: no delay.
	Delay func() time.Duration
	// Age returns the time that listings add to the age of each object. Default: zero.
	Age func() time.Duration
	// Now returns the current time, which is stored with new objects and compared with the dates of
	// requests. Default: time.Now.
	Now func() time.Time
	// Log receives the server's internal errors. Default: discarded.
	Log *slog.Logger
}

// Server serves the bucket. It starts nothing in the background and is safe for concurrent use. Do
// not put it behind an http.ServeMux, which would clean the keys as if they were paths.
type Server struct {
	cfg       Config
	objects   *disk
	lifecycle []rule
}

var _ http.Handler = (*Server)(nil)

// Open finds the objects in the folder and removes files that a crash left unfinished.
func Open(cfg Config) (*Server, error) {
	var rules []rule
	if cfg.Lifecycle != nil {
		var err error
		if rules, err = parseLifecycle(cfg.Lifecycle); err != nil {
			return nil, fmt.Errorf("parse lifecycle rules: %w", err)
		}
	}
	objects, err := openDisk(cfg.Dir)
	if err != nil {
		return nil, err
	}
	return &Server{cfg.withDefaults(), objects, rules}, nil
}

// SetMaxBytes limits the total size of all objects to n bytes. A put that would exceed the limit
// fails as if the disk were full. Zero, the default, means no limit. SetMaxBytes can be called
// while requests are served.
func (s *Server) SetMaxBytes(n int64) { s.objects.maxBytes.Store(max(n, 0)) }

func (c Config) withDefaults() Config {
	if c.Delay == nil {
		c.Delay = func() time.Duration { return 0 }
	}
	if c.Age == nil {
		c.Age = func() time.Duration { return 0 }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
