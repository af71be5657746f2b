package diagnose

import "time"

const (
	// shortLived: a device that holds a connection for less can hardly do its work.
	shortLived = 2 * time.Minute
	// flapCount short connections within flapWindow are one every six minutes, more
	// than a weak radio link or a few restarts explain.
	flapCount  = 10
	flapWindow = time.Hour
)

// flapping finds many short connections within an hour. A device that says goodbye
// each time works as it was meant to.
func (r *record) flapping() *finding {
	var short []*Connection
	for i := range r.connections {
		if c := &r.connections[i]; c.flapped() {
			short = append(short, c)
		}
	}
	if !crowded(short) {
		return nil
	}
	return &finding{
		count:    len(short),
		values:   values{"short": length(shortLived)},
		evidence: endsOf(short, nothingMore),
	}
}

func (c *Connection) flapped() bool {
	return c.EndIs != Open && c.Kind != Disconnected && !c.Start.IsZero() && c.End.Sub(c.Start.Time) < shortLived
}

// crowded reports whether flapCount connections, in order, began within flapWindow.
func crowded(connections []*Connection) bool {
	for i := flapCount - 1; i < len(connections); i++ {
		if connections[i].Start.Sub(connections[i-flapCount+1].Start.Time) <= flapWindow {
			return true
		}
	}
	return false
}
