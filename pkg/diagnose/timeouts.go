package diagnose

import (
	"slices"
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/history"
)

// timeout is a connection that the broker ended for a missed keep alive, together with what its
// length implies.
type timeout struct {
	*history.Connection
	broker.Silence
}

// timeoutsOf returns the connections that ended for a missed keep alive and whose keep alive and
// length are known. It leaves out protocols other than MQTT, because a gateway may have other
// rules, and sources whose lengths are uncertain.
func timeoutsOf(connections []*history.Connection) []timeout {
	var found []timeout
	for _, c := range connections {
		lasted, known := measured(c)
		if known && c.Kind == history.NoHeart && c.KeepAlive.Value > 0 && broker.IsMQTT(c.Protocol) {
			found = append(found, timeout{c, broker.SilenceOf(c.Source, c.KeepAlive.Value, lasted)})
		}
	}
	return found
}

// measured returns how long the connection lasted. The length is known only if the source reports
// the end of a connection when it happens, and not up to a minute later.
func measured(c *history.Connection) (lasted time.Duration, known bool) {
	if broker.IsSnapshot(c.NativeEvent) {
		return 0, false
	}
	return c.Lasted()
}

// tooEarly finds timeouts that cannot be due to the client: the broker ended the connection before
// the client had been silent for one and a half keep alives.
func (in *input) tooEarly() *finding {
	var found []*history.Connection
	for _, t := range in.timeouts {
		if t.Early {
			found = append(found, t.Connection)
		}
	}
	if len(found) == 0 {
		return nil
	}
	newest := found[len(found)-1]
	lasted, _ := newest.Lasted()
	f := ofEnds(found, withKeepAlive).with(values{"length": length(lasted), "keep_alive": length(newest.KeepAlive.Value)})
	if in.isRareEnd(f, history.NoHeart) {
		f.level = Notice
	}
	return f
}

// wentSilent finds the timeouts that may be due to the client.
func (in *input) wentSilent() *finding {
	found := in.ended(history.NoHeart)
	rest := in.timeouts // a part of found, in the same order
	found = slices.DeleteFunc(found, func(c *history.Connection) bool {
		if len(rest) == 0 || rest[0].Connection != c {
			return false
		}
		isEarly := rest[0].Early
		rest = rest[1:]
		return isEarly
	})
	f := anyEnds(found, withKeepAlive)
	if f == nil {
		return nil
	}
	if in.isRareEnd(f, history.NoHeart) || in.sleep != nil {
		f.level = Notice
	}
	return f
}
