package main

import (
	"cmp"
	"fmt"
	"net"
)

// setHost sets the addresses to listen on. It ignores a HOST that is a name, because some shells
// and build tools set HOST to the machine's name. The default secrets are public, so setHost makes
// sure that other machines cannot use them.
func (s *settings) setHost(host string) {
	s.host, s.mqttHost = loopback, loopback
	ip := net.ParseIP(cmp.Or(host, loopback))
	switch {
	case host == "localhost":
	case ip == nil:
		s.notice = fmt.Sprintf("HOST is %q, which is not an IP address, so it is ignored.", host)
	default:
		s.host, s.mqttHost = ip.String(), ip.String()
	}
	if !isLoopback(s.host) {
		s.dropPublicSecrets()
	}
}

// dropPublicSecrets disables what other machines could use with a default secret: the quarantine,
// Alibaba's API and the MQTT broker. It leaves webhooks and queries to validate.
func (s *settings) dropPublicSecrets() {
	s.notice = "Other machines can reach this system. Their requests, and the tokens in them, are not encrypted."
	if s.adminToken == defaultToken {
		s.adminToken = ""
	}
	if s.openAPIKeys == defaultKeys {
		s.openAPIKeys = ""
	}
	if s.password == defaultPassword {
		s.mqttHost = loopback
		s.notice += "\nThey cannot reach the MQTT broker, because its password is public. Set MQTT_PASSWORD to change that."
	}
}

// validate returns an error if other machines could use a default token.
func (s settings) validate() error {
	if isLoopback(s.host) || s.webhookToken != defaultToken && s.queryToken != defaultToken {
		return nil
	}
	return fmt.Errorf("HOST=%s lets other machines use the default token %q, which is public: set WEBHOOK_TOKEN and QUERY_TOKEN to secrets of your own", s.host, defaultToken)
}

func isLoopback(host string) bool { return net.ParseIP(host).IsLoopback() }

// reachable returns the address at which programs on this machine reach a listener with the given
// IP address and port.
func reachable(host, port string) string {
	switch ip := net.ParseIP(host); {
	case ip.IsUnspecified() && ip.To4() == nil:
		host = "::1"
	case ip.IsUnspecified():
		host = loopback
	}
	return net.JoinHostPort(host, port)
}

// portOf returns the port of an address such as 127.0.0.1:8080.
func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}
