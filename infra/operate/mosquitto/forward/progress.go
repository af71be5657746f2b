package forward

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"time"

	"devicetrace/infra/operate/mosquitto/follow"
)

// progress is what a forwarder has done, for those who read its output.
type progress struct {
	lines, batches, rejected int
	troubles                 []trouble // there now
	reported                 time.Time
}

// trouble is something that does not work.
type trouble struct{ what, why string }

// delivered counts a batch.
func (p *progress) delivered(batch follow.Chunk, o outcome) {
	p.lines += bytes.Count(batch.Lines, []byte("\n"))
	p.batches++
	p.trouble("deliver", nil)
	if o.verdict == partly {
		p.rejected++
		slog.Warn("the recorder did not understand some lines and keeps them in quarantine", "position", batch.Position(), "answer", o.why)
	}
}

// trouble notes what does not work, or works again, and says so once.
func (p *progress) trouble(what string, err error) {
	now := trouble{what: what}
	if err != nil {
		now.why = err.Error()
	}
	at := slices.IndexFunc(p.troubles, func(t trouble) bool { return t.what == what })
	switch {
	case at < 0 && err != nil:
		p.troubles = append(p.troubles, now)
		slog.Error("cannot "+what+": trying again", "error", now.why)
	case at >= 0 && err == nil:
		p.troubles = slices.Delete(p.troubles, at, at+1)
		slog.Info("can " + what + " again")
	case at >= 0 && p.troubles[at] != now:
		p.troubles[at] = now
		slog.Error("cannot "+what+": trying again", "error", now.why)
	}
}

// report writes a line if it is time for one.
func (p *progress) report(every time.Duration, behind int64) {
	if time.Since(p.reported) < every {
		return
	}
	p.reported = time.Now()
	var why []string
	for _, t := range p.troubles {
		why = append(why, t.what+": "+t.why)
	}
	slog.Info("progress", "lines", p.lines, "batches", p.batches, "partly_rejected", p.rejected,
		"bytes_behind", behind, "error", strings.Join(why, "; "))
}
