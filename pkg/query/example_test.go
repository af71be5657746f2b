package query_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/query"
	"devicetrace/pkg/record"
	"devicetrace/pkg/summary"
)

// This example pages through one client's events, which a record.Writer has stored.
func ExampleReader() {
	ctx := context.Background()
	store := memstore.New() // or an ossstore.Store
	morning := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	writer, err := record.New(store, record.Config{})
	if err != nil {
		log.Fatal(err)
	}
	err = writer.Append(ctx, []event.Event{
		{InstanceID: "prod", ClientID: "sensor-17", Action: event.Connect, ActionInfo: event.Accepted, Time: morning},
		{InstanceID: "prod", ClientID: "sensor-17", Action: event.Close, ActionInfo: event.NoHeart, Time: morning.Add(time.Hour)},
	})
	if err != nil {
		log.Fatal(err)
	}

	reader, err := query.New(store, query.Config{})
	if err != nil {
		log.Fatal(err)
	}
	request := query.Request{
		InstanceID: "prod", ClientID: "sensor-17",
		From: morning.Add(-time.Hour), To: morning.Add(2 * time.Hour),
		Limit: 1,
	}
	for {
		result, err := reader.Trace(ctx, request)
		if err != nil {
			log.Fatal(err)
		}
		for _, e := range result.Events {
			fmt.Println(e.Time.Format(time.TimeOnly), e.Action, e.ActionInfo)
		}
		if request.Cursor = result.NextCursor; request.Cursor == "" {
			break
		}
	}
	// Output:
	// 08:00:00 connect accepted
	// 09:00:00 close no heart
}

// This example counts the drops of all clients in an hour, by node.
func ExampleReader_Fleet() {
	ctx := context.Background()
	store := memstore.New() // or an ossstore.Store
	morning := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	writer, err := record.New(store, record.Config{})
	if err != nil {
		log.Fatal(err)
	}
	var events []event.Event
	for n := range 30 {
		events = append(events, event.Event{
			InstanceID: "prod", ClientID: event.ClientID(fmt.Sprint("sensor-", n)), Node: "edge-1",
			Action: event.Close, ActionInfo: event.NoHeart, Time: morning.Add(12 * time.Minute),
		})
	}
	if err := writer.Append(ctx, events); err != nil {
		log.Fatal(err)
	}

	reader, err := query.New(store, query.Config{})
	if err != nil {
		log.Fatal(err)
	}
	result, err := reader.Fleet(ctx, query.FleetRequest{InstanceID: "prod", From: morning, To: morning.Add(time.Hour)})
	if err != nil {
		log.Fatal(err)
	}
	for _, cell := range result.Sums.Cells {
		if cell.Kind() == summary.Drop {
			fmt.Println(cell.Minute.Time().Format("15:04"), cell.Node, cell.ActionInfo, cell.Events)
		}
	}
	fmt.Println("exact:", result.Exact)
	// Output:
	// 08:12 edge-1 no heart 30
	// exact: true
}
