package main

import (
	"net"
	"strings"
)

// welcome returns the message that is shown once the system is running. The message says what to
// try next. It contains no token or password that the user has set.
func welcome(s settings, http net.Addr, mqtt string) string {
	_, mqttPort, _ := net.SplitHostPort(mqtt)
	return strings.NewReplacer(
		"HTTP", http.String(), "MQTTPORT", mqttPort, "DATA", s.dataDir,
		"USER", s.user, "PASSWORD", shown(s.password, defaultPassword, "MQTT_PASSWORD"),
		"TOKEN", shown(s.queryToken, defaultToken, "QUERY_TOKEN"),
		"FRAGMENT", fragment(s.queryToken),
	).Replace(welcomeText)
}

// fragment returns the text that welcome shows directly after the page's URL. For the default
// token, this text is a URL fragment that contains the token, so that the user need not enter it.
// Any other token is secret, so the text asks the user to enter the token on the page.
func fragment(token string) string {
	if token == defaultToken {
		return "#token=" + token
	}
	return " (enter the value of QUERY_TOKEN there)"
}

// shown returns a setting in a form that welcome may print. If the value equals standard, which is
// the default, shown returns the value. Any other value is secret, so shown returns a dollar sign
// and the name of the value's environment variable.
func shown(value, standard, variable string) string {
	if value == standard {
		return value
	}
	return "$" + variable
}

const welcomeText = `Device Trace is ready. Data is in DATA. Press Ctrl-C to stop.

  page       http://HTTP/FRAGMENT
  API        http://HTTP/api/v1/trace
  webhooks   http://HTTP/webhooks/{broker}/{instance}
  MQTT       127.0.0.1:MQTTPORT, user USER, password PASSWORD
  log        DATA/functions.log

Connect a client, drop it, and ask why it dropped:

  mosquitto_sub -h 127.0.0.1 -p MQTTPORT -u USER -P PASSWORD -i sensor-1 -t demo
  curl -H "Authorization: Bearer TOKEN" "http://HTTP/api/v1/trace?instance=local&client=sensor-1"

make demo connects and drops clients for you; make compact merges small objects.
`
