package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

const (
	smokeWebhookToken = "webhook-secret"
	smokeQueryToken   = "query-secret"
)

// deployment stands in for a recorder and a query function. It keeps the last event that was posted.
// A test replaces responses to inject faults.
type deployment struct {
	// faults maps a method and a path to a handler that responds in place of the deployment.
	faults map[string]http.HandlerFunc
	// clock is how far the servers' clocks are ahead of this machine's.
	clock time.Duration

	mu     sync.Mutex
	posted map[string]any
}

func (d *deployment) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", time.Now().Add(d.clock).UTC().Format(http.TimeFormat))
	request := r.Method + " " + r.URL.Path
	if fault := d.faults[request]; fault != nil {
		fault(w, r)
		return
	}
	switch request {
	case "GET /healthz", "GET /webhooks/healthz":
		io.WriteString(w, "ok\n")
	case "GET /version":
		io.WriteString(w, `{"function":"query","version":"(devel)","revision":"0123456789abcdef","modified":false,"go":"go1.26"}`)
	case "GET /webhooks/version":
		io.WriteString(w, `{"function":"recorder","version":"(devel)","revision":"0123456789abcdef","modified":false,"go":"go1.26"}`)
	case "POST /webhooks/events/smoke":
		d.post(w, r)
	case "GET /api/v1/trace":
		d.trace(w, r)
	default:
		respond(w, `404 {"code":"NotFound","error":"there is no such path"}`)
	}
}

func (d *deployment) post(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+smokeWebhookToken {
		respond(w, `401 {"code":"Unauthorized","error":"send a valid token"}`)
		return
	}
	if json.NewDecoder(r.Body).Decode(&d.posted) != nil {
		respond(w, `400 {"recorded":0,"rejected":[{"item":0,"field":"","error":"is no JSON"}]}`)
		return
	}
	io.WriteString(w, `{"recorded":1}`)
}

func (d *deployment) trace(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	q := r.URL.Query()
	if r.Header.Get("Authorization") != "Bearer "+smokeQueryToken {
		respond(w, `401 {"code":"Unauthorized","error":"send a valid token"}`)
		return
	}
	if q.Get("client") != d.posted["client_id"] || q.Get("instance") != "smoke" {
		io.WriteString(w, `{"events":[]}`)
		return
	}
	row := map[string]any{}
	for name, value := range d.posted {
		row[name] = value
	}
	row["instance_id"], row["received_at"] = "smoke", time.Now().Add(d.clock).UTC()
	row["time"] = time.UnixMilli(int64(d.posted["time"].(float64))).UTC()
	_ = json.NewEncoder(w).Encode(map[string]any{"events": []any{row}})
}

// answer returns a fault that responds with the status and body in text, and with the given header.
func answer(text string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		respond(w, text)
	}
}

// smokeRun is the result of a run of ops smoke.
type smokeRun struct {
	status   int
	out, err string
}

// runSmoke runs ops smoke for the given address. Unless change is nil, it changes the check before it
// runs.
func runSmoke(t *testing.T, base string, change func(*smoke), arguments ...string) smokeRun {
	t.Helper()
	var stdout, stderr strings.Builder
	environment := map[string]string{"WEBHOOK_TOKEN": smokeWebhookToken, "QUERY_TOKEN": smokeQueryToken}
	if change == nil {
		change = func(*smoke) {}
	}
	tree := command{name: program, commands: []command{smokeCommandWith(change)}}
	term := terminal{getenv: func(name string) string { return environment[name] }, stdout: &stdout, stderr: &stderr}
	line := append([]string{"smoke", base}, arguments...)
	err := dispatch(t.Context(), term, program, tree, line)
	got := smokeRun{0, stdout.String(), ""}
	if err != nil {
		got.status, got.err = statusFailed, err.Error()
	}
	require.NotContains(t, got.out+got.err, smokeWebhookToken)
	require.NotContains(t, got.out+got.err, smokeQueryToken)
	return got
}

// smokeCommandWith returns the command smoke, with a function that changes the check before it runs.
func smokeCommandWith(change func(*smoke)) command {
	c := smokeCommand
	c.prepare = func(flags *flag.FlagSet) action { return prepareSmokeWith(flags, change) }
	return c
}

// requireStepFails checks that the named step failed and that the output contains the given texts.
func (r smokeRun) requireStepFails(t *testing.T, name string, want ...string) {
	t.Helper()
	require.Equal(t, statusFailed, r.status, r.out)
	require.Equal(t, fmt.Sprintf("the step %q failed", name), r.err, r.out)
	require.Contains(t, r.out, "✗ "+name+" ")
	require.Contains(t, r.out, "\nWhat to do: ")
	for _, text := range want {
		require.Contains(t, r.out, text)
	}
}

