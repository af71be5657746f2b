package oss

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPutAndGet(t *testing.T) {
	s := open(t, nil)
	response, _, _ := send(t, s, signed("PUT", "a/b.c", "", "123456789", "Content-MD5", digest("123456789")))
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, `"25F9E794323B453885F5181F1B624D0B"`, response.Header.Get("ETag"))
	// This is the published check value of CRC-64/XZ for "123456789", 0x995dc9bbdf1939fa.
	require.Equal(t, "11051210869376104954", response.Header.Get("X-Oss-Hash-Crc64ecma"))

	response, _, body := send(t, s, signed("GET", "a/b.c", "", ""))
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "123456789", body)
	require.Equal(t, `"25F9E794323B453885F5181F1B624D0B"`, response.Header.Get("ETag"))
	require.FileExists(t, filepath.Join(s.cfg.Dir, "objects", "a", "b.c"))
}

func TestRefusedPutsStoreNothing(t *testing.T) {
	cut := signed("PUT", "k", "", "text")
	cut.ContentLength, cut.Body = 10, io.NopCloser(stopping("text"))
	chunked := signed("PUT", "k", "", "text")
	chunked.ContentLength = -1
	for _, test := range []struct {
		name    string
		request *http.Request
		code    string
	}{
		{"wrong digest", signed("PUT", "k", "", "text", "Content-MD5", digest("test")), "InvalidDigest"},
		{"no digest at all", signed("PUT", "k", "", "text", "Content-MD5", "text"), "InvalidDigest"},
		{"cut short", cut, "IncompleteBody"},
		{"no length", chunked, "MissingContentLength"},
		{"key too long", signed("PUT", strings.Repeat("k", 1024), "", "text"), "InvalidObjectName"},
		{"key not UTF-8", signed("PUT", "k\xff", "", "text"), "InvalidObjectName"},
		{"condition", signed("PUT", "k", "", "text", "If-Match", "x"), "NotImplemented"},
		{"create only", signed("PUT", "k", "", "text", "X-Oss-Forbid-Overwrite", "true"), "NotImplemented"},
		{"metadata", signed("PUT", "k", "", "text", "X-Oss-Meta-A", "b"), "NotImplemented"},
		{"part of an upload", signed("PUT", "k", "partNumber=1&uploadId=2", "text"), "NotImplemented"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t, nil)
			_, code, _ := send(t, s, test.request)
			require.Equal(t, test.code, code)
			requireKeys(t, s)
			leftovers, err := os.ReadDir(s.objects.tmp)
			require.NoError(t, err)
			require.Empty(t, leftovers)
		})
	}
}

// If a client disconnects in the middle of a body, nothing must be stored. A real connection is
// needed to test this.
func TestBrokenConnectionStoresNothing(t *testing.T) {
	s := open(t, nil)
	server := httptest.NewServer(s)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	r := signed("PUT", "k", "", "text")
	_, err = fmt.Fprintf(conn, "PUT /bucket/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nDate: %s\r\nAuthorization: %s\r\n\r\nhalf",
		r.Header.Get("Date"), r.Header.Get("Authorization"))
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	response, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Contains(t, string(response), "IncompleteBody")
	require.NoError(t, conn.Close())
	server.Close()
	requireKeys(t, s)
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, func(cfg *Config) { cfg.Delay = func() time.Duration { return time.Second } })
		begin := time.Now()
		put(t, s, "k", "v")
		require.Equal(t, time.Second, time.Since(begin))
	})
}

func TestNoSpace(t *testing.T) {
	s := open(t, nil)
	s.SetMaxBytes(10)
	put(t, s, "a", "123456")
	response, code, _ := send(t, s, signed("PUT", "b", "", "12345"))
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	require.Equal(t, "ServiceUnavailable", code)
	requireKeys(t, s, "a")

	put(t, s, "a", "0123456789") // fits, because the old object under this key no longer counts
	remove(t, s, "a")
	put(t, s, "b", "12345")

	s.SetMaxBytes(5)
	response, _, _ = send(t, s, signed("PUT", "c", "", "1"))
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	s.SetMaxBytes(0)
	put(t, s, "c", "1")
}

