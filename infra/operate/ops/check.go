package main

import (
	"context"
	"fmt"

	"devicetrace/pkg/check"
	"devicetrace/pkg/layout"
)

func runCheck(ctx context.Context, t terminal, a arguments) error {
	if len(a.ids) > 0 {
		return a.wrong(fmt.Sprintf("unexpected argument %q", a.ids[0]))
	}
	store, err := openBucket(t)
	if err != nil {
		return err
	}
	report, err := check.Bucket(ctx, store, check.Options{Day: layout.Day(a.day), Progress: func(r check.Report) {
		fmt.Fprintf(t.stderr, "checked %s, %s, %s\n", count(r.Partitions, "partition"), count(r.Objects, "object"), count(r.Rows, "row"))
	}})
	if err != nil {
		return err
	}
	if err := report.WriteText(t.stdout); err != nil {
		return err
	}
	return report.Err()
}
