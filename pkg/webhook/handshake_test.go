package webhook

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestVerneMQPassesOn checks that the response always makes VerneMQ ask its next plugin. The
// body, the token and the rest of the path must not matter.
func TestVerneMQPassesOn(t *testing.T) {
	for _, hook := range []string{"auth_on_register", "auth_on_register_m5", "auth_on_publish", "auth_on_subscribe_m5", "on_auth_m5", "on_deliver_m5", "on_unsubscribe"} {
		for _, path := range []string{"", "/", "/prod", "/prod/wrong", "/prod/secret", "/a b/x?token=y"} {
			for _, body := range []string{"", "junk", `{"client_id":"c","password":"hush"}`, strings.Repeat(" ", maxBody+1)} {
				b := &harness{}
				sent := strings.NewReader(body)
				w := b.do("POST", "/webhooks/vernemq"+strings.ReplaceAll(path, " ", "%20"), sent, "vernemq-hook", hook)
				require.Equal(t, http.StatusOK, w.Code, w.Body)
				require.Zero(t, sent.Len(), "a sender that is still sending may miss the response")
				require.JSONEq(t, `{"result":"next"}`, w.Body.String())
				require.Empty(t, b.recorded)
				require.Empty(t, b.quarantined)
			}
		}
	}
	require.Equal(t, http.StatusOK, (&harness{}).do("POST", "/webhooks/vernemq/x", cut{strings.NewReader("{")}, "vernemq-hook", "auth_on_publish").Code)
	require.Equal(t, http.StatusMethodNotAllowed, (&harness{}).do("PUT", "/webhooks/vernemq/x", nil, "vernemq-hook", "auth_on_publish").Code)
}

func TestVerneMQWithoutHookKeepsNothing(t *testing.T) {
	for _, hook := range []string{"", strings.Repeat("x", 65), "on_\x7f"} {
		b := &harness{}
		w := b.post("/webhooks/vernemq/prod", `{"client_id":"c","password":"hush"}`, "vernemq-hook", hook)
		require.Equal(t, http.StatusBadRequest, w.Code)
		require.JSONEq(t, `{"code":"InvalidHook","error":"the header Vernemq-Hook must name the kind of event; nothing was stored"}`, w.Body.String())
		require.Empty(t, b.recorded)
		require.Empty(t, b.quarantined)
	}
	b := &harness{}
	b.requireUnauthorized(t, b.do("POST", "/webhooks/vernemq/prod", strings.NewReader(`{}`)))
}

// TestVerneMQGetsAJSONObject checks that VerneMQ gets the response that it expects: a JSON
// object with status 200.
func TestVerneMQGetsAJSONObject(t *testing.T) {
	b := &harness{}
	body := `{"peer_addr":"192.0.2.7","peer_port":52341,"mountpoint":"","client_id":"d1","username":null}`
	w := b.post("/webhooks/vernemq/prod", body, "vernemq-hook", "on_register")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.JSONEq(t, `{"recorded":1}`, w.Body.String())
	require.Len(t, b.recorded, 1)
}

func TestAzureSenderIsAllowed(t *testing.T) {
	for _, c := range []struct {
		name, path, origin, rate string
		want                     int
		allowedRate              []string
	}{
		{"no rate", "azure-eventgrid/prod", "eventgrid.azure.net", "", 200, nil},
		{"rate", "azure-eventgrid/prod?token=secret", "eventgrid.azure.net", "120", 200, []string{"120"}},
		{"unknown rate", "azure-eventgrid/prod", "localhost", "many", 200, []string{"*"}},
		{"rate of zero", "azure-eventgrid/prod", "a.b", "0", 200, []string{"*"}},
		{"not a host name", "azure-eventgrid/prod", "evil host", "1", 400, nil},
		{"a URL", "azure-eventgrid/prod", "https://a.b", "1", 400, nil},
		{"long", "azure-eventgrid/prod", strings.Repeat("a.", 127) + "a", "1", 400, nil},
		{"any sender", "azure-eventgrid/prod", "*", "1", 400, nil},
		{"no origin", "azure-eventgrid/prod", "", "1", 405, nil},
		{"another route", "emqx/prod", "eventgrid.azure.net", "1", 405, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &harness{}
			w := b.do("OPTIONS", "/webhooks/"+c.path, nil, "WebHook-Request-Origin", c.origin, "WebHook-Request-Rate", c.rate)
			require.Equal(t, c.want, w.Code, w.Body)
			if c.want == 200 {
				require.Equal(t, []string{c.origin}, w.Header().Values("WebHook-Allowed-Origin"))
				require.Equal(t, "POST", w.Header().Get("Allow"))
			} else {
				require.Empty(t, w.Header().Values("WebHook-Allowed-Origin"))
			}
			require.Equal(t, c.allowedRate, w.Header().Values("WebHook-Allowed-Rate"))
		})
	}
}

