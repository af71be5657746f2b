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

var errUnreadable = errors.New("read body")

// readBody reads the body without decompressing it. Later calls do nothing. If expected, a number
// of bytes, is the body's length, the buffer never grows. If expected is 0, the buffer grows as the
// body arrives. The error is errBusy, or wraps errTooLarge or errUnreadable.
func (d *delivery) readBody(expected int64) error {
	if d.unread == nil {
		return nil
	}
	var err error
	d.body, err = readAll(io.LimitReader(d.unread, maxBody+1), min(expected, maxBody))
	d.unread = nil
	switch {
	case errors.Is(err, errBusy):
		return err
	case err != nil:
		return fmt.Errorf("%w: %w", errUnreadable, err)
	case len(d.body) > maxBody:
		return errTooLarge
	}
	return nil
}

func readAll(r io.Reader, expected int64) ([]byte, error) {
	if expected <= 0 {
		return io.ReadAll(r)
	}
	var body bytes.Buffer
	body.Grow(int(expected) + bytes.MinRead)
	_, err := body.ReadFrom(r)
	return body.Bytes(), err
}

var (
	errEncoding = errors.New("the Content-Encoding is not supported: send gzip or none")
	errNotGzip  = errors.New("the Content-Encoding says gzip, but the body is not gzip")
	errDamaged  = errors.New("the gzip body is damaged or ends early")
)

// decompressor returns a reader for the decompressed body.
func (d *delivery) decompressor() (io.Reader, error) {
	switch d.encoding {
	case "":
		return bytes.NewReader(d.body), nil
	case "gzip", "x-gzip":
		reader, err := gzip.NewReader(bytes.NewReader(d.body))
		if err != nil {
			return nil, errNotGzip
		}
		return reader, nil
	default:
		return nil, errEncoding
	}
}

// measure counts the bytes and the marks of the decompressed body; see broker.Marker. It does not
// keep that body in memory. Its error messages may be shown to the sender.
func (d *delivery) measure() (contents, error) {
	reader, err := d.decompressor()
	if err != nil {
		return contents{}, err
	}
	c := newContents(d.source)
	if _, err := io.Copy(&c, io.LimitReader(reader, maxBody+1)); err != nil {
		return contents{}, errDamaged
	}
	if c.bytes > maxBody {
		return contents{}, errTooLarge
	}
	return c, nil
}

// decompress undoes the body's Content-Encoding. size is the length of the decompressed body in
// bytes, as returned by measure.
func (d *delivery) decompress(size int64) error {
	if d.encoding == "" {
		return nil
	}
	reader, err := d.decompressor()
	if err != nil {
		return err
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(reader, body); err != nil {
		return errDamaged
	}
	d.body, d.encoding = body, ""
	return nil
}
