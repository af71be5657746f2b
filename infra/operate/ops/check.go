package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"devicetrace/pkg/check"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/ossstore"
)

var checkCommand = command{
	name:  "check",
	usage: []string{"[-day 2026-11-22]               re-read the bucket, and prove that nothing in it is wrong"},
	run:   runCheck,
}

func runCheck(ctx context.Context, c console, arguments []string) error {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run tells the fault
	day := flags.String("day", "", "")
	if err := flags.Parse(arguments); err != nil {
		return errUsage("check: " + err.Error())
	}
	if *day != "" && layout.Day(*day).Start().IsZero() || flags.NArg() > 0 {
		return errUsage("check: want -day 2026-11-22, or nothing")
	}
	store, err := openBucket(c)
	if err != nil {
		return err
	}
	report, err := check.Bucket(ctx, store, check.Options{Day: layout.Day(*day), Progress: func(r check.Report) {
		fmt.Fprintf(c.err, "%d partitions, %d objects, %d rows\n", r.Partitions, r.Objects, r.Rows)
	}})
	if err != nil {
		return err
	}
	if err := report.WriteText(c.out); err != nil {
		return err
	}
	return report.Err()
}

// openBucket opens the bucket that the functions' own variables name. It makes no request.
func openBucket(c console) (objstore.Store, error) {
	var missing []string
	required := func(name string) string {
		value := strings.TrimSpace(c.getenv(name))
		if value == "" {
			missing = append(missing, name)
		}
		return value
	}
	credentials := &ossstore.Credentials{}
	credentials.Set(required("ALIBABA_CLOUD_ACCESS_KEY_ID"), required("ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
		strings.TrimSpace(c.getenv("ALIBABA_CLOUD_SECURITY_TOKEN")))
	config := ossstore.Config{
		Endpoint:    required("OSS_ENDPOINT"),
		Region:      required("OSS_REGION"),
		Bucket:      required("OSS_BUCKET"),
		Prefix:      strings.TrimSpace(c.getenv("OSS_PREFIX")),
		Credentials: credentials,
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("open bucket: not set: %s", strings.Join(missing, ", "))
	}
	store, err := ossstore.New(config)
	if err != nil {
		return nil, err
	}
	return objstore.Retrying(store, objstore.RetryPolicy{}), nil
}
