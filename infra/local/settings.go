package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"devicetrace/infra/local/syaml"
)

// settings is what the environment says, with its defaults.
type settings struct {
	port, mqttPort                       string
	dataDir                              string
	webhookToken, queryToken, adminToken string
	openAPIKeys                          string
	user, password                       string
}

func readSettings(getenv func(string) string) settings {
	or := func(name, otherwise string) string {
		if value := getenv(name); value != "" {
			return value
		}
		return otherwise
	}
	return settings{
		port: or("PORT", "8080"), mqttPort: or("MQTT_PORT", "1883"), dataDir: or("DATA_DIR", ".data"),
		webhookToken: or("WEBHOOK_TOKEN", "local"), queryToken: or("QUERY_TOKEN", "local"),
		adminToken: or("ADMIN_TOKEN", "local"), openAPIKeys: or("OPENAPI_KEYS", "local:local-secret=*"),
		user: or("MQTT_USER", "device"), password: or("MQTT_PASSWORD", "devpass"),
	}
}

func (s settings) data(name string) string { return filepath.Join(s.dataDir, name) }

// lookup is what s.yaml sees of the environment.
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
	return os.LookupEnv(name)
}

// functions are those of s.yaml in the working directory, which must be in order.
func (s settings) functions() ([]syaml.Function, error) {
	data, err := os.ReadFile("s.yaml")
	if err != nil {
		return nil, fmt.Errorf("read functions: %w", err)
	}
	document, err := syaml.Parse(data, s.lookup)
	if err != nil {
		return nil, err
	}
	if violations := document.Check(); len(violations) > 0 {
		lines := []string{"check s.yaml:"}
		for _, violation := range violations {
			lines = append(lines, "  "+violation.String())
		}
		return nil, errors.New(strings.Join(lines, "\n"))
	}
	return document.Functions()
}
