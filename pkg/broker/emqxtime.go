package broker

import "strconv"

// inSeconds reports whether v is a Unix time in seconds. Some versions of EMQX 4 send such times.
func inSeconds(v value) bool {
	n, ok := v.integer()
	return ok && minMilliseconds/1000 < n && n < minMilliseconds
}

// inMilliseconds converts a Unix time in seconds to milliseconds. It leaves any other value
// as it is.
func inMilliseconds(v value) value {
	if inSeconds(v) {
		n, _ := v.integer()
		v.raw = strconv.AppendInt(nil, n*1000, 10)
	}
	return v
}
