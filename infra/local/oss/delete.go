package oss

import (
	"crypto/md5"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"

	"devicetrace/pkg/objstore"
)

const maxXMLBody = 2 << 20

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

// deleteObjects deletes up to 1,000 objects. Unless the request is quiet, the response lists all keys,
// including those that held nothing.
func (s *Server) deleteObjects(w http.ResponseWriter, r *http.Request, query url.Values) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	if r.Header.Get("Content-MD5") == "" {
		return refuse(http.StatusBadRequest, "MissingArgument", "You must provide the Content-MD5 HTTP header.")
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
	return writeXML(w, http.StatusOK, result)
}

func parseDelete(body []byte) (keys []string, quiet bool, err error) {
	var request deleteRequest
	if err := xml.Unmarshal(body, &request); err != nil || len(request.Objects) == 0 || len(request.Objects) > objstore.MaxPage {
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
	return refuse(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema.")
}

// readBody returns the body of a request that carries XML, and checks its Content-MD5.
func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxXMLBody+1))
	if err != nil {
		return nil, incompleteBody()
	}
	if len(body) > maxXMLBody {
		return nil, malformed()
	}
	sum := md5.Sum(body)
	return body, checkMD5(r, sum[:])
}
