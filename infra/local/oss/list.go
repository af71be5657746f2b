package oss

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const listedTime = "2006-01-02T15:04:05.000Z"

type listing struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Name                  string
	Prefix                string
	StartAfter            string `xml:",omitempty"`
	ContinuationToken     string `xml:",omitempty"`
	MaxKeys               int
	Delimiter             string `xml:",omitempty"`
	EncodingType          string `xml:",omitempty"`
	IsTruncated           bool
	NextContinuationToken string         `xml:",omitempty"`
	Contents              []listed       `xml:"Contents"`
	CommonPrefixes        []commonPrefix `xml:"CommonPrefixes"`
	KeyCount              int
}

type listed struct {
	Key, LastModified, ETag, Type string
	Size                          int64
	StorageClass                  string
}

type commonPrefix struct{ Prefix string }

// listRequest is a listing's parameters, checked.
type listRequest struct {
	prefix, delimiter string
	after             string // the last thing that is not wanted any more
	max               int
	encode            func(string) string
}

func (s *Server) listObjects(w http.ResponseWriter, query url.Values) error {
	request, err := parseList(query)
	if err != nil {
		return err
	}
	found, last, more := s.list(request)
	result := listing{
		Name: s.cfg.Bucket, Prefix: request.encode(request.prefix), Delimiter: request.encode(request.delimiter),
		StartAfter: request.encode(query.Get("start-after")), ContinuationToken: query.Get("continuation-token"),
		MaxKeys: request.max, EncodingType: query.Get("encoding-type"), KeyCount: len(found), IsTruncated: more,
	}
	if more {
		result.NextContinuationToken = base64.StdEncoding.EncodeToString([]byte(last))
	}
	for _, item := range found {
		if err := s.objects.takeSums(item.entry); err != nil {
			return err
		}
		result.add(item, request.encode)
	}
	return writeXML(w, result)
}

func parseList(query url.Values) (listRequest, error) {
	request := listRequest{
		prefix: query.Get("prefix"), delimiter: query.Get("delimiter"), after: query.Get("start-after"),
		max: 100, encode: func(s string) string { return s },
	}
	var err error
	if text := query.Get("max-keys"); text != "" {
		request.max, err = strconv.Atoi(text)
	}
	if err != nil || request.max < 1 || request.max > 1000 {
		return request, invalid("max-keys is not a number from 1 to 1000.")
	}
	if token := query.Get("continuation-token"); token != "" {
		last, err := base64.StdEncoding.DecodeString(token)
		if err != nil {
			return request, invalid("The continuation-token is not one of ours.")
		}
		request.after = string(last)
	}
	switch query.Get("encoding-type") {
	case "":
	case "url":
		request.encode = escape
	default:
		return request, invalid("The encoding-type is not url.")
	}
	return request, nil
}

// item is an object of a listing, or, where the entry has no key, what several
// objects have in common up to the delimiter.
type item struct {
	entry
	common string
}

// list returns a page, the last key or common prefix on it, and whether more follow.
func (s *Server) list(request listRequest) (found []item, last string, more bool) {
	last = request.after
	s.objects.index.scan(request.prefix, request.after, func(e entry) bool {
		if e.key == request.after && request.after != "" {
			return true
		}
		next := item{entry: e}
		if common, ok := request.common(e.key); ok {
			if common == last {
				return true
			}
			next = item{common: common}
		}
		if len(found) == request.max {
			more = true
			return false
		}
		found = append(found, next)
		last = next.key + next.common
		return true
	})
	return found, last, more
}

// common is the part of key up to the first delimiter after the prefix.
func (r listRequest) common(key string) (string, bool) {
	if r.delimiter == "" {
		return "", false
	}
	i := strings.Index(key[len(r.prefix):], r.delimiter)
	if i < 0 {
		return "", false
	}
	return key[:len(r.prefix)+i+len(r.delimiter)], true
}

func (l *listing) add(i item, encode func(string) string) {
	if i.key == "" {
		l.CommonPrefixes = append(l.CommonPrefixes, commonPrefix{encode(i.common)})
		return
	}
	l.Contents = append(l.Contents, listed{
		Key: encode(i.key), LastModified: i.modified.Format(listedTime), ETag: i.sums.etag(),
		Type: "Normal", Size: i.size, StorageClass: "Standard",
	})
}
