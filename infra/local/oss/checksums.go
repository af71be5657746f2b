package oss

import (
	"crypto/md5"
	"encoding/hex"
	"hash"
	"hash/crc64"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// checksums holds the checksums of an object's bytes. They are computed while the object arrives.
// After a restart, they are computed when the object is first read.
type checksums struct {
	once sync.Once
	err  error

	md5 []byte
	crc uint64
}

// compute reads the object and computes its checksums. If they are already known, it reads nothing.
func (c *checksums) compute(object io.Reader) error {
	c.once.Do(func() {
		h := newHasher()
		_, c.err = io.Copy(h, object)
		c.md5, c.crc = h.md5.Sum(nil), h.crc.Sum64()
	})
	return c.err
}

// describe sets the headers that contain the checksums. The ETag is the MD5.
func (c *checksums) describe(header http.Header) {
	header.Set("ETag", `"`+strings.ToUpper(hex.EncodeToString(c.md5))+`"`)
	header.Set("X-Oss-Hash-Crc64ecma", strconv.FormatUint(c.crc, 10))
}

var crcTable = crc64.MakeTable(crc64.ECMA)

type hasher struct {
	md5 hash.Hash
	crc hash.Hash64
}

func newHasher() hasher { return hasher{md5.New(), crc64.New(crcTable)} }

func (h hasher) Write(p []byte) (int, error) {
	h.md5.Write(p)
	return h.crc.Write(p)
}
