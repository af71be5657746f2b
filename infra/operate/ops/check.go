package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"devicetrace/pkg/check"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/ossstore"
)

var checkCommand = command{
	name: "check", synopsis: "[-day 2026-11-22]", summary: "read the whole bucket, or one day of it, and report violations",
	help: checkHelp, prepare: prepareCheck,
}

const checkHelp = "The exit status is 1 if there is a violation. `make check` runs the same check on the data of `make run`.\n" + `
flags:
  -day DATE   check only this UTC day

example:
  ops check -day 2026-11-22

environment (the variables of the functions):
  OSS_ENDPOINT, OSS_REGION, OSS_BUCKET, OSS_PREFIX,
  ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET, ALIBABA_CLOUD_SECURITY_TOKEN:
                     an access key that may list and read objects
`

func prepareCheck(flags *flag.FlagSet) action {
	day := dayFlag(flags, "day")
	return func(ctx context.Context, t terminal, arguments []string) error {
		if len(arguments) > 0 {
			return errUsage(fmt.Sprintf("unexpected argument %q", arguments[0]))
		}
		return runCheck(ctx, t, layout.Day(day.String()))
	}
}

// runCheck checks the bucket that the environment names. An empty day means all days.
func runCheck(ctx context.Context, t terminal, day layout.Day) error {
	bucket, err := openBucket(t)
	if err != nil {
		return err
	}
	store := objstore.Retrying(bucket, objstore.RetryPolicy{})
	report, err := check.Bucket(ctx, store, check.Options{Day: day, Progress: func(r check.Report) {
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
