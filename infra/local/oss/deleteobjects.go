package oss

import (
	"bytes"
	"crypto/md5"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
)

const (
	maxDeletes    = 1000
	maxDeleteBody = 2 << 20
)

type deleteRequest struct {
	XMLName xml.Name `xml:"Delete"`
	Quiet   bool
	Objects []struct{ Key string } `xml:"Object"`
}

type deleteResult struct {
	XMLName      xml.Name  `xml:"DeleteResult"`
	EncodingType string    `xml:",omitempty"`
	Deleted      []deleted `xml:"Deleted"`
}

type deleted struct{ Key string }

// deleteObjects removes up to 1,000 objects. The answer lists the keys that are
// gone, whether they were there or not.
func (s *Server) deleteObjects(w http.ResponseWriter, r *http.Request, query url.Values) error {
	body, err := readBody(r, maxDeleteBody)
	if err != nil {
		return err
	}
	if r.Header.Get("Content-MD5") == "" {
		return answer(http.StatusBadRequest, "MissingArgument", "You must provide the Content-MD5 HTTP header.")
	}
	keys, quiet, err := parseDelete(body)
	if err != nil {
		return err
	}
	if _, err := s.objects.remove(keys, always); err != nil {
		return err
	}
	result := deleteResult{EncodingType: query.Get("encoding-type")}
	for _, key := range keys {
		if quiet {
			break
		}
		if result.EncodingType == "url" {
			key = escape(key)
		}
		result.Deleted = append(result.Deleted, deleted{key})
	}
	return writeXML(w, result)
}

func parseDelete(body []byte) (keys []string, quiet bool, err error) {
	var request deleteRequest
	if err := xml.NewDecoder(bytes.NewReader(body)).Decode(&request); err != nil {
		return nil, false, malformed()
	}
	if len(request.Objects) == 0 || len(request.Objects) > maxDeletes {
		return nil, false, malformed()
	}
	for _, object := range request.Objects {
		if err := checkKey(object.Key); err != nil {
			return nil, false, err
		}
		keys = append(keys, object.Key)
	}
	return keys, request.Quiet, nil
}

func malformed() error {
	return answer(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema.")
}

// readBody reads a small body whole and holds it to its Content-MD5.
func readBody(r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, malformed()
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return nil, incompleteBody()
	}
	if int64(len(body)) > limit {
		return nil, malformed()
	}
	sum := md5.Sum(body)
	return body, checkMD5(r, sum[:])
}
