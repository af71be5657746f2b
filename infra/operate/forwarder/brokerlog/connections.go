package brokerlog

import (
	"log/slog"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"devicetrace/pkg/broker"
)

// connection is an open connection. Its zero value is a connection whose beginning is unknown.
type connection struct {
	ClientID string `json:"id"`
	// Stamp is the time at which the connection was accepted, as written in the log.
	Stamp string `json:"stamp"`
	// IsOlder is true if the client has opened another connection since.
	IsOlder bool `json:"older,omitempty"`
}

// connections holds the open connections of a broker by name. A name consists of the client's and
// the broker's address and port.
type connections struct {
	byName map[string]*connection
	newest map[string]string // the name of each client's newest connection
	size   int               // the size of the connections in the state file, in bytes
	// forgotten is the number of connections that were not remembered because of maxSize.
	forgotten int
}

// maxSize is the maximum size of the connections in the state file, in bytes. It is enough for about
// 500,000 connections with short identifiers. Further connections are not remembered, so that their
// ends count as ends without a beginning.
const maxSize = broker.MaxOpenSize

func newConnections() *connections {
	return &connections{byName: map[string]*connection{}, newest: map[string]string{}}
}

// add remembers a connection. It replaces a connection of the same name. Such a connection must
// have ended without a line in the log, because a pair of addresses and ports is not used twice at
// once.
func (o *connections) add(name string, c *connection) {
	o.remove(name)
	if o.size+c.size(name) > maxSize {
		if o.forgotten++; o.forgotten == 1 {
			logForgotten(len(o.byName))
		}
		return
	}
	o.size += c.size(name)
	o.byName[name] = c
	if c.IsOlder {
		return
	}
	if older, ok := o.newest[c.ClientID]; ok {
		o.byName[older].IsOlder = true
	}
	o.newest[c.ClientID] = name
}

// remove forgets a connection and returns it. It returns nil if the connection is not open.
func (o *connections) remove(name string) *connection {
	c := o.byName[name]
	if c == nil {
		return nil
	}
	o.size -= c.size(name)
	delete(o.byName, name)
	if o.newest[c.ClientID] == name {
		delete(o.newest, c.ClientID)
	}
	return c
}

// size returns the size in bytes that a connection of the given name has in the state file.
func (c *connection) size(name string) int {
	const fixed = len(`"":{"id":"","stamp":"","older":true},`)
	return fixed + len(encode(name)) + len(encode(c.ClientID)) + len(encode(c.Stamp))
}

// appendTo appends the connections, as an object by name, and the end of the object around it. Unlike
// json.Marshal, it needs no memory besides the result, which is large.
func (o *connections) appendTo(state []byte) []byte {
	state = slices.Grow(state, o.size+len("{}}"))
	state = append(state, '{')
	for name, c := range o.byName {
		if state[len(state)-1] != '{' {
			state = append(state, ',')
		}
		state = append(append(append(state, encode(name)...), ':'), encode(c)...)
	}
	return append(state, "}}"...)
}

// current returns the sorted names of all clients' newest connections. It leaves out older
// connections, which may have ended without a line in the log.
func (o *connections) current() []string {
	return slices.Sorted(maps.Values(o.newest))
}

// row returns an event that contains everything known about the connection of the given name.
func (c *connection) row(name string) row {
	since, _ := parseRabbitTime(c.Stamp)
	e := row{ClientID: c.ClientID, Protocol: "MQTT", ConnectedAt: formatTime(since)}
	if c.Stamp != "" {
		e.ChannelID = name + " " + c.Stamp
	}
	peer, _, _ := strings.Cut(name, " -> ")
	if host, port, err := net.SplitHostPort(peer); err == nil {
		e.PeerAddress = host
		e.PeerPort, _ = strconv.Atoi(port)
	}
	return e
}

// logForgotten logs that the reader remembers no more than the given number of connections.
func logForgotten(open int) {
	slog.Error("too many connections are open: further ones are not remembered, so their ends will be missing", "open_connections", open)
}
