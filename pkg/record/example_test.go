package record_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/record"
)

// Each call to Append returns once its events are durable. Both events belong to the same
// partition, so the writer stores them in one run. Each object of the run contains all events of
// the run so far.
func ExampleWriter() {
	ctx := context.Background()
	store := memstore.New() // in production, an ossstore.Store
	writer, err := record.New(store, record.Config{})
	if err != nil {
		log.Fatal(err)
	}

	connected := event.Event{
		InstanceID: "prod", ClientID: "sensor-17",
		Action: event.Connect, ActionInfo: event.Accepted,
		Time: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
	}
	lost := connected
	lost.Action, lost.ActionInfo = event.Close, event.NoHeart
	lost.Time = connected.Time.Add(90 * time.Second)
	for _, e := range []event.Event{connected, lost} {
		if err := writer.Append(ctx, []event.Event{e}); err != nil {
			log.Fatal(err) // nothing was acknowledged: send the events again
		}
	}
	if err := writer.Close(ctx); err != nil {
		log.Print(err) // the events are durable anyway
	}

	objects, err := objstore.All(ctx, store, "events/", "")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(objects), "objects; the last one holds both events")
	// Output: 2 objects; the last one holds both events
}
