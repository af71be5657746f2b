package ossstore

import (
	"context"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
	"net/http"
	"strconv"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"devicetrace/pkg/objstore"
)

// Read requests the range behavior "standard". Without it, the service would respond with the whole
// object if the range extended past the end of the object.
func (b *bucket) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	if err := objstore.CheckRange(off, n); err != nil || n == 0 {
		return nil, err
	}
	if err := objstore.CheckKey(key); err != nil {
		return nil, err
	}
	got, err := b.read(ctx, key, off, n)
	if err != nil {
		return nil, fmt.Errorf("read %d bytes at offset %d of %q: %w", n, off, key, err)
	}
	return got, nil
}

func (b *bucket) read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	result, err := b.sdk.DoGetObject(&oss.GetObjectRequest{ObjectKey: key}, []oss.Option{
		oss.Range(off, off+n-1),
		oss.RangeBehavior("standard"),
		oss.AcceptEncoding("identity"),
		oss.WithContext(ctx),
	})
	if err != nil {
		return nil, classify(err)
	}
	defer result.Response.Close()
	size, err := checkRange(result.Response, off, n)
	if err != nil {
		return nil, err
	}
	got := make([]byte, n)
	if _, err := io.ReadFull(result.Response, got); err != nil {
		return nil, fmt.Errorf("read response: %w", err)
	}
	return got, checkCRC(result.Response.Headers, got, size)
}

var errWrongRange = errors.New("the response is not the requested range")

// checkRange returns the object's size if the response contains exactly the requested range. If the
// response shows that the object ends within the range, checkRange returns ErrRange. For any other
// response, such as one with the whole object, it returns errWrongRange, because the response may
// come from a gateway and prove nothing about the object.
func checkRange(response *oss.Response, off, n int64) (size int64, err error) {
	contentRange, length := response.Headers.Get("Content-Range"), response.Headers.Get("Content-Length")
	var first, last int64
	_, err = fmt.Sscanf(contentRange, "bytes %d-%d/%d", &first, &last, &size)
	switch {
	case response.StatusCode != http.StatusPartialContent || err != nil || first != off || last > off+n-1 || last >= size:
		return 0, fmt.Errorf("%w: status %d, range %q", errWrongRange, response.StatusCode, contentRange)
	case last < off+n-1 && last == size-1:
		return 0, objstore.ErrRange
	case length != strconv.FormatInt(n, 10) || last != off+n-1:
		return 0, fmt.Errorf("%w: range %q, length %q", errWrongRange, contentRange, length)
	}
	return size, nil
}

var crcTable = crc64.MakeTable(crc64.ECMA)

// checkCRC checks the bytes against the response's checksum if the bytes are the whole object. A
// part of an object cannot be checked, because the service sends only the checksum of the whole
// object. If the response has no checksum, checkCRC returns nil.
func checkCRC(headers http.Header, got []byte, size int64) error {
	want := headers.Get("X-Oss-Hash-Crc64ecma")
	if want == "" || int64(len(got)) != size {
		return nil
	}
	if strconv.FormatUint(crc64.Checksum(got, crcTable), 10) != want {
		return errors.New("check response: its checksum differs from the object's")
	}
	return nil
}
