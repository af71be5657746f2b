package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"devicetrace/infra/local/oss"
	"devicetrace/pkg/check"
	"devicetrace/pkg/objstore"
)

// checkData re-reads the local bucket and checks it. Only one process at a time may use the data
// folder. So if a local system is already running, checkData has that system do the check.
func checkData(ctx context.Context, s settings, out io.Writer) error {
	release, err := lockExisting(ctx, s)
	if errors.Is(err, errInUse) {
		return postToRunning(ctx, s, "/check", out)
	}
	if err != nil {
		return err
	}
	defer release()
	functions, err := s.functions()
	if err != nil {
		return err
	}
	bucket, err := oss.OpenStore(s.data("oss"))
	if err != nil {
		return err
	}
	return checkBucket(ctx, objstore.WithPrefix(bucket, prefixOf(functions[0])), out)
}

func checkBucket(ctx context.Context, store check.Store, out io.Writer) error {
	report, err := check.Bucket(ctx, store, check.Options{Progress: func(r check.Report) {
		fmt.Fprintf(out, "partitions: %d, objects: %d, rows: %d\n", r.Partitions, r.Objects, r.Rows)
	}})
	return report.Conclude(out, err)
}
