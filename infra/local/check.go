package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"devicetrace/pkg/check"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/ossstore"
)

// checkData re-reads the local bucket over the OSS API: the bucket of the running system
// while that works, or else one that it opens itself.
func checkData(ctx context.Context, s settings, out, progress io.Writer) error {
	release, err := lockData(s)
	if errors.Is(err, errInUse) {
		running, err := accessRunning(ctx, s)
		if err != nil {
			return err
		}
		return checkBucket(ctx, running, out, progress)
	}
	if err != nil {
		return err
	}
	defer release()
	functions, err := s.functions()
	if err != nil {
		return err
	}
	store, err := openStore(s, functions[0], newRole(time.Now))
	if err != nil {
		return err
	}
	defer store.close()
	return checkBucket(ctx, store.access(), out, progress)
}

func checkBucket(ctx context.Context, a access, out, progress io.Writer) error {
	store, err := a.open()
	if err != nil {
		return err
	}
	report, err := check.Bucket(ctx, store, check.Options{Progress: func(r check.Report) {
		fmt.Fprintf(progress, "%d partitions, %d objects, %d rows\n", r.Partitions, r.Objects, r.Rows)
	}})
	if err != nil {
		return err
	}
	if err := report.WriteText(out); err != nil {
		return err
	}
	return report.Err()
}

func (a access) open() (objstore.Store, error) {
	credentials := &ossstore.Credentials{}
	credentials.Set(a.Keys.AccessKeyID, a.Keys.AccessKeySecret, a.Keys.SecurityToken)
	store, err := ossstore.New(ossstore.Config{
		Endpoint: a.Endpoint, Region: a.Region, Bucket: a.Bucket, Prefix: a.Prefix, Credentials: credentials,
	})
	if err != nil {
		return nil, err
	}
	return objstore.Retrying(store, objstore.RetryPolicy{}), nil
}