func validation(code string) string {
	return `[{"id":"1","topic":"t","subject":"","data":{"validationCode":"` + code + `","validationUrl":"https://x"},` +
		`"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","eventTime":"2026-11-22T08:00:00Z","metadataVersion":"1","dataVersion":"2"}]`
}

func TestAzureSubscriptionIsValidated(t *testing.T) {
	b := &harness{}
	w := b.do("POST", "/webhooks/azure-eventgrid/prod", strings.NewReader(validation("512d38b6-c7b8-40c8-89fe-f46f9e9622b6")))
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.JSONEq(t, `{"validationResponse":"512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}`, w.Body.String())
	require.Empty(t, b.quarantined)
}

func TestAzureOtherBodiesNeedAToken(t *testing.T) {
	for name, body := range map[string]string{
		"no code":         validation(""),
		"long code":       validation(strings.Repeat("x", 257)),
		"odd code":        validation(`\u0001`),
		"two events":      "[" + strings.Trim(validation("a"), "[]") + "," + strings.Trim(validation("b"), "[]") + "]",
		"another event":   strings.Replace(validation("a"), "eventType", "type", 1),
		"not JSON":        validation("a") + "x",
		"empty":           "",
		"long":            validation("a") + strings.Repeat(" ", 16<<10),
		"validation text": `["Microsoft.EventGrid.SubscriptionValidationEvent"]`,
	} {
		t.Run(name, func(t *testing.T) {
			b := &harness{}
			b.requireUnauthorized(t, b.do("POST", "/webhooks/azure-eventgrid/prod", strings.NewReader(body)))
			b.post("/webhooks/azure-eventgrid/prod", body)
			if len(b.quarantined) > 0 {
				require.Equal(t, body, string(b.kept(t).Body), "the whole body is kept")
			}
		})
	}
	b := &harness{}
	require.Equal(t, http.StatusServiceUnavailable,
		b.do("POST", "/webhooks/azure-eventgrid/prod?token=secret", cut{strings.NewReader(validation("a")[:50])}).Code)
	require.Empty(t, b.quarantined)
}

const awsToken = "AYADeMXLrPrNY2wqJAKsFNn"

// confirm sends a confirmation message with the given URL. It returns the status and body of the
// response, the requests that the handler made, and the log.
func confirm(t *testing.T, b *harness, path, enableURL string) (code int, body string, requested []string, logged string) {
	t.Helper()
	respond, open := b.outside, 0
	b.outside = func(r *http.Request) (*http.Response, error) {
		requested = append(requested, r.Method+" "+r.URL.String())
		response, err := respond(r)
		if response != nil {
			open++
			response.Body = countedBody{response.Body, &open}
		}
		return response, err
	}
	logged = captureLog(t, func() {
		w := b.do("POST", path, strings.NewReader(`{"arn":"arn:aws:iot:us-east-1:1:ruledestination/http/7a28","confirmationToken":"`+awsToken+
			`","enableUrl":"`+enableURL+`","messageType":"DestinationConfirmation"}`), "x-amz-rules-engine-message-type", "DestinationConfirmation")
		code, body = w.Code, w.Body.String()
	})
	require.Empty(t, b.recorded)
	require.Empty(t, b.quarantined)
	require.NotContains(t, logged+body, awsToken)
	require.Zero(t, open, "response bodies that were not closed")
	return code, body, requested, logged
}

// countedBody is a response body that decrements open when it is closed.
type countedBody struct {
	io.Reader
	open *int
}

func (b countedBody) Close() error {
	*b.open--
	return nil
}

func captureLog(t *testing.T, do func()) string {
	var lines strings.Builder
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&lines, nil)))
	defer slog.SetDefault(before)
	do()
	return lines.String()
}

func responding(status int, header ...string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		response := &http.Response{StatusCode: status, Status: http.StatusText(status), Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader("secret of AWS"))}
		for i := 0; i < len(header); i += 2 {
			response.Header.Set(header[i], header[i+1])
		}
		return response, nil
	}
}

