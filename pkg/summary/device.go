package summary

// Device is what the rows of one client add up to.
type Device struct {
	ClientID string
	// Began is the beginning of the newest connection, in Unix ms, or 0 if no beginning is known.
	// Channel, Address and Port belong to that connection. Channel is a hash of the channel, or 0 if
	// the channel is unknown.
	Began   int64
	Channel uint64
	Address string
	Port    int32
	// Ended is the end of that connection, in Unix ms, or 0 if no end is known.
	Ended int64
	// LooseEnd is the newest end, in Unix ms, that belongs to no beginning in these rows, and
	// LooseChannel is the hash of its channel. Both are 0 if there is no such end.
	LooseEnd     int64
	LooseChannel uint64
	// LastDrop is the time of the newest drop, in Unix ms, or 0 if there is none. DropInfo is the
	// action info of that drop.
	LastDrop int64
	DropInfo string
	// Last is the time of the newest event, in Unix ms.
	Last int64
	// Connects, Drops, Disconnects and Refusals count the client's rows of each kind.
	Connects, Drops, Disconnects, Refusals int64
	// Username, Node and LastAddress are the newest known values.
	Username    string
	Node        string
	LastAddress string
}

// State says whether a client was connected after its last row.
type State string

const (
	Online  State = "online"
	Offline State = "offline"
	Unknown State = "unknown" // the rows show neither the beginning nor the end of a connection
)
