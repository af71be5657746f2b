package webhook

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// maxBody is the maximum length of a body in bytes. It applies to the body as sent, and again
// to the decompressed body.
const maxBody = 8 << 20

var (
	errTooLarge   = errors.New("body is longer than 8 MiB")
	errUnreadable = errors.New("read body")
)

// readBody reads the body without decompressing it. Further calls do nothing. The error wraps
// errTooLarge or errUnreadable.
func (d *delivery) readBody() (err error) {
	if d.unread == nil {
		return nil
	}
	d.body, err = readLimited(d.unread)
	d.unread = nil
	if err != nil && !errors.Is(err, errTooLarge) {
		return fmt.Errorf("%w: %w", errUnreadable, err)
	}
	return err
}

// decompress undoes the body's Content-Encoding. Except for errTooLarge, its errors have messages
// that can be shown to the sender.
func (d *delivery) decompress() error {
	switch d.encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		body, err := gunzip(d.body)
		if err != nil {
			return err
		}
		d.body = body
	default:
		return errors.New("the Content-Encoding is not supported: send gzip or none")
	}
	d.encoding = ""
	return nil
}

// gunzip decompresses a gzip body. It stops after maxBody bytes, so that a short gzip body
// cannot exhaust the memory.
func gunzip(compressed []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, errors.New("the Content-Encoding says gzip, but the body is not gzip")
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
