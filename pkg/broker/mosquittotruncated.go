package broker

import "bytes"

// mosquittoLongest is the length in bytes to which Mosquitto 2 truncates longer lines: its buffer
// holds 1,000 bytes, including the final NUL.
const mosquittoLongest = 999

// mosquittoOldLongest is the number of bytes by which a message of Mosquitto 1, without its time,
// may be longer than its format. Mosquitto 1 truncates longer messages.
const mosquittoOldLongest = 499

// mosquittoOldFormats are the formats of Mosquitto 1.4 to 1.6 for messages that begin like one about
// a connection, or with an identifier.
var mosquittoOldFormats = []string{
	"New client connected from %s as %s (c%d, k%d).",
	"New client connected from %s as %s (c%d, k%d, u'%s').",
	"New client connected from %s as %s (p%d, c%d, k%d).",
	"New client connected from %s as %s (p%d, c%d, k%d, u'%s').",
	"New bridge connected from %s as %s (c%d, k%d).",
	"New bridge connected from %s as %s (c%d, k%d, u'%s').",
	"New bridge connected from %s as %s (p%d, c%d, k%d).",
	"New bridge connected from %s as %s (p%d, c%d, k%d, u'%s').",
	"Client %s disconnected.",
	"Client %s has exceeded timeout, disconnecting.",
	"Client %s already connected, closing old connection.",
	"Client %s disconnected due to protocol error.",
	"Client %s disconnected, no longer authorised.",
	"Client %s sent too large packet %d, disconnecting.",
	"Socket error on client %s, disconnecting.",
	"%s %s",    // see mosquittoFilter
	"%s %d %s", // see mosquittoFilter
}

// mosquittoMayBeTruncated reports whether Mosquitto may have truncated a message, because it has the
// length to which Mosquitto truncates. A truncated message may look like a different one that is
// complete. version is the version of Mosquitto. If it is "", the message may be from any version: a
// message of Mosquitto 1, truncated within an identifier, may look like one that only Mosquitto 2
// writes.
func mosquittoMayBeTruncated(in *logText, version string) bool {
	if len(in.own) == mosquittoLongest {
		return true
	}
	if version != "" && isSince(version, "2") {
		return false
	}
	for _, format := range mosquittoOldFormats {
		if len(in.text) != len(format)+mosquittoOldLongest {
			continue
		}
		if opening, _, _ := bytes.Cut([]byte(format), []byte("%")); bytes.HasPrefix(in.text, opening) {
			return true
		}
	}
	return false
}
