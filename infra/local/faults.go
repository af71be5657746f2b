package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"devicetrace/infra/local/oss"
)

// faults are what the store may be made to suffer while the system runs. They are for
// the soak; a system starts without any.
type faults struct {
	bucket *oss.Server
	down   atomic.Bool
	delay  atomic.Int64 // ns, before each answer
}

// ServeHTTP is the bucket, unless it is down: then it cuts connections without a
// word, also those whose request was just carried out.
func (f *faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.cutIfDown()
	f.bucket.ServeHTTP(w, r)
	f.cutIfDown()
}

func (f *faults) cutIfDown() {
	if f.down.Load() {
		panic(http.ErrAbortHandler)
	}
}

func (f *faults) pause() time.Duration { return time.Duration(f.delay.Load()) }

// serveSet sets all faults at once: down=true, delay=200ms, and max_bytes, past which
// the disk is full. What a request leaves out is over.
func (f *faults) serveSet(w http.ResponseWriter, r *http.Request) {
	if err := f.set(r.URL.Query()); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (f *faults) set(asked url.Values) (err error) {
	var down bool
	var delay time.Duration
	var maxBytes int64
	for name, values := range asked {
		switch value := values[0]; name {
		case "down":
			down, err = strconv.ParseBool(value)
		case "delay":
			delay, err = time.ParseDuration(value)
		case "max_bytes":
			maxBytes, err = strconv.ParseInt(value, 10, 64)
		default:
			err = fmt.Errorf("there is no fault %q", name)
		}
		if err != nil {
			return err
		}
	}
	f.down.Store(down)
	f.delay.Store(int64(delay))
	f.bucket.SetMaxBytes(maxBytes)
	return nil
}
