package broker_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
)

// shake passes a request to a source's Handshaker. header holds alternating names and values.
func shake(t testing.TB, source, method, body string, header ...string) (broker.HandshakeResponse, bool) {
	t.Helper()
	s, ok := broker.Find(source)
	require.True(t, ok)
	r := broker.HandshakeRequest{Method: method, Header: http.Header{}, Body: []byte(body)}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return s.Handshake(r)
}

func requireBody(t *testing.T, want string, r broker.HandshakeResponse) {
	t.Helper()
	require.Equal(t, http.StatusOK, r.Status)
	require.Nil(t, r.Refused)
	body, err := json.Marshal(r.Body)
	require.NoError(t, err)
	require.JSONEq(t, want, string(body))
}

// When a VerneMQ hook asks for a decision, the response must leave the decision to VerneMQ's next
// plugin, whatever the request body contains.
func TestVerneMQPassesOn(t *testing.T) {
	for _, hook := range []string{"auth_on_register", "auth_on_register_m5", "auth_on_publish", "auth_on_subscribe_m5", "on_auth_m5", "on_deliver_m5", "on_unsubscribe"} {
		for _, body := range []string{"", "junk", `{"client_id":"c","password":"hush"}`} {
			response, isHandshake := shake(t, broker.VerneMQ, "POST", body, "vernemq-hook", hook)
			require.True(t, isHandshake, hook)
			requireBody(t, `{"result":"next"}`, response)
		}
	}
	for _, c := range [][2]string{{"PUT", "auth_on_publish"}, {"POST", "on_register"}, {"POST", "on_client_gone"}, {"POST", ""}} {
		_, isHandshake := shake(t, broker.VerneMQ, c[0], "{}", "vernemq-hook", c[1])
		require.False(t, isHandshake, c)
	}
}

func TestAzureSenderIsAllowed(t *testing.T) {
	for _, c := range []struct {
		name, origin, rate string
		want               int // 0: not a handshake
		allowedRate        []string
	}{
		{"no rate", "eventgrid.azure.net", "", 200, nil},
		{"rate", "eventgrid.azure.net", "120", 200, []string{"120"}},
		{"unknown rate", "localhost", "many", 200, []string{"*"}},
		{"rate of zero", "a.b", "0", 200, []string{"*"}},
		{"invalid host name", "evil host", "1", 400, nil},
		{"URL", "https://a.b", "1", 400, nil},
		{"longest", strings.Repeat("a.", 126) + "a", "", 200, nil},
		{"too long", strings.Repeat("a.", 126) + "aa", "", 400, nil},
		{"any sender", "*", "1", 400, nil},
		{"no origin", "", "1", 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			response, isHandshake := shake(t, broker.AzureEventGrid, "OPTIONS", "", "WebHook-Request-Origin", c.origin, "WebHook-Request-Rate", c.rate)
			require.Equal(t, c.want != 0, isHandshake)
			require.Equal(t, c.want, response.Status)
			require.Equal(t, c.allowedRate, response.Header.Values("WebHook-Allowed-Rate"))
			if c.want == 200 {
				require.Equal(t, []string{c.origin}, response.Header.Values("WebHook-Allowed-Origin"))
				require.Equal(t, "POST", response.Header.Get("Allow"))
				requireBody(t, `{}`, response)
			} else {
				require.Empty(t, response.Header)
			}
		})
	}
}

func validation(code string) string {
	return `[{"id":"1","topic":"t","subject":"","data":{"validationCode":"` + code + `","validationUrl":"https://x"},` +
		`"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","eventTime":"2026-11-22T08:00:00Z","metadataVersion":"1","dataVersion":"2"}]`
}

func TestAzureSubscriptionIsValidated(t *testing.T) {
	for _, code := range []string{"512d38b6-c7b8-40c8-89fe-f46f9e9622b6", " ~", strings.Repeat("x", 256)} {
		response, isHandshake := shake(t, broker.AzureEventGrid, "POST", validation(code))
		require.True(t, isHandshake)
		requireBody(t, `{"validationResponse":"`+code+`"}`, response)
	}
	longest := validation("x") + strings.Repeat(" ", broker.MaxHandshakeBody-len(validation("x")))
	_, isHandshake := shake(t, broker.AzureEventGrid, "POST", longest)
	require.True(t, isHandshake)
	_, isHandshake = shake(t, broker.AzureEventGrid, "PUT", validation("512d38b6"))
	require.False(t, isHandshake)
}

