package diagnose

import (
	"slices"
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/history"
)

// timeout is a connection that the broker ended because of a missed keep alive, together with the
// conclusions that its length allows.
type timeout struct {
	*history.Connection
	broker.Silence
}

// timeoutsOf returns the connections that ended because of a missed keep alive and whose keep alive
// and length are known. It leaves out the following connections, whose lengths show nothing:
//
//   - Connections over protocols other than MQTT, because a gateway may have other rules.
//   - Connections whose source may report the end up to a minute late.
//   - Connections that lasted long enough, if at least minFrequent others with the same source and
//     keep alive, or more than half of all with these, were ended too early. The broker then enforces
//     a limit that does not appear in the events.
func timeoutsOf(connections []*history.Connection) []timeout {
	type terms struct {
		source    string
		keepAlive time.Duration
	}
	termsOf := func(c *history.Connection) terms { return terms{c.Source, c.KeepAlive.Value} }
	var found []timeout
	all, early := map[terms]int{}, map[terms]int{}
	for _, c := range connections {
		lasted, known := measured(c)
		if known && c.Kind == history.NoHeart && c.KeepAlive.Value > 0 && broker.IsMQTT(c.Protocol) {
			t := timeout{c, broker.SilenceOf(c.Source, c.KeepAlive.Value, lasted)}
			found = append(found, t)
			all[termsOf(c)]++
			if t.Early {
				early[termsOf(c)]++
			}
		}
	}
	hasLimit := func(of terms) bool { return early[of] >= minFrequent || 2*early[of] > all[of] }
	return slices.DeleteFunc(found, func(t timeout) bool { return !t.Early && hasLimit(termsOf(t.Connection)) })
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
	f := ofEnds(found, withKeepAlive).with(values{"lengths": lengthsOf(found), "keep_alive": keepAlivesOf(found)})
	if slices.ContainsFunc(found, mayHaveEndedAtOnce) {
		f.more = []sentence{{phrase: endsAtOnce}}
	}
	if in.isRareEnd(f, history.NoHeart) {
		f.level = Notice
	}
	return f
}

// mayHaveEndedAtOnce reports whether a connection that timed out may have ended as soon as it began,
// because of a fault in some version of the broker. Some sources send only whole seconds, so the
// connection may have a length of one second.
func mayHaveEndedAtOnce(c *history.Connection) bool {
	return broker.MayEndAtOnce(c.Source) && c.End.Sub(c.Start) <= time.Second
}

// wentAway selects the text to use if the client mostly stayed away for a long time after it had gone
// silent.
const wentAway Code = "keep-alive-timeout-away"

// wentSilent finds the timeouts that may be due to the client. It omits the timeouts that tooEarly
// finds.
func (in *input) wentSilent() *finding {
	early := endsOf(in.tooEarly())
	found := only(in.ended(history.NoHeart), func(c *history.Connection) bool { return !early[c] })
	f := anyEnds(found, withKeepAlive)
	if f == nil {
		return nil
	}
	if in.isRareEnd(f, history.NoHeart) || in.sleep != nil {
		f.level = Notice
	}
	if len(found) > 1 && in.mostlyAway(found) {
		f.text, f.values = wentAway, values{"absence": length(longAbsence)}
	}
	return f
}
