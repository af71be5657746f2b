package main

import (
	"net"
	"strings"
)

// welcome returns the message that is shown once the system is running on the given ports. The
// message says what to try next. It contains no token or password that the user has set.
func welcome(s settings, port, mqttPort string) string {
	mqtt := reachable(s.mqttHost, mqttPort)
	mqttHost, _, _ := net.SplitHostPort(mqtt)
	notice := s.notice
	if notice != "" {
		notice = "\n" + notice + "\n"
	}
	return strings.NewReplacer(
		"HTTP", reachable(s.host, port), "MQTTADDRESS", mqtt, "MQTTHOST", mqttHost, "MQTTPORT", mqttPort, "DATA", s.dataDir,
		"USER", s.user, "PASSWORD", shown(s.password, defaultPassword, "MQTT_PASSWORD"),
		"TOKEN", shown(s.queryToken, defaultToken, "QUERY_TOKEN"),
		"FRAGMENT", fragment(s.queryToken), "NOTICE", notice,
		"DEMO", s.demoCommand(port, mqttPort), "COMPACT", s.dataCommand("compact"), "CHECK", s.dataCommand("check"),
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
NOTICE
  page       http://HTTP/?instance=localFRAGMENT
  API        http://HTTP/api/v1/trace
  webhooks   http://HTTP/webhooks/{broker}/{instance}
  MQTT       MQTTADDRESS, user USER, password PASSWORD
  log        DATA/functions.log

Connect a client, drop it, and ask why it dropped:

  mosquitto_sub -h MQTTHOST -p MQTTPORT -u USER -P PASSWORD -i sensor-1 -t demo
  curl -H "Authorization: Bearer TOKEN" "http://HTTP/api/v1/trace?instance=local&client=sensor-1"

In another terminal, connect and drop clients, merge small objects, or verify the data:

  DEMO
  COMPACT
  CHECK
`
