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

// Put reads body twice: first to compute its MD5, then to send it. The put counts as confirmed only
// if the response contains a checksum of the object. A success status is not enough, because a
// gateway's error page may also have one.
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
	var response http.Header
	err = b.sdk.PutObject(key, sender(body, size),
		oss.ContentMD5(base64.StdEncoding.EncodeToString(digest)),
		oss.ContentType("application/octet-stream"),
		oss.WithContext(ctx),
		oss.GetResponseHeader(&response),
	)
	if err == nil && !confirms(response, digest) {
		err = errNotConfirmed
	}
	if err != nil {
		return fmt.Errorf("put %q: %w", key, classify(err))
	}
	return nil
}

// confirms reports whether a response contains a checksum of the object. The checksum is a CRC, or
// an ETag that equals the MD5. The SDK has already compared the CRC with the bytes it sent.
func confirms(response http.Header, digest []byte) bool {
	return response.Get("X-Oss-Hash-Crc64ecma") != "" ||
		strings.EqualFold(strings.Trim(response.Get("ETag"), `"`), hex.EncodeToString(digest))
}

func contentMD5(body io.ReaderAt, size int64) ([]byte, error) {
	hash := md5.New()
	if _, err := io.CopyN(hash, io.NewSectionReader(body, 0, size), size); err != nil {
		return nil, err
	}
	return hash.Sum(nil), nil
}

// sender returns a reader for body that lets the SDK determine the length. For an empty body,
// sender returns nil, because only then does the SDK send a length of zero.
func sender(body io.ReaderAt, size int64) io.Reader {
	if size == 0 {
		return nil
	}
	return io.NewSectionReader(body, 0, size)
}