func startDeployment(t *testing.T, d *deployment) string {
	t.Helper()
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	return server.URL
}

func TestSmoke(t *testing.T) {
	d := &deployment{}
	base := startDeployment(t, d)
	got := runSmoke(t, base+"/", nil)
	require.Zero(t, got.status, got.out+got.err)
	for _, name := range []string{"address", "name", "connection", "recorder", "query", "clock", "post", "read"} {
		require.Regexp(t, `(?m)^✓ `+name+` +\d+ ms  \S`, got.out)
	}
	require.Contains(t, got.out, "revision 0123456789ab, go1.26\n")
	clientID := d.posted["client_id"].(string)
	require.Regexp(t, `^device-trace-smoke-[a-z0-9]{12}$`, clientID)
	require.Contains(t, got.out, "\n"+base+"/?client="+clientID+"&instance=smoke\n")
	require.NotContains(t, got.out, "✗")
	require.NotContains(t, got.out, "!")
	runSmoke(t, base, nil)
	require.NotEqual(t, clientID, d.posted["client_id"], "each run has its own client")
}

// The command must distinguish all these faults and print a remedy for each.
func TestSmokeFaults(t *testing.T) {
	const post, trace = "POST /webhooks/events/smoke", "GET /api/v1/trace"
	for name, c := range map[string]struct {
		request string
		fault   http.HandlerFunc
		step    string
		want    []string
	}{
		"recorder's token":            {post, answer(`401 {"code":"Unauthorized","error":"no"}`), "post", []string{"401 Unauthorized", "this WEBHOOK_TOKEN: set it"}},
		"instance":                    {post, answer(`403 {"code":"Forbidden","error":"this token is not authorized for the instance"}`), "post", []string{"does not cover the instance smoke: use -instance", "WEBHOOK_TOKENS"}},
		"query's token":               {trace, answer(`401 {"code":"Unauthorized","error":"no"}`), "read", []string{"this QUERY_TOKEN: set it"}},
		"query's instance":            {trace, answer(`403 {"code":"Forbidden","error":"no"}`), "read", []string{"QUERY_TOKENS"}},
		"OSS forbids":                 {post, answer(`503 {"code":"StoreForbidden","error":"OSS refuses the function"}`), "post", []string{"OSS responds with 403", "infra/operate/bucket"}},
		"OSS forbids reading":         {trace, answer(`503 {"code":"StoreForbidden","error":"OSS refuses the function"}`), "read", []string{"the query function responds with 503", "OSS responds with 403"}},
		"no bucket":                   {post, answer(`503 {"code":"NoSuchBucket","error":"OSS has no such bucket"}`), "post", []string{"create the bucket"}},
		"wrong endpoint":              {post, answer(`503 {"code":"WrongEndpoint","error":"elsewhere"}`), "post", []string{"set REGION"}},
		"layout":                      {post, answer(`503 {"code":"LayoutMismatch","error":"two"}`), "post", []string{"SHARDS", "Two layout markers"}},
		"configuration":               {"GET /webhooks/healthz", answer(`503 {"code":"InvalidConfiguration","error":"the log says"}`), "recorder", []string{"it names the variables"}},
		"query's configuration":       {"GET /healthz", answer(`503 {"code":"InvalidConfiguration","error":"the log says"}`), "query", []string{"it names the variables"}},
		"no start":                    {post, answer(`503 {"code":"NotStarted","error":"the log says"}`), "post", []string{"why it cannot start"}},
		"store down":                  {post, answer(`503 {"code":"StoreUnavailable","error":"later"}`), "post", []string{"try again"}},
		"busy":                        {post, answer(`429 {"code":"Busy","error":"later"}`), "post", []string{"try again"}},
		"unknown code":                {post, answer(`400 {"code":"New","error":"x"}`), "post", []string{"400 New: x", "read the function's log"}},
		"no function instance":        {post, answer(`429 {"RequestId":"1","Code":"ResourceExhausted","Message":"no"}`), "post", []string{"quota of instances", "reservedConcurrency"}},
		"domain not bound":            {"GET /webhooks/healthz", answer(`404 {"RequestId":"1","Code":"DomainNameNotFound","Message":"no"}`), "recorder", []string{"404 DomainNameNotFound", "bind the custom domain"}},
		"trigger with login":          {"GET /webhooks/healthz", answer(`403 {"RequestId":"1","Code":"AccessDenied","Message":"no"}`), "recorder", []string{"authType"}},
		"crash":                       {post, answer(`502 {"RequestId":"1","Code":"ProcessExited","Message":"no"}`), "post", []string{"ran out of memory"}},
		"asynchronous":                {post, answer(`202 `), "post", []string{"the response is 202", "asynchronously", "X-Fc-Invocation-Type"}},
		"asynchronous with a body":    {post, answer(`202 {"accepted":true}`), "post", []string{"asynchronously", "X-Fc-Invocation-Type"}},
		"asynchronous from the start": {"GET /webhooks/healthz", answer(`202 `), "recorder", []string{"X-Fc-Invocation-Type"}},
		"initializer":                 {post, answer(`200 {}`), "post", []string{"the response is 200, but not from the recorder: {}", "initializer"}},
		"empty 200":                   {post, answer(`200 `), "post", []string{"initializer"}},
		"web page":                    {"GET /webhooks/healthz", answer("200 <!doctype html>ok", "Server", "nginx"), "recorder", []string{"a web page", `Server: "nginx"`}},
		"web page for the API":        {trace, answer("404 <h1>no</h1>", "Content-Type", "text/html"), "read", []string{"a web page"}},
		"redirect":                    {"GET /webhooks/healthz", answer("301 ", "Location", "https://a.example/"), "recorder", []string{`redirects (301) to "https://a.example/"`}},
		"older version":               {"GET /webhooks/healthz", answer(`404 {"code":"NotFound","error":"no"}`), "recorder", []string{"older than this command", "route /webhooks/*"}},
		"wrong function":              {"GET /webhooks/version", answer(`200 {"function":"query"}`), "recorder", []string{"leads to the function query"}},
		"query at the recorder":       {"GET /version", answer(`200 {"function":"recorder"}`), "query", []string{"-query"}},
		"gateway":                     {post, answer("504 late"), "post", []string{"cannot reach the function"}},
		"closed connection":           {post, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "post", []string{"closed the connection"}},
		"quarantined":                 {post, answer(`400 {"recorded":0,"rejected":[{"item":0,"field":"time","error":"is more than 1h0m0s in the future"}]}`), "post", []string{"correct this machine's clock"}},
		"not recorded":                {post, answer(`200 {"recorded":0}`), "post", []string{"0 events were recorded, not 1"}},
		"not found":                   {trace, answer(`200 {"events":[]}`), "read", []string{"has not found it", "OSS_PREFIX", "SHARDS"}},
		"another bucket":              {trace, answer(`200 {"events":[],"instance_known":false,"instances":["a"]}`), "read", []string{"another bucket or prefix"}},
		"an empty bucket":             {trace, answer(`200 {"events":[],"instance_known":false,"bucket_empty":true}`), "read", []string{"the bucket of the query function is empty"}},
		"unreadable objects":          {trace, answer(`200 {"events":[],"incomplete":true}`), "read", []string{"could not read all objects"}},
		"two events":                  {trace, answer(`200 {"events":[{},{}]}`), "read", []string{"2 events instead of one"}},
		"no HTTP":                     {post, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("A", "\x1b"); w.WriteHeader(200) }, "post", []string{"malformed MIME header line: \"A: \\x1b\""}},
		"another event":               {trace, answer(`200 {"events":[{"client_id":"x"}]}`), "read", []string{"differs"}},
		"no events":                   {trace, answer(`200 []`), "read", []string{"not from the query function: []"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := startDeployment(t, &deployment{faults: map[string]http.HandlerFunc{c.request: c.fault}})
			runSmoke(t, base, nil).requireStepFails(t, c.step, c.want...)
		})
	}
}

