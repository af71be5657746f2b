package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/query"
	"devicetrace/pkg/traceapi"
)

// queryBucket serves the HTTP API in this process, from the bucket that the environment names. It gives
// the same responses as a query function.
type queryBucket struct {
	handler http.Handler
	token   string // a random token, which is never sent anywhere
	base    string // the scheme and the host of links; if empty, links begin with a slash
}

// attemptTimeout is the time limit of one attempt at a request to the bucket.
const attemptTimeout = 4 * time.Second

// newQueryBucket reads the same environment variables as the query function. It makes no request.
func newQueryBucket(t terminal) (queryBucket, error) {
	bucket, err := openBucket(t)
	if err != nil {
		return queryBucket{}, err
	}
	shards, retention, err := bucketSettings(t)
	if err != nil {
		return queryBucket{}, err
	}
	base, err := linkBase(t)
	if err != nil {
		return queryBucket{}, err
	}
	store := objstore.Retrying(bucket, objstore.RetryPolicy{AttemptTimeout: attemptTimeout})
	return newLocalAPI(store, shards, retention, base)
}

// linkBase returns the scheme and the host of DEVICE_TRACE_URL, or "" if the variable is empty.
func linkBase(t terminal) (string, error) {
	if t.getenv("DEVICE_TRACE_URL") == "" {
		return "", nil
	}
	base, err := serverURL(t)
	if err != nil {
		return "", err
	}
	target, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	return target.Scheme + "://" + target.Host, nil
}

func newLocalAPI(store query.Store, shards int, retention time.Duration, base string) (q queryBucket, err error) {
	reader, err := query.New(store, query.Config{Shards: shards})
	if err != nil {
		return q, err
	}
	q = queryBucket{token: rand.Text(), base: base}
	config := traceapi.Config{Reader: reader, Retention: retention}
	if err := config.Tokens.Add(q.token); err != nil {
		return q, err
	}
	q.handler, err = traceapi.New(config)
	return q, err
}

// bucketSettings returns the values of SHARDS and RETENTION_DAYS, by default 16 and 30.
func bucketSettings(t terminal) (shards int, retention time.Duration, err error) {
	shards, err = strconv.Atoi(strings.TrimSpace(t.env("SHARDS", "16")))
	if err != nil || (layout.Layout{Shards: shards}).Validate() != nil {
		return 0, 0, errUsage(fmt.Sprintf("SHARDS is %q; it must be 16, 256 or 4096", t.getenv("SHARDS")))
	}
	days, err := strconv.Atoi(strings.TrimSpace(t.env("RETENTION_DAYS", "30")))
	if err != nil || days < 1 || days > 36_500 {
		return 0, 0, errUsage(fmt.Sprintf("RETENTION_DAYS is %q; it must be a whole number from 1 to 36500", t.getenv("RETENTION_DAYS")))
	}
	return shards, time.Duration(days) * 24 * time.Hour, nil
}

// ask implements asker.
func (q queryBucket) ask(ctx context.Context, path string, parameters url.Values) (reply, error) {
	request, err := newRequest(ctx, http.MethodGet, q.base, path+"?"+parameters.Encode(), q.token)
	if err != nil {
		return reply{}, err
	}
	w := kept{header: http.Header{}, status: http.StatusOK}
	q.handler.ServeHTTP(&w, request)
	return reply{status: w.status, header: w.header, body: w.body.Bytes()}, ctx.Err()
}

// refused implements asker.
func (q queryBucket) refused(r reply, _ string) error {
	refused := r.problem()
	switch {
	case refused.Code == "StoreForbidden": // the API's sentence is about the function's role
		return errors.New("OSS refuses this access key: check OSS_BUCKET and ALIBABA_CLOUD_…, and that the key may list and read objects (the line above shows OSS's response)")
	case r.status == http.StatusServiceUnavailable:
		return fmt.Errorf("%s (the line above shows the cause)", clean(refused.Text))
	default:
		return errors.New(clean(refused.Text))
	}
}

// kept holds a response in memory. It implements http.ResponseWriter.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *kept) Header() http.Header               { return k.header }
func (k *kept) WriteHeader(status int)            { k.status = status }
func (k *kept) Write(content []byte) (int, error) { return k.body.Write(content) }
