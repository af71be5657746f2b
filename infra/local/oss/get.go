package oss

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
)

func (s *Server) getObject(w http.ResponseWriter, r *http.Request, key string) error {
	e, f, err := s.objects.open(key)
	if errors.Is(err, fs.ErrNotExist) {
		return refuse(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	}
	if err != nil {
		return err
	}
	defer f.Close()
	status, off, n := http.StatusOK, int64(0), e.size
	if header := r.Header.Get("Range"); header != "" {
		status = http.StatusPartialContent
		if off, n, err = parseRange(header, r.Header.Get("X-Oss-Range-Behavior"), e.size); err != nil {
			return err
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", off, off+n-1, e.size))
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
	w.Header().Set("Last-Modified", e.modified.Format(http.TimeFormat))
	e.checksums.describe(w.Header())
	w.WriteHeader(status)
	_, _ = io.Copy(w, io.NewSectionReader(f, off, n)) // fails only if the client has disconnected
	return nil
}

// parseRange returns the offset and the length of a requested range, truncated at the end of the
// object. It accepts only ranges of the form bytes=first-last, with the header
// X-Oss-Range-Behavior: standard. Without this header, the real service would return the whole
// object for a range that is not entirely inside the object.
func parseRange(header, behavior string, size int64) (off, n int64, err error) {
	var first, last int64
	_, err = fmt.Sscanf(header, "bytes=%d-%d", &first, &last)
	switch {
	case err != nil || first < 0 || first > last || behavior != "standard":
		return 0, 0, notImplemented("Only bytes=first-last with X-Oss-Range-Behavior: standard is implemented here.")
	case first >= size:
		return 0, 0, refuse(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range cannot be satisfied.")
	}
	return first, min(last, size-1) - first + 1, nil
}