func TestSignatureCoversEveryPart(t *testing.T) {
	for name, change := range map[string]func(*http.Request){
		"method": func(r *http.Request) { r.Method = http.MethodGet },
		"key":    func(r *http.Request) { r.URL.Path = "/bucket/other" },
		"query":  func(r *http.Request) { r.URL.RawQuery = "acl" },
		"MD5":    func(r *http.Request) { r.Header.Set("Content-MD5", digest("x")) },
		"type":   func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
		"x-oss":  func(r *http.Request) { r.Header.Set("X-Oss-Range-Behavior", "standard") },
		"date": func(r *http.Request) {
			date := []byte(r.Header.Get("Date"))
			date[len(date)-len("0 GMT")] ^= 1 // another second of the same day
			r.Header.Set("Date", string(date))
		},
		"signature": func(r *http.Request) { r.Header.Set("Authorization", r.Header.Get("Authorization")+"0") },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, nil)
			r := signed("PUT", "k", "", "text")
			change(r)
			response, code, _ := send(t, s, r)
			require.Equal(t, http.StatusForbidden, response.StatusCode)
			require.Equal(t, "SignatureDoesNotMatch", code)
			requireKeys(t, s)
		})
	}
}

func TestOtherAuthorizations(t *testing.T) {
	for header, want := range map[string]string{
		"":                         "AccessDenied",
		"OSS id:signature":         "AccessDenied",
		algorithm + " Credential=": "InvalidArgument",
		algorithm + " Credential=id/20000101/cn-hangzhou/oss/aliyun_v4_request,Signature=0": "InvalidArgument",
	} {
		r := signed("GET", "k", "", "")
		r.Header.Set("Authorization", header)
		_, code, _ := send(t, open(t, nil), r)
		require.Equal(t, want, code, "header %q", header)
	}
}

func TestRanges(t *testing.T) {
	const text = "0123456789"
	s := open(t, nil)
	put(t, s, "k", text)
	put(t, s, "empty", "")
	for _, test := range []struct{ key, header, want, code string }{
		{"k", "bytes=2-4", "234", ""},
		{"k", "bytes=9-9", "9", ""},
		{"k", "bytes=0-9", text, ""},
		{"k", "bytes=5-20", "56789", ""},
		{"k", "bytes=10-12", "", "InvalidRange"},
		{"empty", "bytes=0-0", "", "InvalidRange"},
		{"k", "bytes=7-", "", "NotImplemented"},
		{"k", "bytes=-3", "", "NotImplemented"},
		{"k", "bytes=4-2", "", "NotImplemented"},
		{"k", "bytes=a-b", "", "NotImplemented"},
		{"k", "2-4", "", "NotImplemented"},
	} {
		response, code, body := send(t, s, signed("GET", test.key, "", "", "Range", test.header, "X-Oss-Range-Behavior", "standard"))
		require.Equal(t, test.code, code, test.header)
		if test.code == "" {
			require.Equal(t, http.StatusPartialContent, response.StatusCode, test.header)
			require.Equal(t, test.want, body, test.header)
		}
		_, code, _ = send(t, s, signed("GET", test.key, "", "", "Range", test.header))
		require.Equal(t, "NotImplemented", code, "%s in the service's default meaning", test.header)
	}
}

var listedName = regexp.MustCompile(`(?:<Key>|<CommonPrefixes><Prefix>)([^<]*)<`)

// list returns the keys and then the common prefixes in the response to one listing request. It
// reads no further pages, because package objstoretest tests listings of several pages.
func list(t *testing.T, s *Server, query string) (names []string) {
	response, code, body := send(t, s, signed("GET", "", "list-type=2&max-keys=1000&encoding-type=url&"+query, ""))
	require.Equal(t, http.StatusOK, response.StatusCode, code)
	for _, match := range listedName.FindAllStringSubmatch(body, -1) {
		names = append(names, match[1])
	}
	return names
}

