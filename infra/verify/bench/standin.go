package main

import (
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"devicetrace/infra/local/oss"
)

// The region and name of the stand-in's bucket, and the bucket's access key.
const (
	ossRegion = "cn-hangzhou"
	ossBucket = "bench"
	ossKey    = "bench"
	ossSecret = "secret"
)

// standIn is a server that stands in for OSS. It listens on a free port of this machine.
type standIn struct {
	endpoint string
	server   *http.Server
}

// serveBucket serves the bucket in the folder dir. If delay is not nil, each response is delayed by
// the duration that delay() returns.
func serveBucket(dir string, delay func() time.Duration) (*standIn, error) {
	handler, err := oss.Open(oss.Config{
		Dir: dir, Bucket: ossBucket, Region: ossRegion, Delay: delay,
		Credentials: func(key string) (string, string, bool) { return ossSecret, "", key == ossKey },
	})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &standIn{endpoint: "http://" + listener.Addr().String(), server: &http.Server{Handler: handler}}
	go func() { _ = s.server.Serve(listener) }()
	return s, nil
}

func (s *standIn) close() { _ = s.server.Close() }

// environment returns the environment variables that make a function use the bucket.
func (s *standIn) environment() []string {
	return []string{
		"OSS_ENDPOINT=" + s.endpoint, "OSS_REGION=" + ossRegion, "OSS_BUCKET=" + ossBucket,
		"ALIBABA_CLOUD_ACCESS_KEY_ID=" + ossKey, "ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + ossSecret,
	}
}

// The durations of requests to OSS from within its region are assumed to follow a log-normal
// distribution with this median and 99th percentile.
const (
	ossMedian = 12 * time.Millisecond
	ossSlow   = 40 * time.Millisecond
)

// likeOSS returns a random duration for one request, with the distribution that is assumed for OSS.
func likeOSS() time.Duration {
	return time.Duration(float64(ossMedian) * math.Exp(ossSpread()*rand.NormFloat64()))
}

// ossSpread returns the standard deviation of the logarithm of the assumed request durations.
func ossSpread() float64 {
	const ninetyNinth = 2.3263 // 99th percentile of the standard normal distribution
	return math.Log(float64(ossSlow)/float64(ossMedian)) / ninetyNinth
}

// evenDelays returns a function like likeOSS whose results vary less: each block of a thousand
// results consists of 1,000 equally likely durations in random order. Percentiles of a few thousand
// requests therefore vary less from run to run. The function is safe for concurrent use.
func evenDelays() func() time.Duration {
	const n = 1000
	var mu sync.Mutex
	var left []int
	return func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		if len(left) == 0 {
			left = rand.Perm(n)
		}
		quantile := (float64(left[0]) + 0.5) / n
		left = left[1:]
		return time.Duration(float64(ossMedian) * math.Exp(ossSpread()*math.Sqrt2*math.Erfinv(2*quantile-1)))
	}
}