// If a server echoes the request, the command must not print the token in it.
func TestSmokePrintsNoToken(t *testing.T) {
	echo := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "you sent %s\x1b[2J", r.Header)
	}
	for _, path := range []string{"POST /webhooks/events/smoke", "GET /api/v1/trace"} {
		got := runSmoke(t, startDeployment(t, &deployment{faults: map[string]http.HandlerFunc{path: echo}}), nil)
		require.Equal(t, statusFailed, got.status)
		require.Contains(t, got.out, "Bearer [token]")
		require.NotContains(t, got.out, "\x1b")
	}
	redirect := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/?"+r.Header.Get("Authorization"), http.StatusFound)
	}
	got := runSmoke(t, startDeployment(t, &deployment{faults: map[string]http.HandlerFunc{"POST /webhooks/events/smoke": redirect}}), nil)
	got.requireStepFails(t, "post", "redirects (302)")
}

func TestSmokeVersionsDiffer(t *testing.T) {
	d := &deployment{faults: map[string]http.HandlerFunc{"GET /version": answer(`200 {"function":"query","revision":"fedc","modified":true,"go":"go1.27"}`)}}
	got := runSmoke(t, startDeployment(t, d), nil)
	require.Zero(t, got.status, got.out)
	require.Contains(t, got.out, "! the recorder and the query function run different versions: deploy both\n")
	require.Contains(t, got.out, "revision fedc, with changes, go1.27\n")
}

