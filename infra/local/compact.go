package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
)

// compactData runs the compactor once and prints what it did. Only one process at a time may use
// the data folder. So if a local system is already running, compactData asks that system to run the
// compactor. Otherwise, compactData opens its own local cloud for the duration of the run.
func compactData(ctx context.Context, s settings, out io.Writer) error {
	release, err := lockExisting(ctx, s)
	if errors.Is(err, errInUse) {
		return postToRunning(ctx, s, "/compact", out)
	}
	if err != nil {
		return err
	}
	defer release()
	cloud, err := openCloud(s)
	if err != nil {
		return err
	}
	return errors.Join(cloud.compact(ctx, out), cloud.close(ctx))
}

const compactor = "compactor"

// compact calls the compactor and prints its report.
func (c *cloud) compact(ctx context.Context, out io.Writer) error {
	before, err := c.countSegments(ctx)
	if err != nil {
		return err
	}
	number := c.log.latest(compactor, compacted).number
	if err := c.fire(ctx, compactor); err != nil {
		return fmt.Errorf("compact (the log is %s): %w", c.log.Name(), err)
	}
	after, err := c.countSegments(ctx)
	if err != nil {
		return err
	}
	var report compact.Report
	if r, found := c.log.await(ctx, compactor, compacted, number); found {
		err = json.Unmarshal(r.Report, &report)
	}
	describe(out, report, before, after)
	return err
}

// compacted is the message of the record in which the compactor logs its report.
const compacted = "compacted"

// countSegments returns the number of objects below events/.
func (c *cloud) countSegments(ctx context.Context) (n int, err error) {
	store := objstore.WithPrefix(c.store.objects.Store(), c.store.prefix)
	for after := ""; ; {
		page, err := store.List(ctx, layout.EventsPrefix, after)
		n += len(page.Objects)
		if err != nil || !page.More {
			return n, err
		}
		after = page.Objects[len(page.Objects)-1].Key
	}
}

// describe prints what a run of the compactor did. before and after are the numbers of objects
// before and after the run.
func describe(out io.Writer, r compact.Report, before, after int) {
	fmt.Fprintf(out, "Compacted. Partitions: %d, merges: %d, objects before: %d, after: %d.\n", r.Partitions, r.Merges, before, after)
	if r.Merges == 0 && r.Finished == 0 {
		fmt.Fprintln(out, nothingToMerge)
	}
	for _, problems := range []map[string]string{r.Failed, r.Unreadable} {
		for _, key := range slices.Sorted(maps.Keys(problems)) {
			fmt.Fprintf(out, "Failed: %q: %s\n", key, problems[key])
		}
	}
	for _, partition := range r.Stuck {
		fmt.Fprintf(out, "Failed: %q: no higher level exists for the merged object\n", partition)
	}
}

const nothingToMerge = `Nothing is due for a merge. The compactor leaves an object alone for 12 minutes after its run began, because the
recorder may still add to it. During a day it merges at least four such objects, or eight merged ones, at a time. After
the day has ended, it merges all of them.`
