package broker

import "bytes"

// mosquittoBegins reports whether a text begins like a message of Mosquitto. It looks only at the
// beginning, so an identifier, a user name or a topic in a message cannot pass for another message.
func mosquittoBegins(text []byte) bool {
	if len(text) == 0 || isDigit(text[0]) {
		return false
	}
	for i := range mosquittoForms {
		if bytes.HasPrefix(text, mosquittoForms[i].prefix) {
			return true
		}
	}
	return mosquittoIsOther(text)
}

// mosquittoIsOther reports whether a text begins like a message of Mosquitto that is about neither
// a connection nor a stop or a start.
func mosquittoIsOther(text []byte) bool {
	if len(text) == 0 {
		return false
	}
	for _, opening := range mosquittoOthers[text[0]] {
		if bytes.HasPrefix(text, opening) {
			return true
		}
	}
	return false
}

// mosquittoOthers lists the beginnings of the other messages of Mosquitto 1.4 to 2.1 and of its
// plugins, by their first byte. One entry is the beginning of the topic of lines about
// subscriptions. A message is left out if it contains no text from a client and a start script may
// print similar words, because the words of a script may stand directly before a line of Mosquitto.
var mosquittoOthers = func() (all [256][][]byte) {
	for _, opening := range []string{
		mosquittoSubscriptionTopic, "\t", "ACL ", "Bad client ", "Bridge ", "Broker: ", "Completing auth ",
		"Connection Refused: ", "Connection from ", "Connection rejected",
		"Could not ", "Denied ", "Drop message ", "Dropped ", "Dropping ", "Duplicate bridge ",
		"Dynamic security ", "Empty ", "Error ", "Error: ", "Expiring ", "Failed ", "For more ", "If you ",
		"If this ", "Info: ", "Internal log ", "Invalid ", "It is ", "Load error: ", "MOSQUITTO_", "Malformed ",
		"New connection from ", "No will message ", "Note that ", "Note: ", "Notice: ", "OCSP: ", "OpenSSL Error",
		"Out of memory", "Outgoing messages ", "Persistence ", "Plugin ", "Protocol error ", "Received ",
		"Rejected ", "Reloading config.", "Reused message ", "Sending ", "Sqlite ", "Starting auth for ",
		"TLS ", "TLS-PSK ", "The '", "Tick event ", "Too high ", "Unable to ", "Unsupported ", "Warning: ",
		"Websockets ", "Will message ", "You are ", "auth-by-env ", "dynsec: ", "http serving ", "idle_timeout ",
		"keepalive interval ", "password-file: ", "restart_timeout ", "sqlite: ", "threshold too ", " ├── ", " └── ",
	} {
		all[opening[0]] = append(all[opening[0]], []byte(opening))
	}
	return all
}()

// mosquittoHides reports whether a line that could not be understood contains a message about a
// connection, even a damaged one, or about a stop or a start of Mosquitto. The text before the
// message is then a prefix of an unknown form.
func mosquittoHides(line []byte) bool {
	for i := range mosquittoForms {
		form := &mosquittoForms[i]
		at := bytes.Index(line, form.prefix)
		if at < 0 {
			continue
		}
		said, found, fault := mosquittoParse(line[at:])
		if found || fault != "" && (said.event != mosquittoDisconnected || bytes.Contains(line[at:], []byte(" disconnected"))) {
			return true
		}
	}
	return false
}

// isAboutElse reports whether the text after "Client " is about something other than the end of a
// connection. If the connection ends as well, another line says so.
func isAboutElse(rest []byte) bool {
	for _, form := range mosquittoElse {
		if bytes.HasPrefix(rest, []byte(form.prefix)) && bytes.Contains(rest, []byte(form.phrase)) {
			return true
		}
	}
	return len(rest) == 0
}

// mosquittoElse lists the other messages that begin with "Client ".
var mosquittoElse = func() []struct{ prefix, phrase string } {
	all := []struct{ prefix, phrase string }{
		{"connection from ", " denied: max_connections exceeded."},
		{"connection from ", " denied access by tcpd."},
		{"connection from ", " failed: "},
		{"from ", " appears to be using TLS to connect to a non-TLS listener."},
		{"", " negotiated "},
		{"", " connected with too large Will payload"},
		{"", " sent too large packet "}, // 1.4
	}
	for _, packet := range []string{"CONN", "PUB", "SUB", "UNSUB", "PING", "DISCONNECT", "AUTH"} {
		// debug messages of Mosquitto's library
		all = append(all, struct{ prefix, phrase string }{"", " sending " + packet}, struct{ prefix, phrase string }{"", " received " + packet})
	}
	return all
}()

// endsElse reports whether the text after "Client " is a sentence that is not about the end of a
// connection, but ends like one. It must be called first, because the identifier may contain
// " disconnected: ".
func endsElse(rest []byte) bool {
	return bytes.HasSuffix(rest, []byte(" has exceeded its receive-maximum quota. This behaviour must be fixed on the client.")) ||
		bytes.HasSuffix(rest, []byte(" sent topic with invalid UTF-8, disconnecting."))
}
