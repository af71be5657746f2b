package ossstore

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"devicetrace/pkg/objstore"
)

// Put reads body twice: for its MD5, then to send it. Only an answer that tells of the
// object is a confirmation: a gateway's page may have the same status.
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
	var answer http.Header
	err = b.sdk.PutObject(key, sender(body, size),
		oss.ContentMD5(base64.StdEncoding.EncodeToString(digest)),
		oss.ContentType("application/octet-stream"),
		oss.WithContext(ctx),
		oss.GetResponseHeader(&answer),
	)
	if err == nil && !confirms(answer, digest) {
		err = errNotConfirmed
	}
	if err != nil {
		return fmt.Errorf("put %q: %w", key, classify(err))
	}
	return nil
}

// confirms reports whether an answer has a checksum of the object: its CRC, which the SDK
// has compared with what it sent, or its ETag, which is the MD5.
func confirms(answer http.Header, digest []byte) bool {
	return answer.Get("X-Oss-Hash-Crc64ecma") != "" ||
		strings.EqualFold(strings.Trim(answer.Get("ETag"), `"`), hex.EncodeToString(digest))
}

func contentMD5(body io.ReaderAt, size int64) ([]byte, error) {
	hash := md5.New()
	if _, err := io.CopyN(hash, io.NewSectionReader(body, 0, size), size); err != nil {
		return nil, err
	}
	return hash.Sum(nil), nil
}

// sender is body in a form whose length the SDK recognises. Of an empty one it
// would not send any, unless it is nil.
func sender(body io.ReaderAt, size int64) io.Reader {
	if size == 0 {
		return nil
	}
	return io.NewSectionReader(body, 0, size)
}