func TestListings(t *testing.T) {
	s := open(t, nil)
	for _, key := range []string{"a", "p/1", "p/2/x", "p/2/y", "p/3", "p/3/z", "q", "ä"} {
		put(t, s, key, "v")
	}
	for _, test := range []struct {
		query string
		want  []string
	}{
		{"", []string{"a", "p%2F1", "p%2F2%2Fx", "p%2F2%2Fy", "p%2F3", "p%2F3%2Fz", "q", "%C3%A4"}},
		{"start-after=p/3", []string{"p%2F3%2Fz", "q", "%C3%A4"}},
		{"prefix=p/&start-after=p/2/x", []string{"p%2F2%2Fy", "p%2F3", "p%2F3%2Fz"}},
		{"prefix=p/&delimiter=/", []string{"p%2F1", "p%2F3", "p%2F2%2F", "p%2F3%2F"}},
		{"prefix=p/&delimiter=/&start-after=p/2/x", []string{"p%2F3", "p%2F2%2F", "p%2F3%2F"}},
	} {
		require.Equal(t, test.want, list(t, s, test.query), test.query)
	}
	for _, other := range []string{"", "max-keys=1000", "max-keys=2&encoding-type=url", "max-keys=1000&encoding-type=url&delimiter=x"} {
		_, code, _ := send(t, s, signed("GET", "", "list-type=2&"+other, ""))
		require.Equal(t, "NotImplemented", code, other)
	}
}

func TestDeleteObjects(t *testing.T) {
	s := open(t, nil)
	put(t, s, "a", "v")
	put(t, s, "b", "v")
	body := "<Delete><Quiet>false</Quiet><Object><Key>a</Key></Object><Object><Key>absent &amp;</Key></Object></Delete>"
	_, code, _ := send(t, s, signed("POST", "", "delete&encoding-type=url", body))
	require.Equal(t, "MissingArgument", code)
	_, code, _ = send(t, s, signed("POST", "", "delete&encoding-type=url", body, "Content-MD5", digest("other")))
	require.Equal(t, "InvalidDigest", code)
	requireKeys(t, s, "a", "b")

	_, _, result := send(t, s, signed("POST", "", "delete&encoding-type=url", body, "Content-MD5", digest(body)))
	require.Contains(t, result, "<Deleted><Key>a</Key></Deleted><Deleted><Key>absent%20%26</Key></Deleted>")
	requireKeys(t, s, "b")

	quiet := "<Delete><Quiet>true</Quiet><Object><Key>b</Key></Object></Delete>"
	_, code, _ = send(t, s, signed("POST", "", "delete&encoding-type=url", quiet, "Content-MD5", digest(quiet)))
	require.Equal(t, "NotImplemented", code)

	for _, bad := range []string{"", "<Delete></Delete>", "<Other/>", "<Delete>" + strings.Repeat("<Object><Key>k</Key></Object>", 1001) + "</Delete>"} {
		_, code, _ = send(t, s, signed("POST", "", "delete&encoding-type=url", bad, "Content-MD5", digest(bad)))
		require.Equal(t, "MalformedXML", code)
	}
}

// After a restart, Open must find the stored objects and remove unfinished files.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	in := func(cfg *Config) { cfg.Dir = dir }
	s := open(t, in)
	put(t, s, "a/b.c", "text")
	put(t, s, "gone", "text")
	remove(t, s, "gone")
	before, _, _ := send(t, s, signed("GET", "a/b.c", "", ""))
	leftover := filepath.Join(dir, "tmp", "put-1")
	require.NoError(t, os.WriteFile(leftover, []byte("half"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "objects", "README.md"), nil, 0o600))

	s = open(t, in)
	requireKeys(t, s, "a/b.c")
	require.NoFileExists(t, leftover)
	require.EqualValues(t, 4, s.objects.index.bytes)
	after, _, _ := send(t, s, signed("GET", "a/b.c", "", ""))
	for _, name := range []string{"ETag", "X-Oss-Hash-Crc64ecma", "Last-Modified", "Content-Length"} {
		require.Equal(t, before.Header.Get(name), after.Header.Get(name), name)
	}
	require.Equal(t, []string{"a%2Fb.c"}, list(t, s, ""))
}

// If Config.Age is set, listings must show earlier modification times. All other responses must
// show the real ones.
func TestObjectsLookOlder(t *testing.T) {
	s := open(t, func(c *Config) { c.Age = func() time.Duration { return time.Hour } })
	put(t, s, "a", "1")
	page := s.objects.list("", "")
	response, _, body := send(t, s, signed("GET", "", "list-type=2&max-keys=1000&encoding-type=url", ""))
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Contains(t, body, page.Objects[0].Modified.Add(-time.Hour).Format(listedTime))
	response, _, _ = send(t, s, signed("GET", "a", "", ""))
	require.Equal(t, page.Objects[0].Modified.Format(http.TimeFormat), response.Header.Get("Last-Modified"))
}
