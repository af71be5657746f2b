package main

import "strings"

// words are the parts of a command line.
type words []string

// add adds an environment variable if its value differs from the default.
func (w *words) add(name, value, standard string) {
	if value != standard {
		*w = append(*w, name+"="+quoted(value))
	}
}

// addSecret adds an environment variable if its value differs from the default. It replaces the
// value with an ellipsis.
func (w *words) addSecret(name, value, standard string) {
	if value != standard {
		*w = append(*w, name+"=…")
	}
}

// demoCommand returns the make command that runs the demo on the system with these settings.
func (s settings) demoCommand(port, mqttPort string) string {
	var w words
	if reachable(s.host, "") != reachable("0.0.0.0", "") {
		w.add("HOST", s.host, loopback)
	}
	w.add("PORT", port, "8080")
	w.add("MQTT_PORT", mqttPort, "1883")
	w.addSecret("WEBHOOK_TOKEN", s.webhookToken, defaultToken)
	w.addSecret("QUERY_TOKEN", s.queryToken, defaultToken)
	w.add("MQTT_USER", s.user, "device")
	w.addSecret("MQTT_PASSWORD", s.password, defaultPassword)
	return strings.Join(append(w, "make demo"), " ")
}

// dataCommand returns the make command for a target that needs only the data, such as check.
func (s settings) dataCommand(target string) string {
	var w words
	w.add("DATA_DIR", s.dataDir, ".data")
	w.add("S_YAML", s.file, "s.yaml")
	return strings.Join(append(w, "make "+target), " ")
}

const plainCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:-"

// quoted returns a value as a word of a shell command. It adds quotation marks only if necessary.
func quoted(value string) string {
	if strings.Trim(value, plainCharacters) == "" {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
