package main

import (
	"net"
	"strings"
)

// welcome says that all is ready, and what to type next. A token that was set is not
// printed.
func welcome(s settings, http net.Addr, mqtt string) string {
	_, mqttPort, _ := net.SplitHostPort(mqtt)
	return strings.NewReplacer(
		"HTTP", http.String(), "MQTTPORT", mqttPort, "DATA", s.dataDir,
		"USER", s.user, "PASSWORD", shown(s.password, "devpass", "MQTT_PASSWORD"),
		"TOKEN", shown(s.queryToken, "local", "QUERY_TOKEN"),
		"FRAGMENT", fragment(s.queryToken),
	).Replace(welcomeText)
}

// fragment lets the page in without asking. It stays in the browser.
func fragment(token string) string {
	if token == "local" {
		return "#token=" + token
	}
	return " (asks for $QUERY_TOKEN)"
}

func shown(value, standard, variable string) string {
	if value == standard {
		return value
	}
	return "$" + variable
}

const welcomeText = `Device Trace is ready. Data is in DATA, Ctrl-C stops it.

  page       http://HTTP/FRAGMENT
  API        http://HTTP/api/v1/trace
  webhooks   http://HTTP/webhooks/{broker}/{instance}
  MQTT       127.0.0.1:MQTTPORT, user USER, password PASSWORD

Connect any client, drop it, and ask why it dropped:

  mosquitto_sub -h 127.0.0.1 -p MQTTPORT -u USER -P PASSWORD -i sensor-1 -t demo
  curl -H "Authorization: Bearer TOKEN" "http://HTTP/api/v1/trace?instance=local&client=sensor-1"

Or let others do it: make demo. Merge small objects: make compact.
`
