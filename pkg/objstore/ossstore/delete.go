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

// errNotConfirmed is the error for a response that has a success status but does not confirm the
// request. To confirm a delete, the response must list every key. To confirm a put, it must contain
// a checksum of the object.
var errNotConfirmed = errors.New("the service did not confirm the request")

// delete sends the request and returns the keys of the objects that may still exist. An object
// counts as deleted only if the response lists its key. Therefore, delete turns off quiet mode, in
// which the response would not list the deleted keys.
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
