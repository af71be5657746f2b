package ossstore

import (
	"context"
	"errors"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"devicetrace/pkg/objstore"
)

// Delete is one bulk delete, however few the keys.
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

// errNotConfirmed is an answer of success that does not tell of what was asked: a delete's
// that leaves a key out of its list, a put's without a checksum.
var errNotConfirmed = errors.New("the service did not confirm it")

// delete returns the keys that may still be there. Asked not to be quiet, the
// service lists what it deleted; what is not on the list failed.
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
