package serve

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// isOnPlatform reports whether BEHIND_FUNCTION_COMPUTE says that Function Compute stands in front
// of the server. isOnPlatform ignores the variables that the platform sets, because such variables
// may be set on any machine.
func isOnPlatform(getenv func(string) string) (bool, error) {
	switch value := strings.TrimSpace(getenv("BEHIND_FUNCTION_COMPUTE")); value {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	default:
		return false, fmt.Errorf("environment variable BEHIND_FUNCTION_COMPUTE is %q, want true or false", value)
	}
}

// listenAddress returns the address to listen on:
//   - The host comes from HOST. The default is 127.0.0.1, which only this machine can reach. Behind
//     Function Compute, the default is 0.0.0.0, which means all IPv4 addresses.
//   - The port comes from the first of PORT, FC_CUSTOM_LISTEN_PORT and FC_SERVER_PORT that is set.
//     The default is 9000.
//
// The platform sets the FC variables for a custom runtime.
func listenAddress(getenv func(string) string, onPlatform bool) string {
	host, port := getenv("HOST"), "9000"
	switch {
	case host == "" && onPlatform:
		host = "0.0.0.0"
	case host == "":
		host = "127.0.0.1"
	}
	for _, name := range []string{"PORT", "FC_CUSTOM_LISTEN_PORT", "FC_SERVER_PORT"} {
		if value := getenv(name); value != "" {
			port = value
			break
		}
	}
	return net.JoinHostPort(host, port)
}

// invokeToken returns the token from INVOKE_TOKEN. It returns an error if the variable is not set,
// because otherwise anybody could start the function.
func invokeToken(getenv func(string) string) (string, error) {
	token := strings.TrimSpace(getenv("INVOKE_TOKEN"))
	if token == "" {
		return "", errors.New("environment variable INVOKE_TOKEN is not set: " +
			"set it to the bearer token that a POST to /invoke must send to start the function")
	}
	if err := new(Tokens).Add(token); err != nil {
		return "", fmt.Errorf("environment variable INVOKE_TOKEN is wrong: %w", err)
	}
	return token, nil
}
