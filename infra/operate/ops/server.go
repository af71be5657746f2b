package main

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// defaultURL is the address of `make run`.
const defaultURL = "http://127.0.0.1:8080"

// serverURL returns DEVICE_TRACE_URL without a slash at its end. The default is defaultURL.
func serverURL(t terminal) (string, error) {
	base := strings.TrimRight(t.env("DEVICE_TRACE_URL", defaultURL), "/")
	target, err := url.Parse(base)
	if err != nil || target.Scheme != "http" && target.Scheme != "https" || target.Host == "" {
		return "", errUsage("DEVICE_TRACE_URL must be an http or https URL such as https://trace.example.com")
	}
	return base, nil
}

// localToken is the default token of `make run`.
const localToken = "local"

// token returns the token in the named environment variable, for requests to the server at base. If
// the variable is empty and the server is on this machine, token returns localToken.
func token(t terminal, name, base string) (string, error) {
	if value := strings.TrimSpace(t.getenv(name)); value != "" {
		return value, nil
	}
	if !isLoopback(base) {
		return "", fmt.Errorf("set the environment variable %s to the token of the server at %s", name, base)
	}
	return localToken, nil
}

// isLoopback reports whether the server at base is on this machine.
func isLoopback(base string) bool {
	target, err := url.Parse(base)
	if err != nil {
		return false
	}
	host := target.Hostname()
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
