package ossstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/objstoretest"
	"devicetrace/pkg/objstore/ossstore"
)

func TestConformance(t *testing.T) {
	objstoretest.Run(t, func(t *testing.T) objstore.Store {
		return connect(t, standIn(t, nil), nil)
	})
}

func TestConformanceUnderPrefix(t *testing.T) {
	objstoretest.Run(t, func(t *testing.T) objstore.Store {
		return connect(t, standIn(t, nil), func(cfg *ossstore.Config) { cfg.Prefix = "fleet/ä =+%/" })
	})
}

func put(t *testing.T, store objstore.Store, key, text string) {
	t.Helper()
	require.NoError(t, store.Put(t.Context(), key, strings.NewReader(text), int64(len(text))))
}

func TestOneRequestACall(t *testing.T) {
	var requests []string
	handler := standIn(t, nil)
	store := connect(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests = append(requests, r.Method)
		handler.ServeHTTP(w, r)
	}), nil)
	put(t, store, "k", "v")
	_, err := store.Read(t.Context(), "k", 0, 1)
	require.NoError(t, err)
	_, err = store.List(t.Context(), "", "")
	require.NoError(t, err)
	require.NoError(t, store.Delete(t.Context(), "k"))
	require.Equal(t, []string{"PUT", "GET", "GET", "POST"}, requests)
}

func TestPutSendsLengthAndDigest(t *testing.T) {
	server := standIn(t, nil)
	for _, text := range []string{"", "text"} {
		var got *http.Request
		store := connect(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r
			server.ServeHTTP(w, r)
		}), nil)
		put(t, store, "k.json", text)
		require.EqualValues(t, len(text), got.ContentLength)
		require.Empty(t, got.TransferEncoding)
		require.NotEmpty(t, got.Header.Get("Content-MD5"))
		require.Equal(t, "application/octet-stream", got.Header.Get("Content-Type"))
	}
}

// The response to a successful put must contain a checksum of the object. A response without a
// checksum may come from a gateway, so the outcome of the put is unknown.
func TestAPutIsConfirmedByAChecksum(t *testing.T) {
	const md5OfText = "1cb251ec0d568de6a929b520c4aed8d1"
	for _, test := range []struct {
		name, header, value, body string
		confirmed                 bool
	}{
		{"empty", "", "", "", false},
		{"a page", "Content-Type", "text/html", "<html></html>", false},
		{"another ETag", "ETag", `"0` + md5OfText[1:] + `"`, "", false},
		{"its ETag", "ETag", `"` + strings.ToUpper(md5OfText) + `"`, "", true},
		{"its CRC", "X-Oss-Hash-Crc64ecma", "1660784822540881237", "", true},
		{"another CRC", "X-Oss-Hash-Crc64ecma", "1", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := connect(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if test.header != "" {
					w.Header().Set(test.header, test.value)
				}
				_, _ = io.WriteString(w, test.body)
			}), nil)
			err := store.Put(t.Context(), "k", strings.NewReader("text"), 4)
			require.Equal(t, test.confirmed, err == nil, "got %v", err)
			require.False(t, objstore.IsPermanent(err), "a retry may reach the service")
		})
	}
}

// damaging returns a handler that changes the first byte of each request's body and then calls
// the given handler.
func damaging(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if len(body) > 0 {
			body[0] ^= 1
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		handler.ServeHTTP(w, r)
	})
}

func TestDamagedBodyIsRefused(t *testing.T) {
	server := standIn(t, nil)
	err := connect(t, damaging(server), nil).Put(t.Context(), "k", strings.NewReader("text"), 4)
	require.ErrorContains(t, err, "InvalidDigest")
	require.False(t, objstore.IsPermanent(err), "the body of a retry may arrive intact")

	objects, err := objstore.All(t.Context(), connect(t, server, nil), "", "")
	require.NoError(t, err)
	require.Empty(t, objects)
}

func TestDamagedResponseIsRefused(t *testing.T) {
	server := standIn(t, nil)
	put(t, connect(t, server, nil), "k", "text")
	store := connect(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorded := httptest.NewRecorder()
		server.ServeHTTP(recorded, r)
		for name, values := range recorded.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(recorded.Code)
		_, _ = w.Write(bytes.ReplaceAll(recorded.Body.Bytes(), []byte("text"), []byte("test")))
	}), nil)
	_, err := store.Read(t.Context(), "k", 0, 4)
	require.ErrorContains(t, err, "checksum")
}

