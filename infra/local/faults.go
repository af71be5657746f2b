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

// faults serves the bucket and lets the soak test inject faults while the system runs.
// Initially there are no faults.
type faults struct {
	bucket *oss.Server
	down   atomic.Bool
	delay  atomic.Int64 // the delay before each response, in ns
	aged   atomic.Int64 // the time that listings add to each object's age, in ns
}

// ServeHTTP serves the bucket. While the bucket is down, it closes connections without a
// response, even if it has just carried out the request.
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

func (f *faults) age() time.Duration { return time.Duration(f.aged.Load()) }

// serveSet activates the faults in the URL's query and deactivates all others. Examples of faults
// are down=true, delay=200ms, max_bytes=1000 (the capacity of the disk) and age=1h (listings show
// each object an hour older than it is).
func (f *faults) serveSet(w http.ResponseWriter, r *http.Request) {
	if err := f.set(r.URL.Query()); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (f *faults) set(query url.Values) (err error) {
	var down bool
	var delay, age time.Duration
	var maxBytes int64
	for name, values := range query {
		switch value := values[0]; name {
		case "down":
			down, err = strconv.ParseBool(value)
		case "delay":
			delay, err = time.ParseDuration(value)
		case "age":
			age, err = time.ParseDuration(value)
		case "max_bytes":
			maxBytes, err = strconv.ParseInt(value, 10, 64)
		default:
			err = fmt.Errorf("fault %q is not known; use down, delay, age or max_bytes", name)
		}
		if err != nil {
			return err
		}
	}
	f.down.Store(down)
	f.delay.Store(int64(delay))
	f.aged.Store(int64(age))
	f.bucket.SetMaxBytes(maxBytes)
	return nil
}
