package running

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

var settings = Settings{DataDir: "/data", MQTT: "127.0.0.1:1883"}

func TestAskReturnsTheSettings(t *testing.T) {
	server := httptest.NewServer(Handler(settings, http.NotFoundHandler()))
	defer server.Close()
	got, err := Ask(t.Context(), server.Listener.Addr().String())
	require.NoError(t, err)
	require.Equal(t, settings, got)
}

func TestAskRefusesOtherPrograms(t *testing.T) {
	for name, body := range map[string]string{"text": "hello", "other JSON": `{"x":1}`, "nothing": ""} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(body)) }))
		_, err := Ask(t.Context(), server.Listener.Addr().String())
		require.Error(t, err, name)
		server.Close()
	}
}

func TestOnlyThisMachineSeesTheSettings(t *testing.T) {
	for address, want := range map[string]int{"127.0.0.1:1": 200, "[::1]:1": 200, "192.0.2.1:1": 404, "": 404} {
		request := httptest.NewRequest(http.MethodGet, Path, nil)
		request.RemoteAddr = address
		response := httptest.NewRecorder()
		Handler(settings, http.NotFoundHandler()).ServeHTTP(response, request)
		require.Equal(t, want, response.Code, address)
	}
}
