package objstore

import "fmt"

// DeleteError is returned by a delete that may have left objects in the store.
type DeleteError struct {
	Keys []string // the keys whose deletion was not confirmed; at least one
	Err  error    // the reason why the deletion was not confirmed
}

// Error quotes the first key and states the number of further keys.
func (e *DeleteError) Error() string {
	if len(e.Keys) == 1 {
		return fmt.Sprintf("delete %q: %v", e.Keys[0], e.Err)
	}
	return fmt.Sprintf("delete %q and %d more: %v", e.Keys[0], len(e.Keys)-1, e.Err)
}

func (e *DeleteError) Unwrap() error { return e.Err }