func TestAzureOtherBodiesAreNoHandshake(t *testing.T) {
	for name, body := range map[string]string{
		"no code":         validation(""),
		"long code":       validation(strings.Repeat("x", 257)),
		"control code":    validation(`\u001f`),
		"DEL":             validation(`\u007f`),
		"two events":      "[" + strings.Trim(validation("a"), "[]") + "," + strings.Trim(validation("b"), "[]") + "]",
		"another event":   strings.Replace(validation("a"), "eventType", "type", 1),
		"not JSON":        validation("a") + "x",
		"empty":           "",
		"long":            validation("a") + strings.Repeat(" ", broker.MaxHandshakeBody),
		"validation text": `["Microsoft.EventGrid.SubscriptionValidationEvent"]`,
	} {
		t.Run(name, func(t *testing.T) {
			_, isHandshake := shake(t, broker.AzureEventGrid, "POST", body)
			require.False(t, isHandshake)
		})
	}
}

const awsType = "x-amz-rules-engine-message-type"

func TestAWSDestinationIsConfirmed(t *testing.T) {
	for _, host := range []string{
		"iot.us-east-1.amazonaws.com", "iot.us-east-1.amazonaws.com:443", "iot.cn-northwest-1.amazonaws.com.cn",
		"iot.us-gov-west-1.amazonaws.com", "iot.ap-southeast-12.amazonaws.com",
	} {
		target := "https://" + host + "/confirmdestination/AYADeMXLrPrNY2wqJAKsFNn"
		response, isHandshake := shake(t, broker.AWSIoT, "POST", `{"enableUrl":"`+target+`"}`, awsType, "DestinationConfirmation")
		require.True(t, isHandshake)
		requireBody(t, `{"confirmed":true}`, response)
		require.Equal(t, target, response.Confirm.URL.String())
		require.Equal(t, "NotConfirmed", response.Confirm.Unconfirmed.Code)
		require.NotContains(t, response.Confirm.Unconfirmed.Error, "AYADeMXLrPrNY2wqJAKsFNn")
	}
}

