package env

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func reader(variables map[string]string) *Reader {
	return &Reader{Getenv: func(name string) string { return variables[name] }}
}

func TestReader(t *testing.T) {
	r := reader(map[string]string{"A": " a ", "N": "30"})
	require.Equal(t, "a", r.Required("A"))
	require.Equal(t, "", r.Optional("B"))
	require.Equal(t, 30, r.Int("N", 7, 1, 100))
	require.Equal(t, 7, r.Int("M", 7, 1, 100))
	require.NoError(t, r.Err())
}

func TestReaderNamesEveryInvalidVariable(t *testing.T) {
	r := reader(map[string]string{"N": "many", "M": "0"})
	r.Required("WEBHOOK_TOKEN")
	r.Int("N", 7, 1, 100)
	r.Int("M", 7, 1, 100)
	require.EqualError(t, r.Err(), `environment variable WEBHOOK_TOKEN is not set; `+
		`environment variable N is "many", want a whole number from 1 to 100; `+
		`environment variable M is "0", want a whole number from 1 to 100`)
}

func TestBucketNamesWhatIsMissing(t *testing.T) {
	r := reader(map[string]string{"OSS_BUCKET": "trace"})
	r.Bucket(0)
	require.ErrorContains(t, r.Err(), "OSS_ENDPOINT")
	require.ErrorContains(t, r.Err(), "OSS_REGION")
	require.NotContains(t, r.Err().Error(), "OSS_BUCKET")
}

func TestBucket(t *testing.T) {
	r := reader(map[string]string{"OSS_BUCKET": "trace", "OSS_REGION": "cn-hangzhou", "OSS_ENDPOINT": "http://127.0.0.1:1"})
	bucket := r.Bucket(0)
	require.NoError(t, r.Err())
	require.NotNil(t, bucket.Store)
	bucket.Credentials("id", "secret", "token")
}

// A request on a connection that has gone silent must be retried on another connection.
func TestBucketRetriesWhenTheServiceIsSilent(t *testing.T) {
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == 1 {
			<-r.Context().Done()
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		_, _ = io.WriteString(w, `<ListBucketResult><Name>trace</Name></ListBucketResult>`)
	}))
	t.Cleanup(server.Close)
	r := reader(map[string]string{
		"OSS_BUCKET": "trace", "OSS_REGION": "cn-hangzhou", "OSS_ENDPOINT": server.URL,
		"ALIBABA_CLOUD_ACCESS_KEY_ID": "id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret",
	})
	bucket := r.Bucket(2 * time.Second)
	require.NoError(t, r.Err())
	page, err := bucket.Store.List(t.Context(), "events/", "")
	require.NoError(t, err)
	require.Empty(t, page.Objects)
	require.Greater(t, requests.Load(), int32(1))
}

func TestTokens(t *testing.T) {
	for name, c := range map[string]struct {
		single, list string
		every, prod  bool // whether "every" and "prod" are valid tokens
	}{
		"one for all":   {"every", "", true, false},
		"one by one":    {"", "prod=prod;test=test", false, true},
		"both":          {" every ", "prod=prod", true, true},
		"one of a list": {"", "every=*", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := reader(map[string]string{"TOKEN": c.single, "TOKENS": c.list})
			tokens := r.Tokens("TOKEN", "TOKENS")
			require.NoError(t, r.Err())
			grant, found := tokens.Find("every")
			require.Equal(t, c.every, found && grant.Allows("anything"))
			grant, found = tokens.Find("prod")
			require.Equal(t, c.prod, found && grant.Allows("prod"))
			require.False(t, grant.Allows("test"))
		})
	}
}

func TestTokenErrorsNameTheVariableAndNotTheToken(t *testing.T) {
	for name, c := range map[string]struct{ single, list, want string }{
		"neither":      {"", " ", "environment variable TOKEN is not set, and neither is TOKENS: set at least one of them"},
		"no instance":  {"", "a=b;hush", `environment variable TOKENS is wrong: part 2: has no "=", want token=instance,instance`},
		"given twice":  {"hush", "hush=a", "environment variable TOKEN is wrong: this token was given before"},
		"not a token":  {"hu sh", "", "environment variable TOKEN is wrong: a token must consist of visible ASCII characters and must not be empty"},
		"empty parts":  {"", ";", "environment variable TOKEN is not set, and neither is TOKENS: set at least one of them"},
		"no instances": {"all", "hush=", "environment variable TOKENS is wrong: part 1: instance 1 is empty or contains a character other than visible ASCII"},
	} {
		t.Run(name, func(t *testing.T) {
			r := reader(map[string]string{"TOKEN": c.single, "TOKENS": c.list})
			r.Tokens("TOKEN", "TOKENS")
			require.EqualError(t, r.Err(), c.want)
		})
	}
}

// TestSigningTokens checks that SigningTokens rejects too many tokens for an instance, and that
// Tokens accepts them. The token in TOKEN counts for each instance.
func TestSigningTokens(t *testing.T) {
	const four = "hush1=a;hush2=a;hush3=a;hush4=a,b"
	const want = `environment variable TOKENS is wrong: instance "a" has 5 tokens, want at most 4 (a token for all instances counts for each instance)`
	r := reader(map[string]string{"TOKENS": four})
	tokens := r.SigningTokens("TOKEN", "TOKENS")
	require.NoError(t, r.Err())
	_, found := tokens.Find("hush4")
	require.True(t, found)

	r = reader(map[string]string{"TOKEN": "hush", "TOKENS": four})
	r.Tokens("TOKEN", "TOKENS")
	require.NoError(t, r.Err())
	r.SigningTokens("TOKEN", "TOKENS")
	require.EqualError(t, r.Err(), want)
}

func TestInstance(t *testing.T) {
	for set, want := range map[string]string{"": "", " mqtt-cn-1 ": "mqtt-cn-1"} {
		r := reader(map[string]string{"TRIGGER_INSTANCE": set})
		require.Equal(t, want, string(r.Instance("TRIGGER_INSTANCE")))
		require.NoError(t, r.Err())
	}
}

func TestMilliseconds(t *testing.T) {
	for set, want := range map[string]time.Duration{
		"": 0, "0": 0, "1": time.Millisecond, " 250 ": 250 * time.Millisecond, "2000": 2 * time.Second,
	} {
		r := reader(map[string]string{"WAIT": set})
		require.Equal(t, want, r.Milliseconds("WAIT", 2*time.Second))
		require.NoError(t, r.Err())
	}
	for _, set := range []string{"-1", "2001", "250ms", "0.25", "1s"} {
		r := reader(map[string]string{"WAIT": set})
		require.Zero(t, r.Milliseconds("WAIT", 2*time.Second))
		require.EqualError(t, r.Err(), `environment variable WAIT is "`+set+`", want a whole number from 0 to 2000`)
	}
}
