package brokerlog

import (
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// connection is an open connection. Its zero value is a connection whose beginning is unknown.
type connection struct {
	ClientID string `json:"id"`
	// Stamp is the time at which the connection was accepted, as written in the log.
	Stamp string `json:"stamp"`
	// Time is the same time. It is zero if the stamp has no zone.
	Time time.Time `json:"time,omitzero"`
	// IsOlder is true if the client has opened another connection since.
	IsOlder bool `json:"older,omitempty"`
}

// connections holds the open connections of a broker by name. A name consists of the client's and
// the broker's address and port.
type connections struct {
	byName map[string]*connection
	newest map[string]string // the name of each client's newest connection
	size   int               // the approximate memory that the connections occupy, in bytes
}

const (
	// maxSize is the maximum memory for connections, in bytes. It is enough for 500,000 connections
	// with short identifiers. Further connections are not remembered, so their ends count as ends
	// without a beginning.
	maxSize = 256 << 20
	// connectionSize is the approximate memory that a connection occupies in addition to its texts,
	// in bytes.
	connectionSize = 400
)

func newConnections() *connections {
	return &connections{byName: map[string]*connection{}, newest: map[string]string{}}
}

// add remembers a connection. It replaces a connection of the same name. Such a connection must
// have ended without a line in the log, because a pair of addresses and ports is not used twice at
// once.
func (o *connections) add(name string, c *connection) {
	o.remove(name)
	if o.size+c.size(name) > maxSize {
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

// size returns the approximate memory that a connection of the given name occupies, in bytes.
func (c *connection) size(name string) int {
	return connectionSize + len(name) + len(c.ClientID) + len(c.Stamp)
}

// current returns the name of each client's newest connection, sorted. It leaves out older
// connections, which may have ended without a line in the log.
func (o *connections) current() []string {
	return slices.Sorted(maps.Values(o.newest))
}

// row returns an event that contains everything known about the connection of the given name.
func (c *connection) row(name string) row {
	e := row{ClientID: c.ClientID, Protocol: "MQTT", ConnectedAt: formatTime(c.Time)}
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