// A forged confirmation must not make the recorder request a URL that does not belong to AWS IoT.
func TestAWSConfirmationGoesNowhereElse(t *testing.T) {
	for _, target := range []string{
		"", "http://iot.us-east-1.amazonaws.com/confirmdestination/x", "https://iot.us-east-1.amazonaws.com:8443/confirmdestination/x",
		"https://user@iot.us-east-1.amazonaws.com/confirmdestination/x", "https://user:pass@iot.us-east-1.amazonaws.com/confirmdestination/x",
		"https://iot.us-east-1.amazonaws.com.evil.example/confirmdestination/x", "https://evil.example/iot.us-east-1.amazonaws.com/confirmdestination/x",
		"https://evil-iot.us-east-1.amazonaws.com/confirmdestination/x", "https://a.iot.us-east-1.amazonaws.com/confirmdestination/x",
		"https://iot.us-east-1.amazonaws.com./confirmdestination/x", "https://iot.us-east-1.evil.com/confirmdestination/x",
		"https://iot.evil.amazonaws.com/confirmdestination/x", "https://iot.us.east.1.amazonaws.com/confirmdestination/x",
		"https://s3.us-east-1.amazonaws.com/confirmdestination/x", "https://iot.us-east-1.amazonaws.com/", "https://iot.us-east-1.amazonaws.com",
		"https://iot.us-east-1.amazonaws.com/things", "https://127.0.0.1/confirmdestination/x", "https://[::1]/confirmdestination/x",
		"https://iot.us-east-1.amazonaws.com/confirmdestination/../things", "https://iot.us-east-1.amazonaws.com/confirmdestination/..",
		"https://iot.us-east-1.amazonaws.com/confirmdestination/%2e%2e/things", "https://iot.us-east-1.amazonaws.com/confirmdestination/x/..%2f..%2fthings",
		"https://IOT.us-east-1.amazonaws.com/confirmdestination/x", "https://іot.us-east-1.amazonaws.com/confirmdestination/x", // the second host begins with a Cyrillic і
		"https://xn--ot-e0b.us-east-1.amazonaws.com/confirmdestination/x", "https://iot.us-east-1.amazonaws.com\u3002evil.example/confirmdestination/x",
		"https://iot.us-east-1.amazonaws.com\\u0000/confirmdestination/x", "https://iot.us-east-1.amazonaws.com:0443/confirmdestination/x",
		"https://iot.us-east-1.amazonaws.com:443:80/confirmdestination/x", "https://[iot.us-east-1.amazonaws.com]/confirmdestination/x",
		"https://iot.us-east-1.amazonaws.com#@evil.example/confirmdestination/x", "https://iot.us-east-1.amazonaws.com?@evil.example/confirmdestination/x",
		"https://169.254.169.254/confirmdestination/x", "https://0x7f.1/confirmdestination/x", "gopher://iot.us-east-1.amazonaws.com/confirmdestination/x",
		"https://iot.us-east-1.amazonaws.com\\r\\nHost: evil.example/confirmdestination/x",
		"https://iot.us-east-1.amazonaws.com\\\\@evil.example/confirmdestination/x", "https://iot.us-east-1.amazonaws.com%2eevil.example/confirmdestination/x",
		"//iot.us-east-1.amazonaws.com/confirmdestination/x", "file:///confirmdestination/x", "https:iot.us-east-1.amazonaws.com/confirmdestination/x", "%zz",
	} {
		response, isHandshake := shake(t, broker.AWSIoT, "POST", `{"enableUrl":"`+target+`"}`, awsType, "DestinationConfirmation")
		require.True(t, isHandshake, target)
		require.Equal(t, http.StatusBadRequest, response.Status, target)
		require.Equal(t, &broker.HandshakeError{Code: "InvalidConfirmation",
			Error: "enableUrl must be https://iot.<region>.amazonaws.com/confirmdestination/<token>"}, response.Refused, target)
		require.Nil(t, response.Confirm, target)
	}
	for _, body := range []string{"", "junk", "[]", `{"enableUrl":5}`, strings.Repeat(" ", broker.MaxHandshakeBody) + `{}`} {
		response, isHandshake := shake(t, broker.AWSIoT, "POST", body, awsType, "DestinationConfirmation")
		require.True(t, isHandshake)
		require.Equal(t, &broker.HandshakeError{Code: "InvalidConfirmation", Error: "the confirmation is not a JSON object"}, response.Refused)
	}
}

func TestAWSOtherMessagesAreNoHandshake(t *testing.T) {
	for _, c := range [][2]string{{"POST", "Message"}, {"POST", ""}, {"GET", "DestinationConfirmation"}} {
		_, isHandshake := shake(t, broker.AWSIoT, c[0], `{}`, awsType, c[1])
		require.False(t, isHandshake, c)
	}
}

// The recorder must request only URLs that belong to AWS IoT, whatever the request body contains.
func FuzzAWSConfirmation(f *testing.F) {
	f.Add([]byte(`{"enableUrl":"https://iot.us-east-1.amazonaws.com/confirmdestination/x"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		response, _ := shake(t, broker.AWSIoT, "POST", string(body), awsType, "DestinationConfirmation")
		if response.Confirm != nil {
			require.Equal(t, "https", response.Confirm.URL.Scheme)
			require.Regexp(t, `^iot\.[a-z0-9-]+\.amazonaws\.com(\.cn)?(:443)?$`, response.Confirm.URL.Host)
		}
	})
}

// The handshaker must not refuse any body. It must treat each body either as a valid handshake or
// as no handshake at all.
func FuzzAzureValidation(f *testing.F) {
	f.Add([]byte(validation("512d38b6")))
	f.Add([]byte(`[{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent"}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		response, isHandshake := shake(t, broker.AzureEventGrid, "POST", string(body))
		require.Nil(t, response.Refused)
		require.Equal(t, isHandshake, response.Body != nil)
	})
}
