package oss

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"

	"devicetrace/pkg/objstore"
)

const listedTime = "2006-01-02T15:04:05.000Z"

type listing struct {
	XMLName      xml.Name `xml:"ListBucketResult"`
	Name         string
	Prefix       string
	StartAfter   string
	MaxKeys      int
	EncodingType string
	IsTruncated  bool
	Contents     []listed `xml:"Contents"`
	KeyCount     int
}

type listed struct {
	Key, LastModified, Type string
	Size                    int64
	StorageClass            string
}

// listObjects sends the first page of a listing. The listing contains the objects whose keys begin
// with the value of "prefix" and sort after the value of "start-after". listObjects refuses all
// parameters that package ossstore does not send.
func (s *Server) listObjects(w http.ResponseWriter, query url.Values) error {
	for name := range query {
		switch name {
		case "list-type", "prefix", "start-after", "max-keys", "encoding-type":
		default:
			return notImplemented("The parameter " + name + " of a listing is not implemented here.")
		}
	}
	if query.Get("max-keys") != strconv.Itoa(objstore.MaxPage) || query.Get("encoding-type") != "url" {
		return notImplemented("Only max-keys=1000 and encoding-type=url are implemented here.")
	}
	prefix, after := query.Get("prefix"), query.Get("start-after")
	page := s.objects.list(prefix, after)
	result := listing{
		Name: s.cfg.Bucket, Prefix: escape(prefix), StartAfter: escape(after), MaxKeys: objstore.MaxPage,
		EncodingType: "url", IsTruncated: page.More, KeyCount: len(page.Objects),
	}
	for _, o := range page.Objects {
		result.Contents = append(result.Contents, listed{
			Key: escape(o.Key), LastModified: o.Modified.Format(listedTime), Type: "Normal", Size: o.Size, StorageClass: "Standard",
		})
	}
	return writeXML(w, http.StatusOK, result)
}
