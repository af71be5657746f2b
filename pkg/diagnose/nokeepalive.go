package diagnose

import "devicetrace/pkg/history"

// noKeepAlive returns a finding if the client has an open connection for which it asked for no keep
// alive. The broker then waits for packets for ever, so that the connection seems open even after
// the device has vanished.
func (in *input) noKeepAlive() *finding {
	last := in.last()
	if in.Status.State != history.Online || !last.KeepAlive.Known || last.KeepAlive.Value != 0 {
		return nil
	}
	return &finding{
		count:    1,
		values:   values{"since": moment(in.Status.Since)},
		evidence: []citation{citeStart(last)},
	}
}
