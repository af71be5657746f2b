package objstore_test

import (
	"testing"
	"time"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/objstore/objstoretest"
)

// Every wrapper must satisfy the Store contract.
func TestConformanceOfWrappers(t *testing.T) {
	for name, wrap := range map[string]func(objstore.Store) objstore.Store{
		"counting": func(s objstore.Store) objstore.Store { return objstore.NewCounting(s) },
		"faulty":   func(s objstore.Store) objstore.Store { return objstore.NewFaulty(s, nil) },
		"prefix":   func(s objstore.Store) objstore.Store { return objstore.WithPrefix(s, "fleet/ä =+%/") },
		"retrying": func(s objstore.Store) objstore.Store {
			return objstore.Retrying(s, objstore.RetryPolicy{AttemptTimeout: time.Minute})
		},
	} {
		t.Run(name, func(t *testing.T) {
			objstoretest.Run(t, func(*testing.T) objstore.Store { return wrap(memstore.New()) })
		})
	}
}
