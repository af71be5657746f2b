package main

import (
	"context"
	"errors"
	"fmt"

	"devicetrace/pkg/check"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/ossstore"
)

func runCheck(ctx context.Context, t terminal, a arguments) error {
	if len(a.ids) > 0 {
		return a.wrong(fmt.Sprintf("unexpected argument %q", a.ids[0]))
	}
	bucket, err := openBucket(t)
	if err != nil {
		return err
	}
	store := objstore.Retrying(bucket, objstore.RetryPolicy{})
	report, err := check.Bucket(ctx, store, check.Options{Day: layout.Day(a.day), Progress: func(r check.Report) {
		fmt.Fprintf(t.stderr, "checked %s, %s, %s\n", count(r.Partitions, "partition"), count(r.Objects, "object"), count(r.Rows, "row"))
	}})
	if err != nil {
		return report.Conclude(t.stdout, err)
	}
	return errors.Join(report.Conclude(t.stdout, nil), checkRetention(ctx, t, bucket))
}

// checkRetention returns an error if the bucket has a retention policy (WORM). If the policy cannot
// be read, checkRetention only prints the reason, because the user may lack the permission
// oss:GetBucketWorm. Nothing else requires this permission.
func checkRetention(ctx context.Context, t terminal, bucket *ossstore.Store) error {
	remedy := "The policy is not locked yet: delete it"
	retention, err := bucket.Retention(ctx)
	switch {
	case err != nil:
		fmt.Fprintf(t.stderr, "could not check whether the bucket has a retention policy (the check requires the permission oss:GetBucketWorm): %v\n", err)
		return nil
	case retention.Days == 0:
		return nil
	case retention.Locked:
		remedy = "Move to another bucket"
	}
	return fmt.Errorf("the bucket has a retention policy (WORM) of %s, which Device Trace does not support: "+
		"superseded objects cannot be deleted, so they pile up, and queries get slower and more expensive. %s",
		count(retention.Days, "day"), remedy)
}
