package main

import "devicetrace/pkg/event"

// maxInstance is the longest instance id, in bytes.
const maxInstance = 128

// instanceRule is what validInstance asks for.
const instanceRule = "1 to 128 letters, digits, '_', '-', '.' or ':'"

// validInstance keeps to what stands in a path and a log line as it is.
func validInstance(id event.InstanceID) bool {
	if id == "" || len(id) > maxInstance {
		return false
	}
	for i := range len(id) {
		if !instanceByte(id[i]) {
			return false
		}
	}
	return true
}

func instanceByte(b byte) bool {
	switch {
	case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		return true
	default:
		return b == '_' || b == '-' || b == '.' || b == ':'
	}
}
