package diagnose

import (
	"slices"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/history"
)

// noKeepAlive returns a finding if the client has an open MQTT connection for which it asked for no
// keep alive. The broker then waits for packets forever, so the connection seems open even after the
// device has vanished. noKeepAlive returns nil if the broker ended another such connection for a
// missed keep alive, because the broker then evidently applies a limit of its own.
func (in *input) noKeepAlive() *finding {
	last := in.last()
	if in.Status.State != history.Online || !hasNoKeepAlive(last) || !broker.IsMQTT(last.Protocol) ||
		slices.ContainsFunc(in.ended(history.NoHeart), hasNoKeepAlive) {
		return nil
	}
	return &finding{
		count:    1,
		values:   values{"since": moment(in.Status.Since)},
		evidence: []citation{citeStart(last)},
	}
}

func hasNoKeepAlive(c *history.Connection) bool { return c.KeepAlive.Known && c.KeepAlive.Value == 0 }
