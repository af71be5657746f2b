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
	XMLName      xml.Name `xml:"DeleteResult"`
	EncodingType string
	Deleted      []deleted `xml:"Deleted"`
}

type deleted struct{ Key string }

// deleteObjects deletes up to 1,000 objects. The response lists every requested key, even if there
// was no object under it.
func (s *Server) deleteObjects(w http.ResponseWriter, r *http.Request, query url.Values) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	if r.Header.Get("Content-MD5") == "" {
		return refuse(http.StatusBadRequest, "MissingArgument", "You must provide the Content-MD5 HTTP header.")
	}
	if query.Get("encoding-type") != "url" {
		return notImplemented("Only encoding-type=url is implemented here.")
	}
	keys, err := parseDelete(body)
	if err != nil {
		return err
	}
	if err := s.refuseProtected(keys...); err != nil {
		return err
	}
	if _, err := s.objects.remove(keys, always); err != nil {
		return err
	}
	result := deleteResult{EncodingType: "url"}
	for _, key := range keys {
		result.Deleted = append(result.Deleted, deleted{escape(key)})
	}
	return writeXML(w, http.StatusOK, result)
}

func parseDelete(body []byte) (keys []string, err error) {
	var request deleteRequest
	if err := xml.Unmarshal(body, &request); err != nil || len(request.Objects) == 0 || len(request.Objects) > objstore.MaxPage {
		return nil, malformed()
	}
	for _, object := range request.Objects {
		if err := checkKey(object.Key); err != nil {
			return nil, err
		}
		keys = append(keys, object.Key)
	}
	if request.Quiet {
		return nil, notImplemented("A quiet delete is not implemented here.")
	}
	return keys, nil
}

func malformed() error {
	return refuse(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema.")
}

// readBody returns the body of a request with XML content, and checks the Content-MD5 of the body.
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
