package event

import "strings"

// InstanceID names a broker instance or cluster. The operator chooses it.
type InstanceID string

// InstanceIDRule describes valid instance identifiers. It is part of messages to users.
const InstanceIDRule = "1 to 128 letters, digits, '_', '-' or '.'"

// maxInstanceID is the maximum length of an instance identifier in bytes.
const maxInstanceID = 128

// Valid reports whether id follows InstanceIDRule. A valid identifier needs no escaping in a
// path or a log line.
func (id InstanceID) Valid() bool {
	return id != "" && len(id) <= maxInstanceID && !strings.ContainsFunc(string(id), isForbidden)
}

func isForbidden(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	default:
		return r != '_' && r != '-' && r != '.'
	}
}
