package main

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// defaultURL is the address at which `make run` listens.
const defaultURL = "http://127.0.0.1:8080"

// serverURL returns DEVICE_TRACE_URL without a slash at its end. The default is defaultURL.
func serverURL(t terminal) (string, error) {
	return parseAddress("DEVICE_TRACE_URL", t.env("DEVICE_TRACE_URL", defaultURL))
}

// parseAddress returns the address of a server without a slash at its end. name says where the
// address comes from. The address must not contain a user name or password, because it is printed.
func parseAddress(name, text string) (string, error) {
	text = strings.TrimSpace(text)
	target, err := url.Parse(text)
	if err != nil || target.Scheme != "http" && target.Scheme != "https" || target.Hostname() == "" {
		return "", errUsage(name + " must be an http or https URL such as https://trace.example.com")
	}
	if target.User != nil || target.RawQuery != "" || target.Fragment != "" {
		return "", errUsage(name + " must be a URL without a user, query or fragment, such as https://trace.example.com")
	}
	return strings.TrimRight(text, "/"), nil
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
