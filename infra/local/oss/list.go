package oss

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"devicetrace/pkg/objstore"
)

const listedTime = "2006-01-02T15:04:05.000Z"

type listing struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Name                  string
	Prefix                string
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
	Key, LastModified, Type string
	Size                    int64
	StorageClass            string
}

type commonPrefix struct{ Prefix string }

// listRequest holds the checked parameters of a listing.
type listRequest struct {
	prefix, delimiter string
	after             string // a key or common prefix; the listing begins after it
	maxKeys           int
	encode            func(string) string
}

func (s *Server) listObjects(w http.ResponseWriter, query url.Values) error {
	request, err := parseList(query)
	if err != nil {
		return err
	}
	found, more := s.list(request)
	result := listing{
		Name: s.cfg.Bucket, Prefix: request.encode(request.prefix), Delimiter: request.encode(request.delimiter),
		MaxKeys: request.maxKeys, EncodingType: query.Get("encoding-type"), KeyCount: len(found), IsTruncated: more,
	}
	if more {
		result.NextContinuationToken = base64.StdEncoding.EncodeToString([]byte(found[len(found)-1].name()))
	}
	for _, item := range found {
		result.add(item, request.encode)
	}
	return writeXML(w, http.StatusOK, result)
}

func parseList(query url.Values) (listRequest, error) {
	request := listRequest{
		prefix: query.Get("prefix"), delimiter: query.Get("delimiter"), after: query.Get("start-after"),
		maxKeys: 100, encode: func(s string) string { return s },
	}
	var err error
	if text := query.Get("max-keys"); text != "" {
		request.maxKeys, err = strconv.Atoi(text)
	}
	if err != nil || request.maxKeys < 1 || request.maxKeys > objstore.MaxPage {
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

// item is an object in a listing or, if its entry has no key, the common prefix of several objects.
type item struct {
	entry
	common string
}

func (i item) name() string { return i.key + i.common }

// list returns a page, and whether another one follows.
func (s *Server) list(request listRequest) (found []item, more bool) {
	last := request.after
	s.objects.scan(request.prefix, request.after, func(e entry) bool {
		next := item{entry: e}
		if common, ok := request.commonPrefix(e.key); ok {
			next = item{common: common}
		}
		if next.name() == last {
			return true
		}
		if more = len(found) == request.maxKeys; more {
			return false
		}
		found, last = append(found, next), next.name()
		return true
	})
	return found, more
}

// commonPrefix returns the part of a key up to and including the first delimiter after the prefix.
func (r listRequest) commonPrefix(key string) (string, bool) {
	if r.delimiter == "" {
		return "", false
	}
	before, _, found := strings.Cut(key[len(r.prefix):], r.delimiter)
	return r.prefix + before + r.delimiter, found
}

func (l *listing) add(i item, encode func(string) string) {
	if i.key == "" {
		l.CommonPrefixes = append(l.CommonPrefixes, commonPrefix{encode(i.common)})
		return
	}
	l.Contents = append(l.Contents, listed{
		Key: encode(i.key), LastModified: i.modified.Format(listedTime), Type: "Normal", Size: i.size, StorageClass: "Standard",
	})
}
