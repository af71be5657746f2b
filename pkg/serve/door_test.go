package serve

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDoor checks that a server at its limit refuses requests, and admits new ones once earlier
// ones end. Slow bodies must not block requests without a body.
func TestDoor(t *testing.T) {
	const limit = 4
	arrived, leave := make(chan struct{}, 2*limit), make(chan struct{})
	base := startPlain(t, Function{MaxRequests: limit, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		if r.URL.Path == "/panic" {
			panic("broken on purpose")
		}
		_, err := io.Copy(io.Discard, r.Body)
		if err == nil && r.URL.Path == "/wait" {
			<-leave
		}
	})}, false)
	status := func(method, path, body string) int {
		response, text := send(t, method, base+path, body)
		if response.StatusCode == http.StatusTooManyRequests {
			require.Equal(t, `{"code":"Busy","error":"too many requests are in progress: send this again later"}`+"\n", text)
			require.Equal(t, "1", response.Header.Get("Retry-After"))
		}
		return response.StatusCode
	}

	ended := make(chan error, limit+1)
	body, slow := io.Pipe()
	go func() { ended <- request("POST", base+"/slow", body) }()
	await(t, arrived)
	require.Equal(t, 429, status("POST", "/", "body"), "one of four requests may have a body")
	require.Equal(t, 200, status("GET", "/", ""))
	await(t, arrived)

	for range limit {
		go func() { ended <- request("GET", base+"/wait", nil) }()
		await(t, arrived)
	}
	require.Equal(t, 429, status("GET", "/", ""))
	require.NoError(t, slow.Close())
	close(leave)
	for range limit + 1 {
		require.NoError(t, await(t, ended))
	}
	for range 2 * limit { // a request that ends with a panic no longer counts
		require.Equal(t, 500, status("GET", "/panic", ""))
		await(t, arrived)
	}
	require.Equal(t, 200, status("GET", "/", ""))
	require.Equal(t, 200, status("POST", "/", "body"))
}

func request(method, url string, body io.Reader) error {
	r, err := http.NewRequest(method, url, body)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(r)
	if err == nil {
		response.Body.Close()
	}
	return err
}

// TestSmallDoor checks that even the smallest limit admits a request with a body.
func TestSmallDoor(t *testing.T) {
	for _, limit := range []int{1, 3} {
		base := startPlain(t, Function{MaxRequests: limit, Handler: http.HandlerFunc(readAll)}, false)
		response, _ := send(t, "POST", base, strings.Repeat("x", 1000))
		require.Equal(t, http.StatusOK, response.StatusCode)
	}
}

// TestDoorLetsThePlatformIn checks that the platform can stop a function that is at its limit.
func TestDoorLetsThePlatformIn(t *testing.T) {
	arrived, leave := make(chan struct{}), make(chan struct{})
	base := startPlain(t, Function{MaxRequests: 1, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-leave
	})}, true)
	ended := make(chan error, 1)
	go func() { ended <- request("GET", base, nil) }()
	await(t, arrived)
	response, _ := send(t, "GET", base+"/", "")
	require.Equal(t, http.StatusTooManyRequests, response.StatusCode)
	response, _ = send(t, "GET", base+"/pre-stop", "", "X-Fc-Control-Path", "/pre-stop")
	require.Equal(t, http.StatusOK, response.StatusCode)
	close(leave)
	require.NoError(t, await(t, ended))
}
