package objstore

import "errors"

// ErrImmutable means that a retention policy of the bucket protects an object (WORM: write once,
// read many). Such an object can be neither replaced nor deleted. Retrying does not help.
var ErrImmutable = errors.New("a retention policy (WORM) of the bucket protects the object from being replaced or deleted: Device Trace needs a bucket without such a policy")