func TestAWSDestinationIsConfirmed(t *testing.T) {
	for _, host := range []string{
		"iot.us-east-1.amazonaws.com", "iot.us-east-1.amazonaws.com:443", "iot.cn-northwest-1.amazonaws.com.cn",
		"iot.us-gov-west-1.amazonaws.com", "iot.ap-southeast-12.amazonaws.com",
	} {
		for _, path := range []string{"", "/", "/prod", "/prod/?confirmationToken=" + awsToken} {
			target := "https://" + host + "/confirmdestination/" + awsToken
			code, body, requested, logged := confirm(t, &harness{outside: responding(200)}, "/webhooks/aws-iot"+path, target)
			require.Equal(t, http.StatusOK, code, body)
			require.JSONEq(t, `{"confirmed":true}`, body)
			require.Equal(t, []string{"GET " + target}, requested)
			require.Contains(t, logged, `"msg":"handshake confirmed","host":"`+host+`"`)
		}
	}
}

// TestAWSConfirmationIsRefused checks that the handler makes no request to a URL that package
// broker refuses. The tests of package broker cover more such URLs.
func TestAWSConfirmationIsRefused(t *testing.T) {
	for _, target := range []string{
		"", "http://iot.us-east-1.amazonaws.com/confirmdestination/x", "https://iot.us-east-1.amazonaws.com.evil.example/confirmdestination/x",
		"https://iot.us-east-1.amazonaws.com/things", "https://169.254.169.254/confirmdestination/x",
	} {
		code, body, requested, _ := confirm(t, &harness{outside: responding(200)}, "/webhooks/aws-iot/prod", target)
		require.Equal(t, http.StatusBadRequest, code, target)
		require.JSONEq(t, `{"code":"InvalidConfirmation","error":"enableUrl must be https://iot.<region>.amazonaws.com/confirmdestination/<token>"}`, body, target)
		require.Empty(t, requested, target)
	}
	for _, body := range []string{"", "junk", "[]", `{"enableUrl":5}`, strings.Repeat(" ", 16<<10) + `{}`} {
		w := (&harness{}).do("POST", "/webhooks/aws-iot/prod", strings.NewReader(body), "x-amz-rules-engine-message-type", "DestinationConfirmation")
		require.Equal(t, http.StatusBadRequest, w.Code)
		require.Contains(t, w.Body.String(), "InvalidConfirmation")
	}
}

func TestAWSConfirmationFails(t *testing.T) {
	const target = "https://iot.us-east-1.amazonaws.com/confirmdestination/" + awsToken
	for name, respond := range map[string]func(*http.Request) (*http.Response, error){
		"refused":     responding(400),
		"redirected":  responding(302, "Location", "https://evil.example/"+awsToken),
		"unreachable": func(*http.Request) (*http.Response, error) { return nil, errors.New("no such host") },
	} {
		t.Run(name, func(t *testing.T) {
			code, body, requested, logged := confirm(t, &harness{outside: respond}, "/webhooks/aws-iot/prod", target)
			require.Equal(t, http.StatusServiceUnavailable, code)
			require.Contains(t, body, `"code":"NotConfirmed"`)
			require.Equal(t, []string{"GET " + target}, requested, "one request, and to no other URL")
			require.Contains(t, logged, `"msg":"handshake not confirmed","host":"iot.us-east-1.amazonaws.com"`)
		})
	}
}

// TestAWSOtherMessagesNeedAToken checks that messages without a token get 401. The only messages
// that need no token are confirmations on the AWS IoT route. A confirmation on another broker's
// route gets 401.
func TestAWSOtherMessagesNeedAToken(t *testing.T) {
	for _, c := range []struct{ path, kind string }{{"aws-iot/prod", "Message"}, {"aws-iot/prod", ""}, {"emqx/prod", "DestinationConfirmation"}} {
		b := &harness{}
		b.requireUnauthorized(t, b.do("POST", "/webhooks/"+c.path, strings.NewReader(`{}`), "x-amz-rules-engine-message-type", c.kind))
	}
}

// FuzzHandshake checks that the handshake method leaves the whole body readable if a request is not
// a handshake.
func FuzzHandshake(f *testing.F) {
	f.Add([]byte(`{"enableUrl":"https://iot.us-east-1.amazonaws.com/confirmdestination/x"}`))
	f.Add([]byte(validation("512d38b6")))
	f.Add([]byte(`[{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent"}]`))
	h := (&harness{}).handler()
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest("POST", "/webhooks/azure-eventgrid/x", bytes.NewReader(body))
		d := parse(r, now)
		if !h.handshake(httptest.NewRecorder(), r, d) {
			require.NoError(t, d.readBody(0))
			require.Equal(t, string(body), string(d.body))
		}
	})
}