func TestSmokeClock(t *testing.T) {
	for clock, want := range map[time.Duration]string{
		0:                            "",
		-5 * time.Minute:             "! this machine's clock is 5m",
		10 * time.Minute:             "behind the server's: correct it",
		event.MaxAhead - time.Minute: "behind the server's: correct it",
	} {
		got := runSmoke(t, startDeployment(t, &deployment{clock: clock}), nil)
		require.Zero(t, got.status, got.out)
		require.Equal(t, want != "", strings.Contains(got.out, "!"))
		require.Contains(t, got.out, want)
	}
	for _, clock := range []time.Duration{2 * time.Hour, -2 * time.Hour} {
		got := runSmoke(t, startDeployment(t, &deployment{clock: clock}), nil)
		got.requireStepFails(t, "clock", "this machine's clock is ", "NTP")
	}
	early := answer("200 ok", "Date", time.Now().Add(-2*time.Hour).UTC().Format(http.TimeFormat))
	d := &deployment{faults: map[string]http.HandlerFunc{"GET /webhooks/healthz": early}}
	runSmoke(t, startDeployment(t, d), nil).requireStepFails(t, "clock", "ahead of the server's") // even though the query function's clock is right
}

// If the responses have no Date header, the command must notice a wrong clock from the time at which
// the recorder received the event.
func TestSmokeClockOfTheRecorder(t *testing.T) {
	d := &deployment{clock: -3 * time.Minute}
	base := startDeployment(t, d)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(base, "http://")
		request, err := http.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), r.Body)
		if err != nil {
			panic(err)
		}
		request.Header = r.Header
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			panic(err)
		}
		defer response.Body.Close()
		w.Header()["Date"] = nil
		io.Copy(w, response.Body)
	})
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	got := runSmoke(t, server.URL, nil)
	require.Zero(t, got.status, got.out)
	require.Contains(t, got.out, "the responses have no Date header")
	require.Regexp(t, "by the recorder's clock: this machine's clock is (3m0s|2m5.s) ahead of it", got.out)
}

func TestSmokeTimeout(t *testing.T) {
	leave := make(chan struct{})
	base := startDeployment(t, &deployment{faults: map[string]http.HandlerFunc{"GET /webhooks/healthz": func(http.ResponseWriter, *http.Request) { <-leave }}})
	t.Cleanup(func() { close(leave) })
	got := runSmoke(t, base, func(s *smoke) { s.timeout = 100 * time.Millisecond })
	got.requireStepFails(t, "recorder", "the recorder did not respond in time")
}

func TestSmokeInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, err := newSmoke(terminal{getenv: func(string) string { return "" }, stdout: io.Discard}, nil, "", "smoke")
	require.NoError(t, err)
	require.ErrorIs(t, s.run(ctx), context.Canceled)
}

func TestSmokeAddresses(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed := "http://" + listener.Addr().String()
	require.NoError(t, listener.Close())
	runSmoke(t, closed, nil).requireStepFails(t, "connection", "nothing listens on "+strings.TrimPrefix(closed, "http://"))
	runSmoke(t, "http://192.0.2.1", nil).requireStepFails(t, "address", "anyone on the network path could read the tokens", "-clear")
	base := startDeployment(t, &deployment{})
	runSmoke(t, base, nil, "-query", "http://trace.example.com").requireStepFails(t, "address", "http://trace.example.com uses http")
	got := runSmoke(t, "https://device-trace.invalid", nil)
	require.Equal(t, `the step "name" failed`, got.err)

	allowed := runSmoke(t, "http://127.0.0.1.nowhere.invalid", nil, "-clear")
	require.Equal(t, `the step "name" failed`, allowed.err)
}

