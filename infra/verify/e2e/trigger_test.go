package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/fc"
	"devicetrace/infra/local/oss"
	"devicetrace/infra/local/syaml"
)

// TestTrigger sends RocketMQ trigger payloads to the recorder. They arrive as platform events, not
// as HTTP requests from a trigger.
func TestTrigger(t *testing.T) {
	for _, file := range []string{"s.yaml", concurrentFile} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			testTrigger(t, newPlatform(t, file, nil))
		})
	}
}

func testTrigger(t *testing.T, p platform) {
	at := time.Now().Truncate(time.Millisecond)
	message := func(client string) string {
		body := fmt.Sprintf(`{"eventType":"connect","clientId":%q,"channelId":"0f1e2d3c4b5a69788796a5b4c3d2e1f0","clientIp":"192.0.2.7","time":%d}`, client, at.UnixMilli())
		quoted, err := json.Marshal(body)
		require.NoError(t, err)
		return fmt.Sprintf(`{"id":%q,"specversion":"1.0","type":"mq:Topic:SendMessage","data":{"topic":"mqtt",
			"systemProperties":{"TAGS":"connect","CONSUME_START_TIME":%d},"userProperties":{},"body":%s}}`, client, at.UnixMilli(), quoted)
	}
	for _, payload := range []string{message("one"), "[" + message("two") + `,{"data":5},` + message("three") + "]", message("one")} {
		_, err := p.host.Invoke(t.Context(), "recorder", []byte(payload))
		require.NoError(t, err)
	}
	for _, client := range []string{"one", "two", "three"} {
		rows := p.stack.trace(t, question("mq", client, at, at)).rows(t)
		require.Len(t, rows, 1, client)
		require.Equal(t, "connect", rows[0].Action)
		require.Equal(t, "mq", rows[0].InstanceID)
	}
	require.Len(t, p.stack.objects(t, "quarantine/"), 1)

	p.store.Close()
	_, err := p.host.Invoke(t.Context(), "recorder", []byte(message("four")))
	var failure *fc.Error
	require.ErrorAs(t, err, &failure)
	require.Equal(t, "UnhandledInvocationError", failure.Code, "the trigger must deliver it again")
}

// platform runs the function host in the test's own process, so that a test can pass any event to
// the functions.
type platform struct {
	host  *fc.Host
	store *httptest.Server
	puts  *atomic.Int64 // the number of segments that were put
	stack *stack        // used only for queries and for the bucket's files, because host runs the functions
}

// newPlatform hosts the functions that a file describes. variables holds environment variables that
// the file refers to, in addition to the tokens.
func newPlatform(t *testing.T, file string, variables map[string]string) platform {
	t.Helper()
	all := map[string]string{
		"WEBHOOK_TOKEN": webhookToken, "QUERY_TOKEN": queryToken, "TRIGGER_INSTANCE": "mq",
		"OSS_BUCKET": "device-trace", "DOMAIN": "localhost", "CERT_NAME": "none",
	}
	maps.Copy(all, variables)
	text, err := os.ReadFile(filepath.Join(built, file))
	require.NoError(t, err)
	functions, err := syaml.Parse(text, func(name string) (string, bool) {
		value, found := all[name]
		return value, found
	})
	require.NoError(t, err)

	data := t.TempDir()
	bucket, err := oss.Open(oss.Config{
		Dir: data, Bucket: functions[0].Environment["OSS_BUCKET"], Region: functions[0].Environment["OSS_REGION"],
		Credentials: func(string) (secret, token string, ok bool) { return "secret", "token", true },
	})
	require.NoError(t, err)
	puts := &atomic.Int64{}
	store := httptest.NewServer(countPuts(bucket, puts))
	t.Cleanup(store.Close)
	host, err := fc.New(fc.Config{
		Functions: functions, Dir: filepath.Join(built, filepath.Dir(file)), Environment: map[string]string{"OSS_ENDPOINT": store.URL},
		Credentials: func() fc.Credentials {
			return fc.Credentials{AccessKeyID: "id", AccessKeySecret: "secret", SecurityToken: "token"}
		},
	})
	require.NoError(t, err)
	server := httptest.NewServer(host)
	t.Cleanup(func() {
		server.Close()
		host.Stop(t.Context())
	})
	address, err := url.Parse(server.URL)
	require.NoError(t, err)
	return platform{host, store, puts, &stack{data: data, port: address.Port()}}
}

// countPuts returns a handler that counts the puts of segments and passes all requests to the
// bucket.
func countPuts(bucket http.Handler, puts *atomic.Int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/events/") {
			puts.Add(1)
		}
		bucket.ServeHTTP(w, r)
	})
}
