package oss

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
)

const maxObject = 5 << 30

func (s *Server) putObject(w http.ResponseWriter, r *http.Request, key string) error {
	if err := checkLength(r); err != nil {
		return err
	}
	arrived, err := s.objects.receive(r.Body, r.ContentLength)
	if isCutShort(err) {
		return incompleteBody()
	}
	if err != nil {
		return err
	}
	defer s.objects.discard(arrived) // is nothing once it was kept
	if err := checkMD5(r, arrived.sums.md5); err != nil {
		return err
	}
	if err := s.objects.keep(arrived, key, s.cfg.Now()); err != nil {
		return err
	}
	w.Header().Set("ETag", arrived.sums.etag())
	w.Header().Set("X-Oss-Hash-Crc64ecma", arrived.sums.crc64())
	w.Header().Set("Content-MD5", base64.StdEncoding.EncodeToString(arrived.sums.md5))
	w.WriteHeader(http.StatusOK)
	return nil
}

func checkLength(r *http.Request) error {
	switch {
	case r.ContentLength < 0:
		return answer(http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header.")
	case r.ContentLength > maxObject:
		return answer(http.StatusBadRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.")
	}
	return nil
}

// isCutShort tells a sender that stopped from a disk that failed.
func isCutShort(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || isConnectionError(err)
}

func incompleteBody() error {
	return answer(http.StatusBadRequest, "IncompleteBody", "The body is shorter than its Content-Length.")
}

// checkMD5 holds what arrived to the sender's Content-MD5, where there is one.
func checkMD5(r *http.Request, got []byte) error {
	header := r.Header.Get("Content-MD5")
	if header == "" {
		return nil
	}
	want, err := base64.StdEncoding.DecodeString(header)
	if err != nil || len(want) != md5.Size || !bytes.Equal(want, got) {
		return answer(http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified is not that of what we received.")
	}
	return nil
}

// isConnectionError is anything of the network's, as when the sender is gone.
func isConnectionError(err error) bool {
	var fault net.Error
	return errors.As(err, &fault)
}
