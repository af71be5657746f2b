package sim

import (
	"math"
	"time"

	"devicetrace/pkg/event"
)

// IncidentKind says what happens in an incident.
type IncidentKind string

const (
	// NodeRestart: a node ends all its connections. The devices come back during the next minutes,
	// to this node or another.
	NodeRestart IncidentKind = "node restart"
	// NetworkOutage: no packets from a network arrive, so the broker ends the network's connections
	// one by one as their keep alive times out.
	NetworkOutage IncidentKind = "network outage"
	// BadRollout: the devices of a group get new credentials, disconnect to use them, and are
	// refused until the roll-out is undone.
	BadRollout IncidentKind = "bad roll-out"
)

// Incident describes what happens to a part of a fleet. It names the true scope.
type Incident struct {
	Kind IncidentKind
	// At is when the incident begins, and Over is when its cause ends.
	At, Over time.Time
	Node     string // the node that restarts
	Network  string // the network that is cut off, such as 10.20.4.0/24
	Group    string // the group that gets bad credentials
	// Reason is the action info of the ends or, for a BadRollout, of the refusals. It is empty if
	// the source gives none or does not report them.
	Reason event.ActionInfo
	// Devices lists the devices hit, in order of their numbers.
	Devices []event.ClientID
}

// incident says how an Incident changes the life of a device.
type incident interface {
	facts() *Incident
	// reaches returns when the incident reaches a connection of m, or never.
	reaches(m *member, c *connection) time.Duration
	// strike adds the events that the incident causes, and returns when m connects next.
	strike(m *member, c *connection, at time.Duration) time.Duration
	// delays returns when m can connect if it tries at the given time. It also lets m avoid a node
	// that is down.
	delays(m *member, at time.Duration) time.Duration
}

// never is later than every event.
const never = time.Duration(math.MaxInt64)

// period is the time during which an incident's cause lasts.
type period struct {
	Incident
	at, over time.Duration
}

func (p *period) facts() *Incident { return &p.Incident }

func (p *period) contains(at time.Duration) bool { return p.at <= at && at < p.over }

func (p *period) delays(_ *member, at time.Duration) time.Duration { return at }

// plan returns the three incidents of a fleet. They are hours apart, so their effects do not overlap.
func (f *fleet) plan() []incident {
	words := &f.broker.dialect.words
	begin := func(fraction float64, lasts time.Duration, kind IncidentKind, why end) period {
		at := f.at(fraction)
		return period{Incident{
			Kind: kind, At: f.device.start.Add(at), Over: f.device.start.Add(at + lasts), Reason: words[why].info,
		}, at, at + lasts}
	}
	restart := &nodeRestart{begin(0.3, 90*time.Second, NodeRestart, shutDown), 1}
	restart.Node = f.broker.nodes[restart.node]
	outage := &networkOutage{begin(0.55, 12*time.Minute, NetworkOutage, silent), 3}
	outage.Network = network(outage.site) + ".0/24"
	rollout := &badRollout{begin(0.8, 30*time.Minute, BadRollout, wrongPassword)}
	rollout.Group = "GID_camera"
	return []incident{restart, outage, rollout}
}

type nodeRestart struct {
	period
	node int
}

func (i *nodeRestart) reaches(_ *member, c *connection) time.Duration {
	if c.node != i.node {
		return never
	}
	return i.at
}

func (i *nodeRestart) strike(m *member, c *connection, at time.Duration) time.Duration {
	at += m.between(0, 3*time.Second)
	m.disconnect(c, at, shutDown)
	return at + time.Second + min(m.about(40*time.Second), 4*time.Minute)
}

// delays moves m to another node while its node is down. It does not delay the connect.
func (i *nodeRestart) delays(m *member, at time.Duration) time.Duration {
	if i.contains(at) && m.node == i.node {
		m.node = (i.node + 1 + m.random.IntN(len(m.broker.nodes)-1)) % len(m.broker.nodes)
	}
	return at
}

type networkOutage struct {
	period
	site int
}

func (i *networkOutage) reaches(m *member, _ *connection) time.Duration {
	if m.flaps || m.site != i.site {
		return never
	}
	return i.at
}

// strike ends the connection after one and a half times the keep alive, counted from the last
// packet. The last packet arrived up to one keep alive before the outage.
func (i *networkOutage) strike(m *member, c *connection, at time.Duration) time.Duration {
	m.disconnect(c, at+m.keepAlive*3/2-m.between(0, m.keepAlive), silent)
	return at
}

func (i *networkOutage) delays(m *member, at time.Duration) time.Duration {
	if i.reaches(m, nil) == never || !i.contains(at) {
		return at
	}
	return i.over + m.between(0, time.Minute)
}

type badRollout struct{ period }

// reaches returns when m gets the new credentials. The roll-out takes two minutes.
func (i *badRollout) reaches(m *member, _ *connection) time.Duration {
	if m.group != i.Group {
		return never
	}
	return i.at + m.reloads
}

// strike disconnects m, which then tries again with longer and longer pauses until the roll-out is
// undone.
func (i *badRollout) strike(m *member, c *connection, at time.Duration) time.Duration {
	m.disconnect(c, at, goodbye)
	pause := 4 * time.Second
	for at += m.between(time.Second, pause); at < i.over; at += m.between(pause/2, pause) {
		m.refuse(at, m.home, wrongPassword)
		pause = min(2*pause, 4*time.Minute)
	}
	return at
}
