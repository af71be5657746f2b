package ossstore

import (
	"context"
	"errors"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"devicetrace/pkg/objstore"
)

// Delete makes one bulk delete request, even for a single key.
func (b *bucket) Delete(ctx context.Context, keys ...string) error {
	if err := objstore.CheckKeys(keys); err != nil || len(keys) == 0 {
		return err
	}
	left, err := b.delete(ctx, keys)
	if err != nil {
		return &objstore.DeleteError{Keys: left, Err: err}
	}
	return nil
}

// errNotConfirmed is the error for a success status without a confirmation of the request. A delete
// is confirmed if the response lists every key. A put is confirmed if the response contains a
// checksum of the object.
var errNotConfirmed = errors.New("the service did not confirm the request")

// delete sends the request and returns the keys of the objects that may still exist. An object
// counts as deleted only if the response lists its key. Therefore, delete turns quiet mode off. In
// quiet mode, the response would not list the deleted keys.
func (b *bucket) delete(ctx context.Context, keys []string) (left []string, err error) {
	if err := ctx.Err(); err != nil {
		return keys, err
	}
	result, err := b.sdk.DeleteObjects(keys, oss.DeleteObjectsQuiet(false), oss.WithContext(ctx))
	if err != nil {
		return keys, classify(err)
	}
	if left = without(keys, result.DeletedObjects); len(left) > 0 {
		return left, errNotConfirmed
	}
	return nil, nil
}

func without(keys, deleted []string) (left []string) {
	gone := make(map[string]bool, len(deleted))
	for _, key := range deleted {
		gone[key] = true
	}
	for _, key := range keys {
		if !gone[key] {
			left = append(left, key)
		}
	}
	return left
}
