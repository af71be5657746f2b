package oss

import (
	"crypto/md5"
	"encoding/hex"
	"hash"
	"hash/crc64"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
)

// sums are the checksums of an object's bytes. They are taken while an object
// arrives; after a restart, when somebody first asks.
type sums struct {
	once sync.Once
	path string
	err  error

	md5 []byte
	crc uint64
}

// take reads the file if it was not read before.
func (s *sums) take() error {
	s.once.Do(func() {
		f, err := os.Open(s.path)
		if err != nil {
			s.err = err
			return
		}
		defer f.Close()
		h := newHasher()
		_, s.err = io.Copy(h, f)
		s.md5, s.crc = h.md5.Sum(nil), h.crc.Sum64()
	})
	return s.err
}

// etag is the quoted MD5 in capitals.
func (s *sums) etag() string { return `"` + strings.ToUpper(hex.EncodeToString(s.md5)) + `"` }

func (s *sums) crc64() string { return strconv.FormatUint(s.crc, 10) }

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

// sums are those of what was written.
func (h hasher) sums() *sums {
	s := &sums{md5: h.md5.Sum(nil), crc: h.crc.Sum64()}
	s.once.Do(func() {})
	return s
}
