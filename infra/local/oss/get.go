package oss

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
)

// getObject answers GET and HEAD.
func (s *Server) getObject(w http.ResponseWriter, r *http.Request, key string) error {
	e, f, err := s.objects.open(key)
	if errors.Is(err, fs.ErrNotExist) {
		return noSuchKey()
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if match := r.Header.Get("If-Match"); match != "" && strings.Trim(match, `"`) != strings.Trim(e.sums.etag(), `"`) {
		return answer(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
	}
	slice, err := sliceOf(r, e.size)
	if err != nil {
		return err
	}
	describe(w.Header(), e, slice)
	w.WriteHeader(slice.status())
	if r.Method == http.MethodGet {
		_, _ = io.Copy(w, io.NewSectionReader(f, slice.off, slice.n)) // a sender that left
	}
	return nil
}

func describe(header http.Header, e entry, s slice) {
	header.Set("Accept-Ranges", "bytes")
	header.Set("Content-Type", "application/octet-stream")
	header.Set("Content-Length", strconv.FormatInt(s.n, 10))
	header.Set("Last-Modified", e.modified.Format(http.TimeFormat))
	header.Set("ETag", e.sums.etag())
	header.Set("X-Oss-Hash-Crc64ecma", e.sums.crc64())
	header.Set("X-Oss-Object-Type", "Normal")
	header.Set("X-Oss-Storage-Class", "Standard")
	if s.partial {
		header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", s.off, s.off+s.n-1, e.size))
	}
}

func (s *Server) deleteObject(w http.ResponseWriter, key string) error {
	if _, err := s.objects.remove([]string{key}, always); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func always(entry) bool { return true }
