package oss

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	testBucket = "bucket"
	testRegion = "cn-hangzhou"
)

func open(t *testing.T, change func(*Config)) *Server {
	t.Helper()
	cfg := Config{
		Dir: t.TempDir(), Bucket: testBucket, Region: testRegion,
		Credentials: func(id string) (string, string, bool) { return "secret", "", id == "id" },
	}
	if change != nil {
		change(&cfg)
	}
	server, err := Open(cfg)
	require.NoError(t, err)
	return server
}

// signed returns a request with the signature that the vendor's SDK would send. The tests of
// package ossstore use the SDK itself.
func signed(method, key, query, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, "http://localhost/"+testBucket+"/"+escape(key)+"?"+query, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	now := time.Now().UTC()
	r.Header.Set("Date", now.Format(http.TimeFormat))
	scope := strings.Join([]string{now.Format(dayFormat), testRegion, "oss", terminator}, "/")
	request := canonicalRequest(r, testBucket, key, r.URL.Query())
	signature := sign("secret", now.Format(http.TimeFormat), scope, request)
	r.Header.Set("Authorization", algorithm+" Credential=id/"+scope+",Signature="+signature)
	return r
}

// send passes a request to the server. It returns the response, the error code (empty if there is
// none) and the body.
func send(t *testing.T, s *Server, r *http.Request) (*http.Response, string, string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	body := w.Body.String()
	var e errorBody
	_ = xml.Unmarshal([]byte(body), &e)
	require.NotEmpty(t, w.Header().Get("X-Oss-Request-Id"))
	return w.Result(), e.Code, body
}

func put(t *testing.T, s *Server, key, text string) {
	t.Helper()
	response, code, _ := send(t, s, signed("PUT", key, "", text))
	require.Equal(t, http.StatusOK, response.StatusCode, code)
}

func remove(t *testing.T, s *Server, key string) {
	t.Helper()
	body := "<Delete><Object><Key>" + key + "</Key></Object></Delete>"
	response, code, _ := send(t, s, signed("POST", "", "delete&encoding-type=url", body, "Content-MD5", digest(body)))
	require.Equal(t, http.StatusOK, response.StatusCode, code)
}

func requireKeys(t *testing.T, s *Server, want ...string) {
	t.Helper()
	var keys []string
	s.objects.scan("", "", func(e entry) bool {
		keys = append(keys, e.key)
		return true
	})
	require.Equal(t, want, keys)
}

func digest(text string) string {
	sum := md5.Sum([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// stopping returns a request body that yields the given text and then an error, as if the
// client had disconnected.
func stopping(text string) io.Reader {
	return io.MultiReader(strings.NewReader(text), failing{})
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