func TestSmokeQueryElsewhere(t *testing.T) {
	d := &deployment{}
	base := startDeployment(t, d)
	other := startDeployment(t, &deployment{faults: map[string]http.HandlerFunc{"GET /api/v1/trace": d.ServeHTTP}})
	broken := map[string]http.HandlerFunc{"GET /healthz": answer("500 x"), "GET /version": answer("500 x"), "GET /api/v1/trace": answer("500 x")}
	d.faults = map[string]http.HandlerFunc{}
	got := runSmoke(t, base, nil, "-query", other)
	require.Zero(t, got.status, got.out)
	require.Contains(t, got.out, "\n"+other+"/?client=")
	runSmoke(t, startDeployment(t, &deployment{faults: broken}), nil).requireStepFails(t, "query")
}

func TestSmokeUsage(t *testing.T) {
	for _, c := range []struct {
		line []string
		want string
	}{
		{[]string{"trace.example.com"}, "smoke: URL must be an http or https URL"},
		{[]string{"https://user:pass@trace.example.com"}, "smoke: URL must be a URL without a user"},
		{[]string{"https://a.example", "https://b.example"}, "smoke: takes at most one URL"},
		{[]string{"-query", "x"}, "smoke: -query must be"},
		{[]string{"-instance", "a b"}, "smoke: -instance must be 1 to 128"},
	} {
		status, out, err := opsWith(t, nil, append([]string{"smoke"}, c.line...)...)
		require.Equal(t, statusUsage, status, c.line)
		require.Empty(t, out)
		require.Contains(t, err, c.want)
	}
	status, _, err := opsWith(t, map[string]string{"WEBHOOK_TOKEN": "x"}, "smoke", "https://trace.example.com")
	require.Equal(t, statusFailed, status)
	require.Contains(t, err, "set the environment variable QUERY_TOKEN")
}

// certificate describes the certificate of a test server.
type certificate struct {
	name        string
	from, until time.Duration // relative to now
}

// startTLS serves a deployment over TLS with the given certificate. It returns the authority that signed
// the certificate.
func startTLS(t *testing.T, c certificate) (base string, authority *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	now := time.Now()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: now.Add(-1000 * time.Hour), NotAfter: now.Add(1000 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: now.Add(c.from), NotAfter: now.Add(c.until)}
	if ip := net.ParseIP(c.name); ip != nil {
		leaf.IPAddresses = []net.IP{ip}
	} else {
		leaf.DNSNames = []string{c.name}
	}
	signed, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), key)
	require.NoError(t, err)
	rootSigned, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(rootSigned)
	require.NoError(t, err)
	authority = x509.NewCertPool()
	authority.AddCert(parsed)
	server := httptest.NewUnstartedServer(&deployment{})
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{signed}, PrivateKey: key}}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, authority
}

func TestSmokeCertificates(t *testing.T) {
	const hour = time.Hour
	trust := func(authority *x509.CertPool) func(*smoke) { return func(s *smoke) { s.roots = authority } }
	base, authority := startTLS(t, certificate{"127.0.0.1", -hour, 100 * 24 * hour})
	got := runSmoke(t, base, trust(authority))
	require.Zero(t, got.status, got.out)
	require.Contains(t, got.out, "the certificate of 127.0.0.1 is valid until ")
	require.NotContains(t, got.out, "!")
	runSmoke(t, base, nil).requireStepFails(t, "connection", "an authority that this machine does not trust", "SSL_CERT_FILE")

	base, authority = startTLS(t, certificate{"127.0.0.1", -hour, 50 * hour})
	got = runSmoke(t, base, trust(authority))
	require.Zero(t, got.status, got.out)
	require.Contains(t, got.out, "! the certificate of 127.0.0.1 expires in 2 days: renew it\n")

	for want, c := range map[string]certificate{
		"the certificate of 127.0.0.1 expired on ":         {"127.0.0.1", -2 * hour, -hour},
		"the certificate of 127.0.0.1 is valid only from ": {"127.0.0.1", hour, 2 * hour},
		"is not for 127.0.0.1, but for other.example.com":  {"other.example.com", -hour, hour},
		"is not for 127.0.0.1, but for 127.0.0.2":          {"127.0.0.2", -hour, hour},
	} {
		base, authority := startTLS(t, c)
		runSmoke(t, base, trust(authority)).requireStepFails(t, "connection", want)
	}
	plain := startDeployment(t, &deployment{})
	runSmoke(t, strings.Replace(plain, "http:", "https:", 1), nil).requireStepFails(t, "connection", "does not speak TLS")
	target, err := url.Parse(base)
	require.NoError(t, err)
	runSmoke(t, "http://"+target.Host, nil).requireStepFails(t, "recorder", target.Host+" speaks TLS", "use https")
}
