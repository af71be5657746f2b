package event

import "regexp"

// InstanceID names a broker instance or cluster. The operator chooses it.
type InstanceID string

// InstanceIDRule describes valid instance identifiers. It is part of messages to users.
const InstanceIDRule = "1 to 128 letters, digits, '_', '-' or '.'"

var instanceIDs = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)

// Valid reports whether id follows InstanceIDRule. A valid identifier needs no escaping in a
// path or a log line.
func (id InstanceID) Valid() bool { return instanceIDs.MatchString(string(id)) }
