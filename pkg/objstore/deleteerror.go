package objstore

import "fmt"

// DeleteError is a delete that may have left objects behind: the keys that it
// could not confirm as gone, and why.
type DeleteError struct {
	Keys []string // not empty
	Err  error
}

// Error quotes the first key and counts the others; Keys has all of them.
func (e *DeleteError) Error() string {
	if len(e.Keys) == 1 {
		return fmt.Sprintf("delete %q: %v", e.Keys[0], e.Err)
	}
	return fmt.Sprintf("delete %q and %d more: %v", e.Keys[0], len(e.Keys)-1, e.Err)
}

func (e *DeleteError) Unwrap() error { return e.Err }
