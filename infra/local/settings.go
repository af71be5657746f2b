package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"

	"devicetrace/infra/local/syaml"
)

// settings holds the values of this program's environment variables, or their defaults.
type settings struct {
	file                                 string // describes the functions
	host, mqttHost                       string // the IP addresses on which HTTP and MQTT are served
	port, mqttPort                       string
	dataDir                              string
	webhookToken, queryToken, adminToken string
	openAPIKeys                          string
	user, password                       string
	notice                               string // a remark about HOST for the user; may be empty
}

// The default secrets. They are public knowledge, so the program may print them.
const (
	defaultToken    = "local"
	defaultPassword = "devpass"
	defaultKeys     = "local:local-secret=*"
)

// loopback is the default of HOST.
const loopback = "127.0.0.1"

func readSettings(getenv func(string) string) settings {
	s := settings{
		file:         cmp.Or(getenv("S_YAML"), "s.yaml"),
		port:         cmp.Or(getenv("PORT"), "8080"),
		mqttPort:     cmp.Or(getenv("MQTT_PORT"), "1883"),
		dataDir:      cmp.Or(getenv("DATA_DIR"), ".data"),
		webhookToken: cmp.Or(getenv("WEBHOOK_TOKEN"), defaultToken),
		queryToken:   cmp.Or(getenv("QUERY_TOKEN"), defaultToken),
		adminToken:   cmp.Or(getenv("ADMIN_TOKEN"), defaultToken),
		openAPIKeys:  cmp.Or(getenv("OPENAPI_KEYS"), defaultKeys),
		user:         cmp.Or(getenv("MQTT_USER"), "device"),
		password:     cmp.Or(getenv("MQTT_PASSWORD"), defaultPassword),
	}
	s.setHost(getenv("HOST"))
	return s
}

// data returns the path of a file in the data folder.
func (s settings) data(name string) string { return filepath.Join(s.dataDir, name) }

// localDefaults holds defaults of variables that a deployment must set. The local host ignores the
// domain and its certificate.
var localDefaults = map[string]string{"OSS_BUCKET": "device-trace", "DOMAIN": "localhost", "CERT_NAME": "none"}

// lookup returns the value of an environment variable that s.file refers to, and reports whether
// the variable is set. Variables with a local default always count as set.
func (s settings) lookup(name string) (string, bool) {
	switch name {
	case "WEBHOOK_TOKEN":
		return s.webhookToken, true
	case "QUERY_TOKEN":
		return s.queryToken, true
	case "ADMIN_TOKEN":
		return s.adminToken, true
	case "OPENAPI_KEYS":
		return s.openAPIKeys, true
	}
	if value := os.Getenv(name); value != "" {
		return value, true
	}
	value, found := localDefaults[name]
	return value, found
}

// functions returns the functions that s.file describes, or an error that says what is wrong with
// the file.
func (s settings) functions() ([]syaml.Function, error) {
	data, err := os.ReadFile(s.file)
	if err != nil {
		return nil, fmt.Errorf("read functions (start this in the repository's folder, or set S_YAML): %w", err)
	}
	functions, err := syaml.Parse(data, s.lookup)
	if err != nil {
		return nil, fmt.Errorf("read functions from %q: %w", s.file, err)
	}
	return functions, nil
}