func TestErrors(t *testing.T) {
	const gateway = "<html><body>Bad Gateway</body></html>"
	code := func(code string) string { return "<Error><Code>" + code + "</Code><Message>m</Message></Error>" }
	for _, test := range []struct {
		name              string
		status            int
		body              string
		absent, permanent bool
		is                error
	}{
		{"no such key", 404, code("NoSuchKey"), true, false, fs.ErrNotExist},
		{"no such bucket", 404, code("NoSuchBucket"), false, true, nil},
		{"another 404", 404, code("NoSuchUpload"), false, false, nil},
		{"404 of a gateway", 404, gateway, false, false, nil},
		{"404 without a body", 404, "", false, false, nil},
		{"no such key, but status 500", 500, code("NoSuchKey"), false, false, nil},
		{"range", 416, code("InvalidRange"), false, false, objstore.ErrRange},
		{"access denied", 403, code("AccessDenied"), false, true, nil},
		{"signature", 403, code("SignatureDoesNotMatch"), false, true, nil},
		{"expired token", 403, code("SecurityTokenExpired"), false, false, nil},
		{"unknown key", 403, code("InvalidAccessKeyId"), false, false, nil},
		{"skewed", 403, code("RequestTimeTooSkewed"), false, false, nil},
		{"internal", 500, code("InternalError"), false, false, nil},
		{"throttled", 503, code("TotalQpsLimitExceeded"), false, false, nil},
		{"gateway", 502, gateway, false, false, nil},
		{"redirect", 307, "", false, false, nil},
		{"not modified", 304, "", false, false, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := connect(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "http://127.0.0.1:1/")
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			}), nil)
			_, err := store.Read(t.Context(), "k", 0, 1)
			require.Error(t, err)
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
			errs := []error{err, store.Put(t.Context(), "k", strings.NewReader("v"), 1), store.Delete(t.Context(), "k")}
			_, listed := store.List(t.Context(), "", "")
			_, grouped := store.Prefixes(t.Context(), "", "")
			for _, err := range append(errs, listed, grouped) {
				require.Error(t, err)
				require.Equal(t, test.permanent, objstore.IsPermanent(err), "permanent: %v", err)
			}
			require.Equal(t, test.absent, errors.Is(errs[0], fs.ErrNotExist), "absent: %v", errs[0])
			require.NotContains(t, fmt.Sprint(errs), "secret")
			require.NotContains(t, fmt.Sprint(errs), "token ")
		})
	}
}

// A read must reject every response that is not exactly the requested range.
func TestOtherRanges(t *testing.T) {
	for _, test := range []struct {
		name         string
		status       int
		contentRange string
		body         string
		want         error
	}{
		{"the range", 206, "bytes 2-4/10", "234", nil},
		{"the whole object", 200, "", "0123456789", nil},
		{"the whole object, of the same length", 200, "", "012", nil},
		{"another range", 206, "bytes 3-5/10", "345", nil},
		{"a longer range", 206, "bytes 2-5/10", "2345", nil},
		{"a shorter range", 206, "bytes 2-3/10", "23", nil},
		{"cut at the end", 206, "bytes 2-3/4", "23", objstore.ErrRange},
		{"past the end", 206, "bytes 2-4/3", "234", nil},
		{"no range", 206, "", "234", nil},
		{"another length", 206, "bytes 2-4/10", "23", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := connect(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, "bytes=2-4", r.Header.Get("Range"))
				assert.Equal(t, "standard", r.Header.Get("X-Oss-Range-Behavior"))
				assert.Equal(t, "identity", r.Header.Get("Accept-Encoding"))
				if test.contentRange != "" {
					w.Header().Set("Content-Range", test.contentRange)
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			}), nil)
			got, err := store.Read(t.Context(), "k", 2, 3)
			if test.name == "the range" {
				require.NoError(t, err)
				require.Equal(t, "234", string(got))
				return
			}
			require.Error(t, err)
			require.Equal(t, test.want != nil, errors.Is(err, objstore.ErrRange), "got %v", err)
			require.NotErrorIs(t, err, fs.ErrNotExist)
		})
	}
}

// legacy returns a handler that serves text as an object. If a range ends past the end of the
// object, the handler responds with the whole object. OSS does the same, unless a request asks for
// the range behavior "standard".
func legacy(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var first, last int
		_, _ = fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &first, &last)
		if last >= len(text) {
			_, _ = io.WriteString(w, text)
			return
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, len(text)))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = io.WriteString(w, text[first:last+1])
	}
}

func TestLegacyRangesAreDetected(t *testing.T) {
	store := connect(t, legacy("0123456789"), nil)
	for _, r := range [][2]int64{{0, 11}, {9, 2}, {10, 1}, {5, 10}} {
		got, err := store.Read(t.Context(), "k", r[0], r[1])
		require.ErrorContains(t, err, "not the requested range", "range %v", r)
		require.Nil(t, got)
	}
	got, err := store.Read(t.Context(), "k", 2, 3)
	require.NoError(t, err)
	require.Equal(t, "234", string(got))
}

