package oss

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"time"

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
	Delimiter    string
	Contents     []listed `xml:"Contents"`
	// CommonPrefixes is empty unless the request names a delimiter.
	CommonPrefixes []commonPrefix `xml:"CommonPrefixes"`
	KeyCount       int
}

type commonPrefix struct{ Prefix string }

type listed struct {
	Key, LastModified, Type string
	Size                    int64
	StorageClass            string
}

// listObjects sends the first page of a listing. The listing contains the objects whose keys begin
// with the value of "prefix" and sort after the value of "start-after". With the delimiter "/", it
// contains common prefixes in place of objects whose keys have a slash after the prefix.
// listObjects refuses all parameters that package ossstore does not send.
func (s *Server) listObjects(w http.ResponseWriter, query url.Values) error {
	for name := range query {
		switch name {
		case "list-type", "prefix", "start-after", "max-keys", "encoding-type", "delimiter":
		default:
			return notImplemented("The parameter " + name + " of a listing is not implemented here.")
		}
	}
	if query.Get("max-keys") != strconv.Itoa(objstore.MaxPage) || query.Get("encoding-type") != "url" {
		return notImplemented("Only max-keys=1000 and encoding-type=url are implemented here.")
	}
	prefix, after, delimiter := query.Get("prefix"), query.Get("start-after"), query.Get("delimiter")
	result := listing{
		Name: s.cfg.Bucket, Prefix: escape(prefix), StartAfter: escape(after), MaxKeys: objstore.MaxPage,
		EncodingType: "url", Delimiter: escape(delimiter),
	}
	switch delimiter {
	case "":
		page := s.objects.list(prefix, after)
		result.addObjects(page.Objects, s.cfg.Age())
		result.IsTruncated = page.More
	case "/":
		entries, prefixes, more := s.objects.group(prefix, after)
		result.addObjects(objectsOf(entries), s.cfg.Age())
		result.addPrefixes(prefixes)
		result.IsTruncated = more
	default:
		return notImplemented("Only the delimiter / is implemented here.")
	}
	return writeXML(w, http.StatusOK, result)
}

// addObjects adds objects to the listing. The times in the listing are earlier than the real ones
// by the given age.
func (l *listing) addObjects(objects []objstore.Object, age time.Duration) {
	l.KeyCount += len(objects)
	for _, o := range objects {
		l.Contents = append(l.Contents, listed{
			Key: escape(o.Key), LastModified: o.Modified.Add(-age).Format(listedTime), Type: "Normal", Size: o.Size, StorageClass: "Standard",
		})
	}
}

func (l *listing) addPrefixes(prefixes []string) {
	l.KeyCount += len(prefixes)
	for _, p := range prefixes {
		l.CommonPrefixes = append(l.CommonPrefixes, commonPrefix{escape(p)})
	}
}

func objectsOf(entries []entry) (objects []objstore.Object) {
	for _, e := range entries {
		objects = append(objects, objstore.Object{Key: e.key, Size: e.size, Modified: e.modified})
	}
	return objects
}
