package broker

import "bytes"

// mosquittoReload notices ends that a reload of the configuration may have caused. During a reload,
// Mosquitto disconnects clients whose password or certificate no longer exists. Directly after the
// line about the reload, it writes the same line for each of them as after a DISCONNECT.
type mosquittoReload struct {
	isOpen bool   // the reload may have caused an end in the current line
	stamp  []byte // Mosquitto's own stamp in the line about the reload
}

// follow reads the next line. said is the content of the line, and is empty if the line is not
// about a connection.
func (m *mosquittoReload) follow(in *logText, said *mosquittoLine) {
	switch {
	case string(in.text) == "Reloading config.":
		*m = mosquittoReload{isOpen: true, stamp: in.stamp}
	case said.event == mosquittoDisconnected && len(said.reason) == 0:
		m.isOpen = m.isOpen && bytes.Equal(m.stamp, in.stamp)
	default:
		m.isOpen = m.isOpen && said.event == "" && bytes.Equal(m.stamp, in.stamp) && !mosquittoIsNetwork(in.text)
	}
}

// mosquittoIsNetwork reports whether a text is about a new network connection or a packet.
// Mosquitto writes no such message during a reload.
func mosquittoIsNetwork(text []byte) bool {
	return bytes.HasPrefix(text, []byte("New connection from ")) || bytes.HasPrefix(text, []byte("Received "))
}