func TestDeleteNamesWhatWasNotConfirmed(t *testing.T) {
	store := connect(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<DeleteResult><Deleted><Key>p%2Fb</Key></Deleted></DeleteResult>")
	}), func(cfg *ossstore.Config) { cfg.Prefix = "p/" })
	err := store.Delete(t.Context(), "a", "b", "c")
	var failed *objstore.DeleteError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, []string{"a", "c"}, failed.Keys)
}

func TestListingIsChecked(t *testing.T) {
	object := func(key string) string { return "<Contents><Key>" + key + "</Key><Size>1</Size></Contents>" }
	for name, body := range map[string]string{
		"not sorted":      object("p/b") + object("p/a"),
		"twice":           object("p/b") + object("p/b"),
		"another prefix":  object("q/a"),
		"not after":       object("p/0"),
		"empty, not last": "<IsTruncated>true</IsTruncated>",
	} {
		t.Run(name, func(t *testing.T) {
			store := connect(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "<ListBucketResult>"+body+"</ListBucketResult>")
			}), nil)
			_, err := store.List(t.Context(), "p/", "p/0")
			require.ErrorContains(t, err, "check page")
		})
	}
}

// prefixPage opens a store whose listing response has the given body. It requests the page of
// common prefixes that follows "p/b/".
func prefixPage(t *testing.T, body string) (objstore.PrefixPage, error) {
	t.Helper()
	store := connect(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<ListBucketResult>"+body+"</ListBucketResult>")
	}), nil)
	return store.Prefixes(t.Context(), "p/", "p/b/")
}

func TestPrefixesAreChecked(t *testing.T) {
	common := func(prefix string) string { return "<CommonPrefixes><Prefix>" + prefix + "</Prefix></CommonPrefixes>" }
	for name, body := range map[string]string{
		"not sorted":           common("p/d/") + common("p/c/"),
		"twice":                common("p/c/") + common("p/c/"),
		"another prefix":       common("q/c/"),
		"not after":            common("p/b/"),
		"two slashes":          common("p/c/d/"),
		"no slash":             common("p/c"),
		"the prefix itself":    common("p/"),
		"no progress":          "<IsTruncated>true</IsTruncated>",
		"no progress, objects": "<IsTruncated>true</IsTruncated><Contents><Key>p/a</Key></Contents>",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := prefixPage(t, body)
			require.ErrorContains(t, err, "check page")
			require.ErrorContains(t, err, `list prefixes of "p/" after "p/b/"`)
		})
	}
	for body, want := range map[string]objstore.PrefixPage{
		"":                              {},
		common("p/c/") + common("p/d/"): {Prefixes: []string{"p/c/", "p/d/"}},
		"<IsTruncated>true</IsTruncated>" + common("p/c/"):                                         {Prefixes: []string{"p/c/"}, Next: "p/c/"},
		"<IsTruncated>true</IsTruncated>" + common("p/c/") + "<Contents><Key>p/d</Key></Contents>": {Prefixes: []string{"p/c/"}, Next: "p/d"},
		"<IsTruncated>true</IsTruncated>" + common("p/e/") + "<Contents><Key>p/d</Key></Contents>": {Prefixes: []string{"p/e/"}, Next: "p/e/"},
		"<IsTruncated>true</IsTruncated><Contents><Key>p/d</Key></Contents>":                       {Next: "p/d"},
	} {
		page, err := prefixPage(t, body)
		require.NoError(t, err)
		require.Equal(t, want, page, body)
	}
}

func TestCancelWhileTheServiceIsSilent(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	store := connect(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	}), nil)
	require.ErrorIs(t, store.Put(ctx, "k", strings.NewReader("v"), 1), context.Canceled)
}

// If a connection times out while the caller's context is still valid, Retrying must repeat the
// call.
func TestSilenceIsRetried(t *testing.T) {
	server := standIn(t, nil)
	first := true
	silent := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if first {
			first = false
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			return
		}
		server.ServeHTTP(w, r)
	})
	// On a slow machine, even the stand-in may take longer than the timeout to respond. The test
	// therefore allows many attempts.
	store := connect(t, silent, func(cfg *ossstore.Config) { cfg.IOTimeout = 200 * time.Millisecond })
	put(t, objstore.Retrying(store, objstore.RetryPolicy{Attempts: 60, Base: time.Millisecond}), "k", "v")
}

func TestRestartKeepsObjects(t *testing.T) {
	dir := t.TempDir()
	open := func() objstore.Store {
		return connect(t, standIn(t, func(cfg *oss.Config) { cfg.Dir = dir }), nil)
	}
	put(t, open(), "a/b", "text")
	store := open()
	got, err := store.Read(t.Context(), "a/b", 0, 4)
	require.NoError(t, err)
	require.Equal(t, "text", string(got))
	objects, err := objstore.All(t.Context(), store, "", "")
	require.NoError(t, err)
	require.Len(t, objects, 1)
}
