package objstore_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
)

// Retrying makes a third request after two failures. It does not retry the read of an absent
// object, because a retry would not find the object either.
func ExampleRetrying() {
	throttled := objstore.NewFaulty(memstore.New(), func(call objstore.Call) objstore.Fault {
		if call.Seq <= 2 {
			return objstore.Fault{Before: errors.New("too many requests")}
		}
		return objstore.Fault{}
	})
	requests := objstore.NewCounting(throttled)
	store := objstore.Retrying(requests, objstore.RetryPolicy{Attempts: 3, Base: time.Millisecond})

	ctx := context.Background()
	err := store.Put(ctx, "greeting", strings.NewReader("hello"), 5)
	fmt.Println(err, "after", requests.Requests(), "requests")

	requests.Reset()
	_, err = store.Read(ctx, "farewell", 0, 1)
	fmt.Println(errors.Is(err, fs.ErrNotExist), "after", requests.Requests(), "request")
	// Output:
	// <nil> after 3 requests
	// true after 1 request
}
