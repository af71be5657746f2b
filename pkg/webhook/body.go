package webhook

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxBody is the longest body, as sent and unpacked, in bytes.
const maxBody = 8 << 20

var (
	errTooLarge   = errors.New("body is longer than 8 MiB")
	errUnreadable = errors.New("read body")
)

// readBody reads the body as it was sent.
func readBody(body io.Reader) ([]byte, error) {
	received, err := readLimited(body)
	if err != nil && !errors.Is(err, errTooLarge) {
		return nil, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	return received, err
}

// unpack undoes a Content-Encoding. Its errors, errTooLarge apart, are sentences
// for the sender.
func unpack(received []byte, encoding string) ([]byte, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return received, nil
	case "gzip", "x-gzip":
		return gunzip(received)
	default:
		return nil, errors.New("the Content-Encoding is not known: send gzip or none")
	}
}

// gunzip stops at the limit, so that a small body cannot unpack into a huge one.
func gunzip(packed []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, errors.New("the body is not gzip, as its Content-Encoding says")
	}
	body, err := readLimited(reader)
	if err != nil && !errors.Is(err, errTooLarge) {
		return nil, errors.New("the gzip body is damaged or ends early")
	}
	return body, err
}

func readLimited(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxBody {
		return nil, errTooLarge
	}
	return data, nil
}
