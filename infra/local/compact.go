package main

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// compact runs the compactor once. Only one process at a time may use the data folder. So if a
// local system is already running, compact asks that system to run the compactor. Otherwise,
// compact opens its own local cloud for the duration of the run.
func compact(ctx context.Context, s settings, out io.Writer) error {
	release, err := lockData(s)
	if errors.Is(err, errInUse) {
		err = fireInRunning(ctx, s, "compactor")
	} else if err == nil {
		defer release()
		err = compactAlone(ctx, s)
	}
	if err == nil {
		fmt.Fprintf(out, "Compacted. The report is in %s.\n", s.data("functions.log"))
	}
	return err
}

func compactAlone(ctx context.Context, s settings) error {
	cloud, err := openCloud(s)
	if err != nil {
		return err
	}
	return errors.Join(cloud.fire(ctx, "compactor"), cloud.close(ctx))
}
