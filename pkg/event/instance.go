package event

// InstanceID names a broker instance or cluster. The operator chooses it.
type InstanceID string

// InstanceIDRule describes valid instance identifiers. It is part of messages to users.
const InstanceIDRule = "1 to 128 letters, digits, '_', '-' or '.'"

// maxInstanceID is the maximum length of an instance identifier in bytes.
const maxInstanceID = 128

// Valid reports whether id follows InstanceIDRule. A valid identifier needs no escaping in a
// path or a log line.
func (id InstanceID) Valid() bool {
	if id == "" || len(id) > maxInstanceID {
		return false
	}
	for i := range len(id) {
		if !isInstanceByte(id[i]) {
			return false
		}
	}
	return true
}

func isInstanceByte(b byte) bool {
	switch {
	case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		return true
	default:
		return b == '_' || b == '-' || b == '.'
	}
}
