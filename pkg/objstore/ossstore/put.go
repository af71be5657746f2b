package ossstore

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"devicetrace/pkg/objstore"
)

// Put reads body twice: for its MD5, then to send it.
func (b *bucket) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	if err := objstore.CheckKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	digest, err := contentMD5(body, size)
	if err != nil {
		return fmt.Errorf("put %q: read body: %w", key, err)
	}
	err = b.sdk.PutObject(key, sender(body, size),
		oss.ContentMD5(digest),
		oss.ContentType("application/octet-stream"),
		oss.WithContext(ctx),
	)
	if err != nil {
		return fmt.Errorf("put %q: %w", key, classify(err))
	}
	return nil
}

func contentMD5(body io.ReaderAt, size int64) (string, error) {
	hash := md5.New()
	if _, err := io.CopyN(hash, io.NewSectionReader(body, 0, size), size); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(hash.Sum(nil)), nil
}

// sender is body in a form whose length the SDK recognises. Of an empty one it
// would not send any, unless it is nil.
func sender(body io.ReaderAt, size int64) io.Reader {
	if size == 0 {
		return nil
	}
	return io.NewSectionReader(body, 0, size)
}
