package oss

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
)

func (s *Server) putObject(w http.ResponseWriter, r *http.Request, key string) error {
	if r.ContentLength < 0 {
		return refuse(http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header.")
	}
	arrived, err := s.objects.receive(r.Body, r.ContentLength)
	if isCutShort(err) {
		return incompleteBody()
	}
	if err != nil {
		return err
	}
	defer s.objects.discard(arrived) // does nothing once keep has succeeded
	if err := checkMD5(r, arrived.checksums.md5); err != nil {
		return err
	}
	if err := s.refuseProtected(key); err != nil {
		return err
	}
	if err := s.objects.keep(arrived, key, s.cfg.Now()); err != nil {
		return err
	}
	arrived.checksums.describe(w.Header())
	return nil
}

// isCutShort reports whether an error means that the client stopped sending before the end of the
// body. Any other error comes from the disk.
func isCutShort(err error) bool {
	var network net.Error
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network)
}

func incompleteBody() error {
	return refuse(http.StatusBadRequest, "IncompleteBody", "The body is shorter than its Content-Length.")
}

// checkMD5 compares the MD5 of a body with the Content-MD5 header, if there is one.
func checkMD5(r *http.Request, got []byte) error {
	header := r.Header.Get("Content-MD5")
	if header == "" {
		return nil
	}
	if want, err := base64.StdEncoding.DecodeString(header); err != nil || !bytes.Equal(want, got) {
		return refuse(http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified does not match the body that we received.")
	}
	return nil
}
