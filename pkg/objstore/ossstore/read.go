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

// Read asks for the standard meaning of ranges: without it the service answers a
// range past the end with the whole object.
func (b *bucket) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	if err := objstore.CheckRange(off, n); err != nil || n == 0 {
		return nil, err
	}
	if err := objstore.CheckKey(key); err != nil {
		return nil, err
	}
	got, err := b.read(ctx, key, off, n)
	if err != nil {
		return nil, fmt.Errorf("read %d bytes at %d of %q: %w", n, off, key, err)
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
	size, err := checkSlice(result.Response, off, n)
	if err != nil {
		return nil, err
	}
	got := make([]byte, n)
	if _, err := io.ReadFull(result.Response, got); err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	return got, checkWhole(result.Response.Headers, got, size)
}

var errNotTheSlice = errors.New("the answer is not the slice that was asked for")

// checkSlice accepts the slice that was asked for and returns the object's size. A
// slice that was cut at the object's end is ErrRange. Anything else, above all a
// whole object, is somebody's mistake and says nothing about the object.
func checkSlice(answer *oss.Response, off, n int64) (size int64, err error) {
	contentRange := answer.Headers.Get("Content-Range")
	var first, last int64
	_, err = fmt.Sscanf(contentRange, "bytes %d-%d/%d", &first, &last, &size)
	switch {
	case answer.StatusCode != http.StatusPartialContent || err != nil || first != off || last > off+n-1 || last >= size:
		return 0, fmt.Errorf("%w: status %d, range %q", errNotTheSlice, answer.StatusCode, contentRange)
	case last < off+n-1 && last == size-1:
		return 0, objstore.ErrRange
	case answer.Headers.Get("Content-Length") != strconv.FormatInt(n, 10) || last != off+n-1:
		return 0, fmt.Errorf("%w: range %q, length %q", errNotTheSlice, contentRange, answer.Headers.Get("Content-Length"))
	}
	return size, nil
}

var crcTable = crc64.MakeTable(crc64.ECMA)

// checkWhole compares the checksum where the slice is the object: the service sends
// none for a part.
func checkWhole(headers http.Header, got []byte, size int64) error {
	sum := headers.Get("X-Oss-Hash-Crc64ecma")
	if sum == "" || int64(len(got)) != size {
		return nil
	}
	if strconv.FormatUint(crc64.Checksum(got, crcTable), 10) != sum {
		return errors.New("check answer: its checksum differs from the object's")
	}
	return nil
}
