package main

import (
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// of returns a function that reads environment variables from a map.
func of(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

func TestHostDecidesWhoCanConnect(t *testing.T) {
	own := map[string]string{"WEBHOOK_TOKEN": "w", "QUERY_TOKEN": "q"}
	for name, c := range map[string]struct {
		host           string
		more           map[string]string
		http, mqtt     string
		notice, refuse string
	}{
		"default":               {host: "", http: "127.0.0.1", mqtt: "127.0.0.1"},
		"loopback":              {host: "127.0.0.2", http: "127.0.0.2", mqtt: "127.0.0.2"},
		"localhost":             {host: "localhost", http: "127.0.0.1", mqtt: "127.0.0.1"},
		"IPv6":                  {host: "::1", http: "::1", mqtt: "::1"},
		"name of the machine":   {host: "x86_64-linux", http: "127.0.0.1", mqtt: "127.0.0.1", notice: `"x86_64-linux", which is not an IP address`},
		"public tokens":         {host: "0.0.0.0", http: "0.0.0.0", mqtt: "127.0.0.1", notice: "not encrypted", refuse: `default token "local", which is public: set WEBHOOK_TOKEN and QUERY_TOKEN`},
		"public query token":    {host: "192.0.2.1", more: map[string]string{"WEBHOOK_TOKEN": "w"}, http: "192.0.2.1", mqtt: "127.0.0.1", notice: "not encrypted", refuse: "QUERY_TOKEN"},
		"own tokens":            {host: "0.0.0.0", more: own, http: "0.0.0.0", mqtt: "127.0.0.1", notice: "cannot reach the MQTT broker"},
		"own tokens and logins": {host: "::", more: map[string]string{"WEBHOOK_TOKEN": "w", "QUERY_TOKEN": "q", "MQTT_PASSWORD": "p"}, http: "::", mqtt: "::", notice: "not encrypted"},
	} {
		variables := map[string]string{"HOST": c.host}
		for name, value := range c.more {
			variables[name] = value
		}
		s := readSettings(of(variables))
		require.Equal(t, []string{c.http, c.mqtt}, []string{s.host, s.mqttHost}, name)
		if c.notice == "" {
			require.Empty(t, s.notice, name)
		}
		require.Contains(t, s.notice, c.notice, name)
		require.Contains(t, welcome(s, "1", "2"), c.notice, name)
		if c.refuse == "" {
			require.NoError(t, s.validate(), name)
		} else {
			require.ErrorContains(t, run(s, nil, io.Discard), c.refuse, name)
		}
		if !isLoopback(s.host) {
			require.Empty(t, s.adminToken+s.openAPIKeys, "public secrets must not be valid: %s", name)
		}
	}
}

func TestReachable(t *testing.T) {
	for host, want := range map[string]string{"127.0.0.1": "127.0.0.1:1", "0.0.0.0": "127.0.0.1:1", "::": "[::1]:1", "192.0.2.1": "192.0.2.1:1"} {
		require.Equal(t, want, reachable(host, "1"))
	}
}

// Other machines must reach HTTP, but not the broker, whose password is public.
func TestRunOnAllAddresses(t *testing.T) {
	s := testSettings(t)
	s.webhookToken, s.queryToken = "w", "q"
	s.setHost("0.0.0.0")
	system := begin(t, s)
	addresses, err := net.InterfaceAddrs()
	require.NoError(t, err)
	for _, address := range addresses {
		network, isNetwork := address.(*net.IPNet)
		if !isNetwork || network.IP.To4() == nil || network.IP.IsLoopback() {
			continue
		}
		host := network.IP.String()
		connection, err := net.Dial("tcp", net.JoinHostPort(host, port(t, system.url)))
		require.NoError(t, err)
		connection.Close()
		_, err = net.Dial("tcp", net.JoinHostPort(host, port(t, system.mqtt)))
		require.Error(t, err)
	}
	connect(t, system.mqtt)
	require.NoError(t, system.stop())
}
