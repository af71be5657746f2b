// Package running lets programs ask a `make run` on the same machine for its settings.
package running

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Path is the URL path at which `make run` serves its settings. It serves them only to clients on
// the same machine.
const Path = "/.local"

// Settings holds the settings of a running system that other programs need. It contains no secrets.
type Settings struct {
	DataDir string `json:"data_dir"` // an absolute path
	// MQTT is the address at which this machine reaches the MQTT broker.
	MQTT string `json:"mqtt"`
}

// Handler returns a handler that serves the settings, and passes all other requests to next.
func Handler(s Settings, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != Path || !isLocal(r.RemoteAddr) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s)
	})
}

// isLocal reports whether an address such as 127.0.0.1:1234 is a loopback address.
func isLocal(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && net.ParseIP(host).IsLoopback()
}

// askTimeout is the maximum time that Ask waits for a response.
const askTimeout = 5 * time.Second

// Ask returns the settings of the system that serves HTTP at the given address. It returns an error
// if nothing listens there, or if a program other than `make run` does.
func Ask(ctx context.Context, address string) (s Settings, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+Path, nil)
	if err != nil {
		return s, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return s, err
	}
	defer response.Body.Close()
	if err = json.NewDecoder(http.MaxBytesReader(nil, response.Body, 64<<10)).Decode(&s); err == nil && s.MQTT == "" {
		err = fmt.Errorf("%s is not a `make run`", address)
	}
	return s, err
}
