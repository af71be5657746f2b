package diagnose_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// script builds a list of one client's events.
type script struct {
	events []event.Event
	at     time.Time // the time at which the next event happens
	n      int       // the number of connections so far
}

func begin(at string) *script { return &script{at: clock(at)} }

// hold adds a connection that starts at s.at, lasts for d and ends with the given action info.
// It then sets s.at to one second after the end.
func (s *script) hold(d time.Duration, info event.ActionInfo, more ...with) *script {
	s.n++
	id := channel(fmt.Sprint(s.n))
	begun, ended := connect("00:00:00", append(more, id)...), closed("00:00:00", info, append(more, id)...)
	if info == event.DisconnectedByClient {
		ended.Action = event.Disconnect
	}
	begun.Time, ended.Time = s.at, s.at.Add(d)
	s.events = append(s.events, begun)
	return s.end(ended)
}

// lose adds a connection that starts at s.at and has no reported end. It then advances s.at by d.
func (s *script) lose(d time.Duration, more ...with) *script {
	s.hold(d, event.NoHeart, more...)
	s.events = s.events[:len(s.events)-1]
	s.at = s.at.Add(-time.Second)
	return s
}

// end adds an end event, and sets s.at to one second after it.
func (s *script) end(e event.Event) *script {
	s.events, s.at = append(s.events, e), e.Time
	return s.wait(time.Second)
}

func (s *script) refuse(more ...with) *script {
	e := closed("00:00:00", event.NotAuthorized, append([]with{native("client.connack")}, more...)...)
	e.Time = s.at
	return s.end(e)
}

func (s *script) wait(d time.Duration) *script {
	s.at = s.at.Add(d)
	return s
}

// stay adds a connection that stays open.
func (s *script) stay(more ...with) *script {
	s.lose(0, more...)
	return s
}

func (s *script) times(n int, do func(s *script)) *script {
	for range n {
		do(s)
	}
	return s
}

func TestVerdicts(t *testing.T) {
	a, b, c := from("192.0.2.1", 0), from("192.0.2.2", 0), from("192.0.2.3", 0)
	minute := time.Minute
	holds := func(d time.Duration, info event.ActionInfo, more ...with) func(*script) {
		return func(s *script) { s.hold(d, info, more...) }
	}
	every := func(d time.Duration) func(*script) { // for short connections whose starts are d apart
		return func(s *script) {
			next := s.at.Add(d)
			s.hold(time.Duration(s.n+1)*time.Second, event.ClosedByClient).at = next
		}
	}
	// absent adds a connection and an absence. If a script begins at 12:00:00 with two of these and
	// a third connection, the rest of the day is about four times as long as each absence.
	absent := func(s *script) { s.hold(minute, event.NoHeart).wait(2*time.Hour - 31_001*time.Millisecond) }
	for _, test := range []struct {
		name   string
		script *script
		want   []diagnose.Code
	}{
		{"every kind of end has its verdict, the most frequent first", begin("00:00:00").
			hold(11*minute, event.NotAuthorized).hold(12*minute, event.TopicAuthFailed).hold(13*minute, event.ClientIDConflict).
			hold(14*minute, event.NoHeart).hold(16*minute, event.NoHeart).hold(18*minute, event.NoHeart).hold(20*minute, event.InvalidParam).
			hold(25*minute, event.SocketIOException).hold(31*minute, event.ClosedByClient).hold(37*minute, event.ServerShutdown).
			hold(43*minute, "").lose(44*minute).hold(45*minute, event.DisconnectedByClient).stay(),
			[]diagnose.Code{
				"keep-alive-timeout", "not-authorized", "topic-denied", "invalid-param", "client-id-conflict",
				"network-error", "closed-by-client", "server-shutdown", "end-unexplained", "end-inferred", "clean-disconnect",
			}},
		{"every kind of refusal has its verdict", begin("00:00:00").hold(minute, event.DisconnectedByClient).
			refuse(func(e *event.Event) { e.ActionInfo = event.ServerShutdown }).
			refuse(func(e *event.Event) { e.ActionInfo = event.InvalidParam }).refuse().stay(),
			[]diagnose.Code{"refused-login", "refused-invalid", "refused-by-broker", "clean-disconnect"}},

		{"two places", begin("00:00:00").
			times(2, func(s *script) {
				s.hold(10*minute, event.ClientIDConflict, a).hold(10*minute, event.ClientIDConflict, b)
			}).stay(a),
			[]diagnose.Code{"two-places", "client-id-conflict"}},
		{"an address that came back only twice", begin("00:00:00").
			hold(minute, event.ClientIDConflict, a).hold(minute, event.ClientIDConflict, b).
			hold(minute, event.ClientIDConflict, a).stay(b),
			[]diagnose.Code{"client-id-conflict"}},
		{"addresses that alternate slowly", begin("00:00:00").
			times(3, func(s *script) {
				s.hold(10*minute+time.Millisecond, event.ClientIDConflict, a).hold(11*minute, event.ClientIDConflict, b)
			}).stay(a),
			[]diagnose.Code{"client-id-conflict"}},
		{"one place takes over from itself", begin("00:00:00").
			times(6, holds(3*minute, event.ClientIDConflict, a)).stay(a),
			[]diagnose.Code{"client-id-conflict"}},
		{"a moving device has another address each time", begin("00:00:00").
			hold(minute, event.ClientIDConflict, a).hold(minute, event.ClientIDConflict, b).stay(c),
			[]diagnose.Code{"client-id-conflict"}},
		{"two places at a broker that does not report takeovers", begin("00:00:00").
			times(3, func(s *script) { s.lose(minute, a).lose(minute, b) }).lose(minute, a).stay(b),
			[]diagnose.Code{"two-places", "end-inferred"}},
		{"lost ends, and addresses that came back only a few times", begin("00:00:00").
			times(3, func(s *script) { s.lose(minute, a).lose(minute, b) }).stay(a),
			[]diagnose.Code{"end-inferred"}},
		{"addresses that alternate without takeovers", begin("00:00:00").times(4, func(s *script) {
			s.hold(time.Duration(s.n+1)*minute, event.ClosedByClient, a).hold(time.Duration(s.n+1)*minute, event.ClosedByClient, b)
		}).stay(a),
			[]diagnose.Code{"closed-by-client"}},

		{"two programs behind one address", begin("00:00:00").
			times(2, func(s *script) {
				s.hold(10*minute, event.ClientIDConflict, a, keepAlive(60)).hold(10*minute, event.ClientIDConflict, a, keepAlive(30))
			}).stay(a, keepAlive(60)),
			[]diagnose.Code{"two-programs", "client-id-conflict"}},
		{"two programs whose addresses are not known", begin("00:00:00").
			times(2, func(s *script) {
				s.hold(minute, event.ClientIDConflict, user("pump")).hold(minute, event.ClientIDConflict, user("test"))
			}).stay(user("pump")),
			[]diagnose.Code{"two-programs", "client-id-conflict"}},
		{"two programs with different versions", begin("00:00:00").
			times(2, func(s *script) {
				s.hold(minute, event.ClientIDConflict, a, version(4)).hold(minute, event.ClientIDConflict, a, version(5))
			}).stay(a, version(4)),
			[]diagnose.Code{"two-programs", "client-id-conflict"}},
		{"a program that takes the identifier every hour", begin("00:00:00").
			times(4, func(s *script) {
				s.hold(time.Hour, event.ClientIDConflict, a, keepAlive(60)).hold(5*time.Second, event.ClientIDConflict, a, keepAlive(30))
			}).stay(a, keepAlive(60)),
			[]diagnose.Code{"two-programs", "client-id-conflict"}},
		{"settings that came back only twice", begin("00:00:00").
			hold(minute, event.ClientIDConflict, a, keepAlive(60)).hold(minute, event.ClientIDConflict, a, keepAlive(30)).
			hold(minute, event.ClientIDConflict, a, keepAlive(60)).stay(a, keepAlive(30)),
			[]diagnose.Code{"client-id-conflict"}},
		{"settings of which some are not known", begin("00:00:00").
			times(3, func(s *script) {
				s.hold(minute, event.ClientIDConflict, a, keepAlive(60)).hold(minute, event.ClientIDConflict, a)
			}).stay(a, keepAlive(60)),
			[]diagnose.Code{"client-id-conflict"}},
		{"an update of the program", begin("00:00:00").
			times(3, holds(minute, event.ClientIDConflict, a, version(4))).times(3, holds(minute, event.ClientIDConflict, a, version(5))).stay(a, version(5)),
			[]diagnose.Code{"client-id-conflict"}},
		{"two programs in two places", begin("00:00:00").
			times(2, func(s *script) {
				s.hold(minute, event.ClientIDConflict, a, keepAlive(60)).hold(minute, event.ClientIDConflict, b, keepAlive(30))
			}).stay(a, keepAlive(60)),
			[]diagnose.Code{"two-places", "client-id-conflict"}},

		{"two places, and every other connection ends in another way", begin("00:00:00").
			times(5, func(s *script) {
				s.hold(minute, event.ClientIDConflict, a).hold(time.Duration(s.n+5)*time.Second, event.ClosedByClient, b)
			}).stay(a),
			[]diagnose.Code{"two-places", "client-id-conflict", "flapping", "closed-by-client"}},
		{"two programs, and every other connection ends with DISCONNECT", begin("00:00:00").
			times(5, func(s *script) {
				s.hold(minute, event.ClientIDConflict, a, keepAlive(60)).hold(minute, event.DisconnectedByClient, a, keepAlive(30))
			}).stay(a, keepAlive(60)),
			[]diagnose.Code{"two-programs", "client-id-conflict", "clean-disconnect"}},
		{"two other ends after each takeover", begin("00:00:00").
			times(5, func(s *script) {
				s.hold(minute, event.ClientIDConflict, a).hold(minute, event.DisconnectedByClient, b).hold(minute, event.DisconnectedByClient, a)
			}).stay(a),
			[]diagnose.Code{"client-id-conflict", "clean-disconnect"}},
		{"a long connection after each takeover", begin("00:00:00").
			times(5, func(s *script) {
				s.hold(minute, event.ClientIDConflict, a).hold(time.Hour, event.DisconnectedByClient, b)
			}).stay(a),
			[]diagnose.Code{"client-id-conflict", "clean-disconnect"}},
		{"two places, and takeovers without a reason", begin("00:00:00").
			times(4, func(s *script) { s.hold(minute, event.Unexplained, a).hold(minute, event.Unexplained, b) }).stay(a),
			[]diagnose.Code{"two-places", "end-unexplained"}},
		{"too few takeovers without a reason", begin("00:00:00").
			times(3, func(s *script) { s.hold(minute, event.Unexplained, a).hold(2*minute, event.Unexplained, b) }).stay(a),
			[]diagnose.Code{"end-unexplained"}},
		{"ends without a reason, and the next connection comes later", begin("00:00:00").
			times(4, func(s *script) {
				s.hold(50*time.Second, event.Unexplained, a).wait(2*time.Second).hold(minute, event.Unexplained, b).wait(2 * time.Second)
			}).stay(a),
			[]diagnose.Code{"end-unexplained"}},
		{"the newest takeover is by an unseen connection", begin("00:00:00").hold(minute, event.ClientIDConflict, a),
			[]diagnose.Code{"client-id-conflict"}},

		{"refused since the last success", begin("00:00:00").hold(minute, event.ClosedByClient).refuse().refuse(),
			[]diagnose.Code{"refused-after-success", "closed-by-client"}},
		{"refused once", begin("00:00:00").hold(minute, event.ClosedByClient).refuse(),
			[]diagnose.Code{"refused-login", "closed-by-client"}},
		{"refused, then accepted", begin("00:00:00").hold(minute, event.DisconnectedByClient).refuse().refuse().refuse().stay(),
			[]diagnose.Code{"refused-login", "clean-disconnect"}},
		{"refused as another user, from elsewhere", begin("00:00:00").hold(minute, event.DisconnectedByClient, a, user("meter")).
			times(3, func(s *script) { s.refuse(b, user("root")) }),
			[]diagnose.Code{"refused-other-user", "clean-disconnect"}},
		{"refused as another user once", begin("00:00:00").hold(minute, event.DisconnectedByClient, a, user("meter")).refuse(b, user("root")),
			[]diagnose.Code{"refused-login", "clean-disconnect"}},
		{"refused as itself and as another user", begin("00:00:00").hold(minute, event.DisconnectedByClient, a, user("meter")).
			refuse(b, user("root")).refuse(a, user("meter")).refuse(b, user("root")).refuse(c, user("meter")),
			[]diagnose.Code{"refused-after-success", "refused-other-user", "clean-disconnect"}},
		{"refused from elsewhere, as an unknown user", begin("00:00:00").hold(minute, event.DisconnectedByClient, a, user("meter")).refuse(b).refuse(c),
			[]diagnose.Code{"refused-after-success", "clean-disconnect"}},
		{"gone, and another user is refused", begin("00:00:00").hold(minute, event.NoHeart, a, user("meter")).refuse(b, user("root")).refuse(b, user("root")),
			[]diagnose.Code{"no-return", "keep-alive-timeout", "refused-other-user"}},
		{"never accepted", begin("00:00:00").refuse().refuse().refuse(), []diagnose.Code{"never-accepted"}},
		{"refused twice, and nothing else is known", begin("00:00:00").refuse().refuse(), []diagnose.Code{"refused-login"}},
		{"refused from elsewhere while connected", begin("00:00:00").stay(a).refuse(b).refuse(b),
			[]diagnose.Code{"refused-while-online"}},
		{"refused from elsewhere when the connection has just ended", begin("00:00:00").hold(minute, event.DisconnectedByClient, a).
			wait(-time.Second).refuse(b).wait(-time.Second).refuse(c),
			[]diagnose.Code{"refused-after-success", "clean-disconnect"}},
		{"refused from elsewhere before an end that is inferred", begin("00:00:00").lose(0, a).refuse(b).refuse(b).stay(a),
			[]diagnose.Code{"refused-login", "end-inferred"}},
		{"refused from elsewhere before the end of a connection with an unknown start",
			begin("00:00:00").refuse(b).refuse(b).end(closed("12:00:00", event.ClosedByClient, a)).stay(a),
			[]diagnose.Code{"refused-login", "closed-by-client"}},
		{"refused from elsewhere and from the same address", begin("00:00:00").stay(a).wait(minute).refuse(b).refuse(a).refuse(b),
			[]diagnose.Code{"refused-while-online", "refused-login"}},
		{"refused from the same address while connected", begin("00:00:00").stay(a).wait(minute).refuse(a).refuse(a),
			[]diagnose.Code{"refused-login"}},

		{"the login expires", begin("00:00:00").times(4, holds(time.Hour, event.NotAuthorized, reason("CUSTOMAUTH_TTL_EXPIRATION"))).stay(),
			[]diagnose.Code{"login-expiry", "not-authorized"}},
		{"the password is not valid for longer", begin("00:00:00").times(4, holds(time.Hour, event.NotAuthorized, reason("bad username or password"))).stay(),
			[]diagnose.Code{"login-expiry", "not-authorized"}},
		{"the login expires, or a topic is denied", begin("00:00:00").times(4, holds(time.Hour, event.NotAuthorized, reason("not_authorized"))).stay(),
			[]diagnose.Code{"fixed-length", "not-authorized"}},
		{"a fixed length", begin("00:00:00").times(4, holds(350*time.Second, event.SocketIOException)).stay(),
			[]diagnose.Code{"fixed-length", "network-error"}},
		{"a fixed length of half a minute", begin("00:00:00").times(4, holds(minute/2, event.SocketIOException)).stay(),
			[]diagnose.Code{"fixed-length", "network-error"}},
		{"a fixed length of less than half a minute", begin("00:00:00").times(4, holds(minute/2-time.Millisecond, event.SocketIOException)).stay(),
			[]diagnose.Code{"network-error"}},
		{"a fixed length, and half of the connections ended as not authorized", begin("00:00:00").
			times(2, holds(time.Hour, event.NotAuthorized)).times(2, holds(time.Hour, event.SocketIOException)).stay(),
			[]diagnose.Code{"fixed-length", "not-authorized", "network-error"}},
		{"a fixed length of unexplained ends", begin("00:00:00").times(4, holds(350*time.Second, event.Unexplained, native("tcpclean"))).stay(),
			[]diagnose.Code{"fixed-length", "end-unexplained"}},
		{"three connections of one length", begin("00:00:00").times(3, holds(350*time.Second, event.SocketIOException)).stay(),
			[]diagnose.Code{"network-error"}},
		{"four connections of one length, and three others", begin("00:00:00").times(4, holds(350*time.Second, event.SocketIOException)).
			hold(5*minute, event.SocketIOException).hold(7*minute, event.SocketIOException).hold(9*minute, event.SocketIOException).stay(),
			[]diagnose.Code{"network-error"}},
		{"six connections of one length, and four others", begin("00:00:00").times(6, holds(350*time.Second, event.SocketIOException)).
			hold(5*minute, event.SocketIOException).hold(7*minute, event.SocketIOException).hold(9*minute, event.SocketIOException).
			hold(11*minute, event.SocketIOException).stay(),
			[]diagnose.Code{"fixed-length", "network-error"}},
		{"lengths within two percent", begin("00:00:00").times(3, holds(500*time.Second, event.SocketIOException)).hold(510*time.Second, event.SocketIOException).stay(),
			[]diagnose.Code{"fixed-length", "network-error"}},
		{"lengths that differ by more", begin("00:00:00").times(3, holds(500*time.Second, event.SocketIOException)).
			hold(510*time.Second+time.Millisecond, event.SocketIOException).stay(),
			[]diagnose.Code{"network-error"}},
		{"short lengths within two seconds", begin("00:00:00").times(3, holds(minute, event.SocketIOException)).hold(62*time.Second, event.SocketIOException).stay(),
			[]diagnose.Code{"fixed-length", "network-error"}},
		{"short lengths that differ by more", begin("00:00:00").times(3, holds(minute, event.SocketIOException)).
			hold(62*time.Second+time.Millisecond, event.SocketIOException).stay(),
			[]diagnose.Code{"network-error"}},
		{"long lengths within a minute", begin("00:00:00").times(3, holds(2*time.Hour, event.SocketIOException)).hold(121*minute, event.SocketIOException).stay(),
			[]diagnose.Code{"fixed-length", "network-error"}},
		{"long lengths that differ by more", begin("00:00:00").times(3, holds(2*time.Hour, event.SocketIOException)).
			hold(121*minute+time.Millisecond, event.SocketIOException).stay(),
			[]diagnose.Code{"network-error"}},
		{"a fixed length at a broker that never reports why", begin("00:00:00").times(4, holds(45*time.Second, event.Unexplained, native("on_client_gone"))).stay(),
			[]diagnose.Code{"fixed-length", "end-unexplained"}},
		{"work of a fixed length that ends with DISCONNECT", begin("00:00:00").times(6, holds(350*time.Second, event.DisconnectedByClient)).stay(),
			[]diagnose.Code{"no-drops", "clean-disconnect"}},

		{"a long keep alive", begin("00:00:00").hold(9*minute, event.NoHeart, keepAlive(240)).hold(16*minute, event.NoHeart, keepAlive(240)).stay(),
			[]diagnose.Code{"keep-alive-margin", "keep-alive-timeout"}},
		{"a long keep alive that worked for hours", begin("00:00:00").hold(6*time.Hour, event.NoHeart, keepAlive(300)).hold(9*time.Hour, event.NoHeart, keepAlive(300)).stay(),
			[]diagnose.Code{"keep-alive-timeout"}},
		{"a long keep alive that mostly works", begin("00:00:00").times(2, holds(9*minute, event.NoHeart, keepAlive(240))).
			times(2, holds(17*minute, event.ClosedByClient, keepAlive(240))).stay(),
			[]diagnose.Code{"keep-alive-timeout", "closed-by-client"}},
		{"a keep alive that is not long", begin("00:00:00").hold(9*minute, event.NoHeart, keepAlive(239)).hold(12*minute, event.NoHeart, keepAlive(239)).stay(),
			[]diagnose.Code{"keep-alive-timeout"}},
		{"a long keep alive that was exceeded once", begin("00:00:00").hold(20*minute, event.NoHeart, keepAlive(600)).stay(),
			[]diagnose.Code{"keep-alive-timeout"}},
		{"nothing sent after CONNECT", begin("00:00:00").times(4, holds(91*time.Second, event.NoHeart, keepAlive(60))).stay(),
			[]diagnose.Code{"silent-after-connect", "keep-alive-timeout"}},
		{"nothing sent after CONNECT, and the broker notices late", begin("00:00:00").times(3, holds(99*time.Second, event.NoHeart, keepAlive(60))).stay(),
			[]diagnose.Code{"silent-after-connect", "keep-alive-timeout"}},
		{"nothing sent after CONNECT twice", begin("00:00:00").times(2, holds(91*time.Second, event.NoHeart, keepAlive(60))).stay(),
			[]diagnose.Code{"keep-alive-timeout"}},
		{"something sent after CONNECT", begin("00:00:00").times(3, holds(99*time.Second+time.Millisecond, event.NoHeart, keepAlive(60))).stay(),
			[]diagnose.Code{"keep-alive-timeout"}},
		{"nothing sent after CONNECT, with a short keep alive", begin("00:00:00").times(3, holds(35*time.Second, event.NoHeart, keepAlive(20))).stay(),
			[]diagnose.Code{"silent-after-connect", "keep-alive-timeout"}},
		{"something sent after CONNECT, with a short keep alive", begin("00:00:00").times(3, holds(35*time.Second+time.Millisecond, event.NoHeart, keepAlive(20))).stay(),
			[]diagnose.Code{"keep-alive-timeout"}},
		{"nothing sent after CONNECT, with a long keep alive", begin("00:00:00").times(3, holds(6*minute, event.NoHeart, keepAlive(240))).stay(),
			[]diagnose.Code{"keep-alive-margin", "keep-alive-timeout"}},
		{"nothing sent after CONNECT, but mostly something", begin("00:00:00").times(3, holds(91*time.Second, event.NoHeart, keepAlive(60))).
			hold(5*minute, event.NoHeart, keepAlive(60)).hold(7*minute, event.NoHeart, keepAlive(60)).hold(9*minute, event.NoHeart, keepAlive(60)).stay(),
			[]diagnose.Code{"keep-alive-timeout"}},

		{"only the first packets sent, at a broker that looks every half minute", begin("00:00:00").
			times(6, holds(120_010*time.Millisecond, event.NoHeart, keepAlive(60), source(broker.EMQX))).stay(),
			[]diagnose.Code{"silent-after-connect", "keep-alive-timeout"}},
		{"only the first packets sent, at a broker that looks every 90 s", begin("00:00:00").
			times(6, holds(180_010*time.Millisecond, event.NoHeart, keepAlive(60), source(broker.EMQX))).stay(),
			[]diagnose.Code{"silent-after-connect", "keep-alive-timeout"}},
		{"heard later, with equal lengths", begin("00:00:00").
			times(6, holds(150_010*time.Millisecond, event.NoHeart, keepAlive(60), source(broker.EMQX))).stay(),
			[]diagnose.Code{"keep-alive-timeout"}},
		{"equal lengths without a known keep alive", begin("00:00:00").times(6, holds(6*minute, event.NoHeart)).stay(),
			[]diagnose.Code{"keep-alive-timeout"}},
		{"equal lengths, of which most timed out", begin("00:00:00").times(6, holds(6*minute, event.NoHeart)).times(3, holds(6*minute, event.SocketIOException)).stay(),
			[]diagnose.Code{"keep-alive-timeout", "network-error"}},
		{"the protocol of a gateway", begin("00:00:00").times(4, holds(91*time.Second, event.NoHeart, keepAlive(60), protocol("MQTT-SN"))).stay(),
			[]diagnose.Code{"keep-alive-timeout"}},
		{"timed out too early", begin("00:00:00").hold(10*time.Second, event.NoHeart, keepAlive(60)).stay(),
			[]diagnose.Code{"keep-alive-early"}},
		{"timed out too early, again and again", begin("00:00:00").times(6, holds(10*time.Second, event.NoHeart, keepAlive(300))).stay(),
			[]diagnose.Code{"keep-alive-early"}},
		{"timed out just too early", begin("00:00:00").hold(88*time.Second-time.Millisecond, event.NoHeart, keepAlive(60)).stay(),
			[]diagnose.Code{"keep-alive-early"}},
		{"timed out in time, by a clock of whole seconds", begin("00:00:00").hold(88*time.Second, event.NoHeart, keepAlive(60)).stay(),
			[]diagnose.Code{"keep-alive-timeout"}},
		{"timed out early once, and in time once", begin("00:00:00").hold(time.Second, event.NoHeart, keepAlive(60)).hold(5*minute, event.NoHeart, keepAlive(60)).stay(),
			[]diagnose.Code{"keep-alive-timeout", "keep-alive-early"}},

		{"sleeps for a quarter of an hour", begin("00:00:00").times(20, func(s *script) {
			s.hold(91*time.Second, event.NoHeart, keepAlive(60)).wait(15*minute - 92*time.Second)
		}).stay(),
			[]diagnose.Code{"sleeps-without-disconnect", "keep-alive-timeout"}},
		{"sleeps, with a new address each time", begin("00:00:00").times(20, func(s *script) {
			s.hold(91*time.Second, event.NoHeart, keepAlive(60), from(fmt.Sprintf("192.0.2.%d", s.n), 0)).wait(15*minute - 92*time.Second)
		}).stay(),
			[]diagnose.Code{"sleeps-without-disconnect", "keep-alive-timeout"}},
		{"sleeps, and is awake for a few minutes", begin("00:00:00").times(20, func(s *script) {
			s.hold(4*minute, event.NoHeart, keepAlive(60)).wait(11 * minute)
		}).stay(),
			[]diagnose.Code{"sleeps-without-disconnect", "keep-alive-timeout"}},
		{"ended too early, and comes back at even distances", begin("00:00:00").times(8, func(s *script) {
			s.hold(4*minute, event.NoHeart, keepAlive(600)).wait(11 * minute)
		}).stay(),
			[]diagnose.Code{"keep-alive-early"}},
		{"sleeps, with a long keep alive", begin("00:00:00").times(10, func(s *script) {
			s.hold(8*minute, event.NoHeart, keepAlive(300), source(broker.EMQX)).wait(7 * minute)
		}).stay(),
			[]diagnose.Code{"sleeps-without-disconnect", "keep-alive-timeout"}},
		{"sleeps, with an unknown keep alive", begin("00:00:00").times(10, func(s *script) {
			s.hold(90*time.Second, event.NoHeart).wait(10 * minute)
		}).stay(),
			[]diagnose.Code{"sleeps-without-disconnect", "keep-alive-timeout"}},
		{"comes back after a minute", begin("00:00:00").times(4, func(s *script) {
			s.hold(91*time.Second, event.NoHeart, keepAlive(60)).wait(minute)
		}).stay(),
			[]diagnose.Code{"silent-after-connect", "keep-alive-timeout"}},
		{"comes back at uneven distances", begin("00:00:00").times(8, func(s *script) {
			s.hold(91*time.Second, event.NoHeart, keepAlive(60)).wait(time.Duration(s.n%4+1) * 2 * minute)
		}).stay(),
			[]diagnose.Code{"silent-after-connect", "keep-alive-timeout"}},
		{"comes back at uneven distances, after longer than a back-off", begin("00:00:00").times(8, func(s *script) {
			s.hold(91*time.Second, event.NoHeart, keepAlive(60)).wait(time.Duration(s.n%4+3) * 4 * minute)
		}).stay(),
			[]diagnose.Code{"keep-alive-timeout"}},
		{"tries to come back soon, and is refused at first", begin("00:00:00").times(8, func(s *script) {
			s.hold(91*time.Second, event.NoHeart, keepAlive(60)).wait(minute).refuse().wait(time.Duration(s.n%4+3) * 4 * minute)
		}).stay(),
			[]diagnose.Code{"silent-after-connect", "keep-alive-timeout", "refused-login"}},
		{"a long keep alive, and comes back after an hour", begin("00:00:00").
			times(2, func(s *script) { s.hold(9*minute, event.NoHeart, keepAlive(300)).wait(time.Duration(s.n) * time.Hour) }).stay(),
			[]diagnose.Code{"keep-alive-timeout"}},
		{"nothing sent after CONNECT a few times, and much otherwise", begin("00:00:00").
			times(3, holds(91*time.Second, event.NoHeart, keepAlive(60))).
			times(3, func(s *script) { s.hold(time.Duration(s.n)*10*minute, event.DisconnectedByClient, keepAlive(60)) }).stay(),
			[]diagnose.Code{"keep-alive-timeout", "clean-disconnect"}},
		{"nothing sent after CONNECT mostly, and closed sooner otherwise", begin("00:00:00").
			times(3, holds(91*time.Second, event.NoHeart, keepAlive(60))).times(3, holds(time.Second, event.DisconnectedByClient, keepAlive(60))).
			hold(time.Hour, event.DisconnectedByClient, keepAlive(60)).stay(),
			[]diagnose.Code{"silent-after-connect", "keep-alive-timeout", "clean-disconnect"}},
		{"three early ends make the others unclear", begin("00:00:00").times(3, holds(10*time.Second, event.NoHeart, keepAlive(60))).
			times(3, holds(91*time.Second, event.NoHeart, keepAlive(60))).stay(),
			[]diagnose.Code{"keep-alive-timeout", "keep-alive-early"}},
		{"three early ends with another keep alive", begin("00:00:00").times(3, holds(10*time.Second, event.NoHeart, keepAlive(90))).
			times(4, holds(91*time.Second, event.NoHeart, keepAlive(60))).stay(),
			[]diagnose.Code{"silent-after-connect", "keep-alive-timeout", "keep-alive-early"}},
		{"one early end", begin("00:00:00").hold(10*time.Second, event.NoHeart, keepAlive(60)).
			times(3, holds(91*time.Second, event.NoHeart, keepAlive(60))).stay(),
			[]diagnose.Code{"silent-after-connect", "keep-alive-timeout", "keep-alive-early"}},
		{"three early ends make a long keep alive unclear", begin("00:00:00").times(3, holds(10*time.Second, event.NoHeart, keepAlive(300))).
			times(3, func(s *script) { s.hold(time.Duration(s.n+8)*minute, event.NoHeart, keepAlive(300)) }).stay(),
			[]diagnose.Code{"keep-alive-timeout", "keep-alive-early"}},
		{"loses the network every hour", begin("00:00:00").times(8, func(s *script) {
			s.hold(55*minute, event.NoHeart, keepAlive(60)).wait(5 * minute)
		}).stay(),
			[]diagnose.Code{"keep-alive-timeout"}},
		{"three even distances", begin("00:00:00").times(3, func(s *script) {
			s.hold(91*time.Second, event.NoHeart, keepAlive(60)).wait(10 * minute)
		}).stay(),
			[]diagnose.Code{"sleeps-without-disconnect", "keep-alive-timeout"}},
		{"two even distances", begin("00:00:00").times(2, func(s *script) {
			s.hold(91*time.Second, event.NoHeart, keepAlive(60)).wait(10 * minute)
		}).stay(),
			[]diagnose.Code{"keep-alive-timeout"}},

		{"a new address each time", begin("00:00:00").times(10, func(s *script) {
			s.hold(time.Duration(s.n+5)*minute, event.NoHeart, from(fmt.Sprintf("192.0.2.%d", s.n), 0))
		}).stay(),
			[]diagnose.Code{"many-addresses", "keep-alive-timeout"}},
		{"nine addresses", begin("00:00:00").times(9, func(s *script) {
			s.hold(time.Duration(s.n+5)*minute, event.NoHeart, from(fmt.Sprintf("192.0.2.%d", s.n), 0))
		}).stay(),
			[]diagnose.Code{"keep-alive-timeout"}},
		{"ten addresses, two of which came back", begin("00:00:00").times(13, func(s *script) {
			s.hold(time.Duration(s.n+5)*minute, event.NoHeart, from(fmt.Sprintf("192.0.2.%d", s.n%10), 0))
		}).stay(),
			[]diagnose.Code{"keep-alive-timeout"}},
		{"a new address each time, closed by the client", begin("00:00:00").times(12, func(s *script) {
			s.hold(time.Duration(s.n+5)*minute, event.ClosedByClient, from(fmt.Sprintf("192.0.2.%d", s.n), 0))
		}).stay(),
			[]diagnose.Code{"many-addresses", "closed-by-client"}},
		{"a new address each time, but the program crashes soon", begin("00:00:00").times(12, func(s *script) {
			s.hold(time.Duration(s.n+5)*time.Second, event.ClosedByClient, from(fmt.Sprintf("192.0.2.%d", s.n), 0))
		}).stay(),
			[]diagnose.Code{"flapping", "closed-by-client"}},

		{"open without a keep alive", begin("00:00:00").stay(keepAlive(0)), []diagnose.Code{"no-keep-alive", "no-drops"}},
		{"open without a keep alive, but the broker has a limit", begin("00:00:00").hold(15*minute, event.NoHeart, keepAlive(0)).stay(keepAlive(0)),
			[]diagnose.Code{"keep-alive-timeout"}},
		{"open without a keep alive at a gateway", begin("00:00:00").stay(keepAlive(0), protocol("CoAP")), []diagnose.Code{"no-drops"}},
		{"open with a keep alive", begin("00:00:00").stay(keepAlive(1)), []diagnose.Code{"no-drops"}},
		{"ended without a keep alive", begin("00:00:00").hold(minute, event.DisconnectedByClient, keepAlive(0)),
			[]diagnose.Code{"no-drops", "clean-disconnect"}},

		{"a time limit for WebSocket connections", begin("00:00:00").times(5, holds(time.Hour, event.ServerShutdown, reason("WEBSOCKET_TTL_EXPIRATION"))).stay(),
			[]diagnose.Code{"fixed-length"}},
		{"the broker stopped", begin("00:00:00").hold(minute, event.ServerShutdown, native("broker stopped")).stay(),
			[]diagnose.Code{"broker-restart"}},
		{"the broker started again", begin("00:00:00").hold(minute, event.ServerShutdown, native("broker started")).stay(),
			[]diagnose.Code{"broker-restart"}},
		{"the broker restarted at equal intervals", begin("00:00:00").times(6, holds(time.Hour, event.ServerShutdown, native("broker stopped"))).stay(),
			[]diagnose.Code{"broker-restart"}},
		{"the broker restarted, and each hour ended a connection", begin("00:00:00").times(6, holds(time.Hour, event.ServerShutdown)).
			hold(minute, event.ServerShutdown, native("broker stopped")).stay(),
			[]diagnose.Code{"fixed-length", "broker-restart"}},
		{"the broker stopped, and an operator removed the client", begin("00:00:00").hold(minute, event.ServerShutdown, native("broker stopped")).
			hold(5*minute, event.ServerShutdown, reason("kicked")).stay(),
			[]diagnose.Code{"broker-restart", "server-shutdown"}},
		{"the broker stopped for good", begin("00:00:00").hold(minute, event.ServerShutdown, native("broker stopped")),
			[]diagnose.Code{"broker-restart"}},
		{"the broker started again, without the client", begin("00:00:00").hold(minute, event.ServerShutdown, native("broker started")),
			[]diagnose.Code{"no-return", "broker-restart"}},
		{"the broker stopped, and then refused the client", begin("00:00:00").hold(minute, event.ServerShutdown, native("broker stopped")).refuse().refuse(),
			[]diagnose.Code{"refused-after-success", "broker-restart"}},
		{"an unknown reason", begin("00:00:00").times(3, holds(minute, event.Unexplained, reason("new_reason"))).stay(),
			[]diagnose.Code{"end-unexplained"}},
		{"left with an error", begin("00:00:00").hold(minute, event.DisconnectedByClient, reason("protocol_error")).
			hold(minute, event.DisconnectedByClient).stay(),
			[]diagnose.Code{"left-with-error", "clean-disconnect"}},
		{"an address that is not allowed, after equal times", begin("00:00:00").times(4, holds(time.Hour, event.NotAuthorized, reason("IpForbidden"))).stay(),
			[]diagnose.Code{"not-authorized"}},
		{"a refusal without a reason", begin("00:00:00").refuse(func(e *event.Event) { e.ActionInfo = event.Unexplained }).stay(),
			[]diagnose.Code{"refused-unexplained"}},

		{"gone after an end without a reason", begin("00:00:00").hold(minute, event.Unexplained),
			[]diagnose.Code{"still-offline", "end-unexplained"}},
		{"gone for an hour after an end without a reason", begin("22:58:59.999").hold(minute, event.Unexplained),
			[]diagnose.Code{"end-unexplained"}},
		{"gone after an end without a reason, at a source that compares states", begin("00:00:00").hold(minute, event.Unexplained, native(snapshot)),
			[]diagnose.Code{"still-offline", "end-unexplained"}},
		{"gone after an operator removed it", begin("00:00:00").hold(minute, event.ServerShutdown, reason("kicked")),
			[]diagnose.Code{"no-return", "server-shutdown"}},
		{"gone for longer than usual", begin("00:00:00").
			hold(minute, event.NoHeart).hold(minute, event.NoHeart).hold(3*minute, event.NoHeart),
			[]diagnose.Code{"no-return", "keep-alive-timeout"}},
		{"gone after a DISCONNECT", begin("00:00:00").hold(minute, event.NoHeart).hold(minute, event.NoHeart).hold(minute, event.DisconnectedByClient),
			[]diagnose.Code{"keep-alive-timeout", "clean-disconnect"}},
		{"gone for more than a few minutes", begin("23:39:57.998").hold(minute, event.NoHeart).hold(minute, event.NoHeart).hold(3*minute, event.NoHeart),
			[]diagnose.Code{"no-return", "keep-alive-timeout"}},
		{"gone for a few minutes", begin("23:39:57.999").hold(minute, event.NoHeart).hold(minute, event.NoHeart).hold(3*minute, event.NoHeart),
			[]diagnose.Code{"keep-alive-timeout"}},
		{"gone for half an hour, after takeovers, which are no absences", begin("23:00:00").hold(minute, event.ClientIDConflict).wait(-time.Second).
			hold(minute, event.ClientIDConflict).wait(-time.Second).hold(28*minute, event.NoHeart),
			[]diagnose.Code{"keep-alive-timeout", "client-id-conflict"}},
		{"dropped, and refused at once", begin("00:00:00").hold(minute, event.NoHeart).wait(-time.Second).refuse(),
			[]diagnose.Code{"keep-alive-timeout", "refused-login"}},
		{"gone for more than four times as long as before", begin("12:00:00.004").times(2, absent).hold(minute, event.NoHeart),
			[]diagnose.Code{"no-return", "keep-alive-timeout"}},
		{"gone for four times as long as before", begin("12:00:00.005").times(2, absent).hold(minute, event.NoHeart),
			[]diagnose.Code{"keep-alive-timeout"}},
		{"gone for half an hour, with one absence to compare with", begin("23:20:00").times(2, holds(minute, event.NoHeart)),
			[]diagnose.Code{"keep-alive-timeout"}},
		{"gone for more than an hour, without absences to compare with", begin("22:58:59.998").hold(minute, event.NoHeart),
			[]diagnose.Code{"no-return", "keep-alive-timeout"}},
		{"gone for an hour, without absences to compare with", begin("22:58:59.999").hold(minute, event.NoHeart),
			[]diagnose.Code{"keep-alive-timeout"}},

		{"flapping", begin("00:00:00").times(9, every(time.Minute)).hold(2*minute-time.Millisecond, event.ClosedByClient).stay(),
			[]diagnose.Code{"flapping", "closed-by-client"}},
		{"nine short connections, and one of two minutes", begin("00:00:00").
			times(9, every(time.Minute)).hold(2*minute, event.ClosedByClient).stay(),
			[]diagnose.Code{"closed-by-client"}},
		{"ten short connections that begin within an hour", begin("00:00:00").times(10, every(400*time.Second)).stay(),
			[]diagnose.Code{"flapping", "closed-by-client"}},
		{"ten short connections in more than an hour", begin("00:00:00").times(10, every(400*time.Second+time.Millisecond)).stay(),
			[]diagnose.Code{"closed-by-client"}},
		{"many short connections that end with DISCONNECT", begin("00:00:00").times(20, holds(time.Second, event.DisconnectedByClient)).stay(),
			[]diagnose.Code{"no-drops", "clean-disconnect"}},

		{"very many short connections that end with DISCONNECT", begin("00:00:00").times(60, holds(59*time.Second, event.DisconnectedByClient)).stay(),
			[]diagnose.Code{"many-connections", "no-drops", "clean-disconnect"}},
		{"very many short connections without a reason", begin("00:00:00").times(60, func(s *script) {
			s.hold(time.Duration(s.n%30)*time.Second, event.Unexplained)
		}).stay(),
			[]diagnose.Code{"many-connections", "end-unexplained"}},
		{"nearly as many short connections", begin("00:00:00").times(60, holds(time.Minute+18*time.Millisecond, event.DisconnectedByClient)).stay(),
			[]diagnose.Code{"no-drops", "clean-disconnect"}},
		{"many short connections with only closed sockets reported", begin("00:00:00").
			times(10, func(s *script) { s.hold(time.Duration(s.n+1)*time.Second, event.Unexplained, native("tcpclean")) }).stay(),
			[]diagnose.Code{"flapping", "end-unexplained"}},
		{"many short connections at VerneMQ, which never reports why", begin("00:00:00").
			times(40, func(s *script) {
				s.hold(time.Duration(s.n+1)*time.Second, event.Unexplained, native("on_client_gone")).wait(minute)
			}).stay(),
			[]diagnose.Code{"end-unexplained"}},
		{"many short connections at NanoMQ, which calls every end normal", begin("00:00:00").
			times(40, func(s *script) {
				s.hold(time.Duration(s.n+1)*time.Second, event.Unexplained, source(broker.NanoMQ), native("client_disconnected")).wait(minute)
			}).stay(),
			[]diagnose.Code{"end-unexplained"}},
		{"many short connections without reported ends", begin("00:00:00").times(20, func(s *script) { s.lose(time.Duration(s.n+1) * time.Second) }).stay(),
			[]diagnose.Code{"end-inferred"}},

		{"a restart: the client moves to another node", begin("00:00:00").hold(minute, event.ServerShutdown, node("n1")).stay(node("n2")),
			[]diagnose.Code{"broker-restart"}},
		{"ended by the broker once, back to the same node", begin("00:00:00").hold(minute, event.ServerShutdown, node("n1")).stay(node("n1")),
			[]diagnose.Code{"server-shutdown"}},
		{"a restart: ended by the broker twice", begin("00:00:00").hold(minute, event.ServerShutdown).hold(5*minute, event.ServerShutdown).stay(),
			[]diagnose.Code{"broker-restart"}},
		{"disconnected by an operator", begin("00:00:00").times(2, holds(minute, event.ServerShutdown, reason("kicked"))).stay(),
			[]diagnose.Code{"server-shutdown"}},
		{"ended by a busy broker", begin("00:00:00").
			hold(minute, event.ServerShutdown, reason("server_busy")).hold(5*minute, event.ServerShutdown, reason("Server busy")).stay(),
			[]diagnose.Code{"server-shutdown"}},
		{"ended by a broker that does not say why", begin("00:00:00").
			hold(minute, event.ServerShutdown, reason("unspecified_error")).hold(5*minute, event.ServerShutdown, reason("unspecified_error")).stay(),
			[]diagnose.Code{"server-shutdown"}},
		{"ended by the broker after an hour each", begin("00:00:00").times(8, holds(time.Hour, event.ServerShutdown)).stay(),
			[]diagnose.Code{"fixed-length"}},
		{"ended by the broker after an hour each, and a restart", begin("00:00:00").times(8, holds(time.Hour, event.ServerShutdown)).
			hold(minute, event.ServerShutdown, node("n1")).stay(node("n2")),
			[]diagnose.Code{"fixed-length", "broker-restart"}},
		{"replaced on another node", begin("00:00:00").lose(minute, node("n1")).stay(node("n2")),
			[]diagnose.Code{"replaced-on-another-node"}},

		{"replaced on another node, and the first node takes the client again", begin("00:00:00").
			lose(minute, node("n1")).lose(minute, node("n2")).stay(node("n1")),
			[]diagnose.Code{"replaced-on-another-node", "end-inferred"}},
		{"replaced on another node twice", begin("00:00:00").lose(minute, node("n1")).lose(minute, node("n2")).stay(node("n3")),
			[]diagnose.Code{"replaced-on-another-node"}},
		{"two places on two nodes, without reported ends", begin("00:00:00").
			times(4, func(s *script) { s.lose(minute, a, node("n1")).lose(minute, b, node("n2")) }).stay(a, node("n3")),
			[]diagnose.Code{"two-places", "end-inferred"}},
		{"two places with many addresses", begin("00:00:00").times(10, func(s *script) {
			s.hold(time.Duration(s.n+5)*minute, event.NoHeart, from(fmt.Sprintf("192.0.2.%d", s.n), 0))
		}).times(2, func(s *script) { s.hold(minute, event.ClientIDConflict, a).hold(minute, event.ClientIDConflict, b) }).stay(a),
			[]diagnose.Code{"two-places", "keep-alive-timeout", "client-id-conflict"}},

		{"no drops", begin("00:00:00").stay(), []diagnose.Code{"no-drops"}},
		{"nothing recorded", begin("00:00:00"), []diagnose.Code{"nothing-recorded"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			bothWays(t, test.script.events, func(t require.TestingT, events *history.Log) {
				require.Equal(t, test.want, codes(diagnosedLog(events)))
			})
			for _, lang := range []diagnose.Lang{diagnose.English, diagnose.Chinese} {
				brief(t, report(test.script.events, wholeDay, history.Status{}, lang), lang)
			}
		})
	}
}

// Verdicts must take into account the status before the span.
func TestVerdictsWithBefore(t *testing.T) {
	yesterday := func(events ...event.Event) history.Status {
		for i := range events {
			events[i].Time = events[i].Time.AddDate(0, 0, -1)
		}
		return history.StatusAt(logOf(events), day.Add(-1))
	}
	dropped := yesterday(connect("08:00:00", channel("a")), closed("20:00:00", event.NoHeart, channel("a")))
	left := yesterday(connect("08:00:00", channel("a")), disconnect("20:00:00", channel("a")))
	online := yesterday(connect("08:00:00", channel("a")))
	refused := begin("10:00:00").refuse().refuse().refuse().events
	for _, c := range []struct {
		name   string
		before history.Status
		events []event.Event
		want   []diagnose.Code
	}{
		{"dropped and did not come back", dropped, nil, []diagnose.Code{"no-return"}},
		{"left and did not come back", left, nil, []diagnose.Code{"offline-throughout"}},
		{"stayed online", online, nil, []diagnose.Code{"no-drops"}},
		{"worked yesterday", left, refused, []diagnose.Code{"refused-after-success"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, codes(report(c.events, wholeDay, c.before, diagnose.English)))
		})
	}
}

func TestVerdictNamesTheAddressesThatFight(t *testing.T) {
	s := begin("20:00:00").times(4, func(s *script) {
		s.hold(time.Minute, event.ClientIDConflict, from("192.0.2.1", 0)).hold(time.Minute, event.ClientIDConflict, from("192.0.2.2", 0))
	}).stay(from("192.0.2.1", 0))
	got := verdict(t, diagnosed(s.events), "two-places")
	require.Equal(t, diagnose.Problem, got.Level)
	require.Equal(t, 7, got.Count)
	require.Contains(t, got.Meaning, "Connections from 192.0.2.1 and 192.0.2.2 kept taking this client identifier from each other, each ending the previous one. An address that had lost the identifier came back 7 times.")
	require.Len(t, got.Evidence, 7)
	require.Equal(t, "20:02:01", short(got.Evidence[0].Time))
	require.Equal(t, event.ClientIDConflict, got.Evidence[0].ActionInfo)
	require.Equal(t, "The connection had lasted 1 min. The client's address was 192.0.2.2. The next connection came from 192.0.2.1.", got.Evidence[0].Text)
}

func TestVerdictNamesTheFixedLength(t *testing.T) {
	s := begin("00:00:00").times(12, func(s *script) {
		s.hold(350*time.Second+time.Duration(s.n)*50*time.Millisecond, event.SocketIOException, keepAlive(600), reason("etimedout"))
	}).stay()
	got := report(s.events, wholeDay, history.Status{}, diagnose.Chinese).Verdicts[0]
	require.Equal(t, diagnose.Code("fixed-length"), got.Code)
	require.Equal(t, 12, got.Count)
	require.Equal(t, "连接总在约 350 秒（5 分钟 50 秒）后断开", got.Title)
	require.Len(t, got.Evidence, 10, "the newest ones")
	require.Equal(t, "该连接持续了 5 分钟 50 秒。keep alive 为 10 分钟。", got.Evidence[9].Text)
	require.Equal(t, "etimedout", got.Evidence[9].NativeReason)
	require.Equal(t, s.events[len(s.events)-2].Time, got.Evidence[9].Time.Time())
}

// The verdict must call an idle timeout in the network unlikely if the device sends packets often
// enough, or if the broker itself ended the connections.
func TestFixedLengthIsNoIdleTimeoutIfNobodyIsIdle(t *testing.T) {
	const idle, notIdle = "an idle timeout of a NAT gateway", "A network idle timeout is unlikely"
	for name, c := range map[string]struct {
		info event.ActionInfo
		more []with
		want string
	}{
		"keep alive of less than half":   {event.SocketIOException, []with{keepAlive(60)}, notIdle},
		"keep alive of half":             {event.SocketIOException, []with{keepAlive(300)}, idle},
		"keep alive of nearly half":      {event.SocketIOException, []with{keepAlive(299)}, notIdle},
		"no keep alive":                  {event.SocketIOException, []with{keepAlive(0)}, idle},
		"keep alive unknown":             {event.SocketIOException, nil, idle},
		"ended by the broker on purpose": {event.ServerShutdown, nil, notIdle},
	} {
		s := begin("20:00:00").times(4, func(s *script) { s.hold(10*time.Minute, c.info, c.more...) }).stay()
		got := verdict(t, diagnosed(s.events), "fixed-length")
		require.Equal(t, diagnose.Problem, got.Level, name)
		require.Contains(t, got.Meaning, c.want, name)
		require.Equal(t, c.want == idle, strings.Contains(got.Next, "set the keep alive"), name)
	}
}

// If it is unknown why the connections ended, the device may have disconnected because its work was
// done. The verdict must then be only a notice.
func TestFixedLengthOfEndsThatAreNotExplainedIsNoProblem(t *testing.T) {
	s := begin("20:00:00").times(4, func(s *script) { s.hold(45*time.Second, event.Unexplained, native("on_client_gone")) }).stay()
	got := verdict(t, diagnosed(s.events), "fixed-length")
	require.Equal(t, diagnose.Notice, got.Level)
	require.Equal(t, "Connections last about 45 s each", got.Title)
	require.Contains(t, got.Meaning, "the device's program may disconnect when its work is done")
}

// The verdict about short connections can come before the verdicts that explain their ends, so it
// must name the reasons itself.
func TestVerdictNamesTheEndsOfShortConnections(t *testing.T) {
	s := begin("00:00:00").
		times(1200, func(s *script) { s.hold(time.Duration(s.n%50+1)*time.Second, event.ClosedByClient) }).
		times(3, func(s *script) { s.hold(time.Duration(s.n%50+1)*time.Second, event.SocketIOException) }).
		hold(time.Second, event.Unexplained, native("tcpclean")).stay()
	got := verdict(t, diagnosed(s.events), "flapping")
	require.Contains(t, got.Meaning, "without a DISCONNECT 1,204 times: closed by client × 1,200, Socket IOException × 3, reason not reported × 1.")
	got = verdict(t, report(s.events, wholeDay, history.Status{}, diagnose.Chinese), "flapping")
	require.Contains(t, got.Meaning, "出现了 1,204 次：closed by client × 1,200、Socket IOException × 3、原因未上报 × 1。")
}

// Some kinds of end occur in any network. One or two of these ends are no problem if the client has
// connected again afterwards.
func TestRareEndsAreNoProblem(t *testing.T) {
	for _, info := range []event.ActionInfo{event.NoHeart, event.ClientIDConflict} {
		twice := begin("12:00:00").times(2, func(s *script) { s.hold(time.Duration(s.n+1)*time.Hour, info) })
		require.Equal(t, diagnose.Problem, diagnosed(slices.Clone(twice.events)).Verdicts[0].Level, info)
		require.Equal(t, diagnose.Notice, diagnosed(twice.stay().events).Verdicts[0].Level, info)
		thrice := begin("12:00:00").times(3, func(s *script) { s.hold(time.Duration(s.n+1)*time.Hour, info) }).stay()
		require.Equal(t, diagnose.Problem, diagnosed(thrice.events).Verdicts[0].Level, info)
	}
}

func TestVerdictSaysWhen(t *testing.T) {
	once := begin("08:00:00").hold(time.Minute, event.TopicAuthFailed)
	require.Equal(t, "It happened at 2026-11-22 08:01:00 UTC.", more(t, once, "topic-denied", diagnose.English))
	require.Equal(t, "发生于 2026-11-22 08:01:00 UTC。", more(t, once, "topic-denied", diagnose.Chinese))
	again := once.hold(time.Hour, event.TopicAuthFailed)
	require.Equal(t, "In this span, it happened from 2026-11-22 08:01:00 UTC to 2026-11-22 09:01:01 UTC.", more(t, again, "topic-denied", diagnose.English))
	require.Equal(t, "在此时间段内，发生于 2026-11-22 08:01:00 UTC 至 2026-11-22 09:01:01 UTC。", more(t, again, "topic-denied", diagnose.Chinese))
}

func more(t *testing.T, s *script, code diagnose.Code, lang diagnose.Lang) string {
	t.Helper()
	return verdict(t, report(s.events, wholeDay, history.Status{}, lang), code).More
}

// Trouble that stopped hours ago is no longer a problem if the client has been connected since.
func TestWhatIsOverIsNoProblem(t *testing.T) {
	denied := func(at string) *script { return begin(at).hold(time.Minute, event.TopicAuthFailed) }
	// With this wait, the time between the two failures equals the length of the last connection.
	even := 10*time.Hour + 58*time.Minute + 28_499*time.Millisecond
	for name, c := range map[string]struct {
		script *script
		want   diagnose.Level
	}{
		"connected for six hours since":            {denied("17:58:58.999").stay(), diagnose.Notice},
		"connected for less":                       {denied("17:58:59").stay(), diagnose.Problem},
		"offline since":                            {denied("10:00:00").hold(time.Minute, event.DisconnectedByClient), diagnose.Problem},
		"offline nearly all the time since":        {denied("10:00:00").wait(10 * time.Hour).stay(), diagnose.Problem},
		"quiet for longer than the gap between":    {denied("02:00:00.001").wait(even-time.Millisecond).hold(time.Minute, event.TopicAuthFailed).stay(), diagnose.Notice},
		"quiet for no longer than the gap between": {denied("02:00:00.001").wait(even).hold(time.Minute, event.TopicAuthFailed).stay(), diagnose.Problem},
		"another connection in between, at once":   {denied("10:00:00").hold(time.Hour, event.DisconnectedByClient).stay(), diagnose.Notice},
	} {
		require.Equal(t, c.want, verdict(t, diagnosed(c.script.events), "topic-denied").Level, name)
	}
	lost := begin("08:00:00").lose(time.Hour).times(20, func(s *script) { s.refuse() })
	require.Equal(t, diagnose.Problem, verdict(t, diagnosed(lost.events), "refused-login").Level, "a client that logs in may no longer be connected")
	overlap := begin("10:00:00").hold(time.Minute, event.ClientIDConflict).hold(time.Minute, event.ClientIDConflict)
	overlap.hold(time.Minute, event.ClientIDConflict).wait(-3 * time.Second).stay()
	require.Equal(t, diagnose.Notice, verdict(t, diagnosed(overlap.events), "client-id-conflict").Level, "the last end is reported two seconds after the next start")
	over := denied("10:00:00").stay()
	require.Regexp(t, `^It happened at 2026-11-22 10:01:00 UTC\. It has not happened again: the client has been connected since 2026-11-22 10:01:01 UTC\.$`,
		more(t, over, "topic-denied", diagnose.English))
	require.Regexp(t, `^发生于 2026-11-22 10:01:00 UTC。此后没有再次发生：客户端自 2026-11-22 10:01:01 UTC 起一直在线。$`,
		more(t, over, "topic-denied", diagnose.Chinese))
	require.Equal(t, diagnose.Notice, verdict(t, diagnosed(begin("10:00:00").hold(time.Minute, event.ClosedByClient).stay().events), "closed-by-client").Level,
		"a notice stays one")
}

// One or two refused logins are no problem if a later login was accepted.
func TestRefusalsBeforeALoginAreNoProblem(t *testing.T) {
	for name, c := range map[string]struct {
		script *script
		want   diagnose.Level
	}{
		"one, at the time of the login": {begin("20:00:00").refuse().wait(-time.Second).stay(), diagnose.Notice},
		"two":                           {begin("20:00:00").refuse().refuse().stay(), diagnose.Notice},
		"three":                         {begin("20:00:00").refuse().refuse().refuse().stay(), diagnose.Problem},
		"the second not followed":       {begin("20:00:00").refuse().hold(time.Minute, event.DisconnectedByClient).refuse(), diagnose.Problem},
		"not followed":                  {begin("20:00:00").refuse(), diagnose.Problem},
		"while a connection is open":    {begin("20:00:00").stay().wait(time.Minute).refuse(), diagnose.Problem},
	} {
		require.Equal(t, c.want, verdict(t, diagnosed(c.script.events), "refused-login").Level, name)
	}
}

func TestVerdictShowsTheLoginThatWorked(t *testing.T) {
	s := begin("08:00:00").hold(time.Minute, event.ClosedByClient, from("192.0.2.1", 1)).
		times(20, func(s *script) { s.refuse(user("u1"), from("192.0.2.1", 2), reason("bad_username_or_password")) })
	got := verdict(t, diagnosed(s.events), "refused-after-success")
	require.Equal(t, "Every login refused since 08:01 UTC (it worked before)", got.Title)
	require.Equal(t, 20, got.Count)
	require.Contains(t, got.Meaning, "Since its last connection ended, the broker has refused its logins as not authorized, 20 times, and accepted none")
	require.Contains(t, got.More, "In this span, it happened from 2026-11-22 08:01:01 UTC to 2026-11-22 08:01:20 UTC.")
	require.Len(t, got.Evidence, 10)
	require.Equal(t, event.Connect, got.Evidence[0].Action)
	require.Equal(t, "08:00:00", short(got.Evidence[0].Time))
	require.Equal(t, "This login was accepted. The client's address was 192.0.2.1.", got.Evidence[0].Text)
	require.Equal(t, "This login was refused. The client's address was 192.0.2.1. The user name was u1.", got.Evidence[9].Text)
	require.Equal(t, "08:01:20", short(got.Evidence[9].Time))
}

// Refused logins with another user name are usually only a notice. They are a problem if one comes
// from the address of the last connection, because the device itself may have sent it.
func TestVerdictNamesTheOtherUser(t *testing.T) {
	known := begin("08:00:00").hold(time.Minute, event.DisconnectedByClient, from("192.0.2.1", 0), user("meter"))
	known.refuse(from("203.0.113.66", 0), user("admin")).refuse(from("203.0.113.66", 0), user("root"))
	got := verdict(t, diagnosed(known.events), "refused-other-user")
	require.Equal(t, diagnose.Notice, got.Level)
	require.Equal(t, 2, got.Count)
	require.Contains(t, got.Meaning, "The last connection used the user name meter. Since it ended, the broker has refused logins with other user names, most recently root, as not authorized, twice.")
	got = verdict(t, diagnosed(known.refuse(from("192.0.2.1", 0), user("root")).events), "refused-other-user")
	require.Equal(t, diagnose.Problem, got.Level)
}

// The search for earlier events is limited, so the verdict must say that an earlier login may
// have been accepted.
func TestVerdictSaysThatEarlierLoginsAreNotKnown(t *testing.T) {
	s := begin("08:00:00").refuse().refuse().refuse()
	got := verdict(t, diagnosed(s.events), "never-accepted")
	require.Equal(t, "The broker refused the client's logins as not authorized, 3 times, and accepted none in the time that was searched. "+
		"Whether it accepted earlier logins is not known.", got.Meaning)
	got = verdict(t, report(s.events, wholeDay, history.Status{}, diagnose.Chinese), "never-accepted")
	require.Equal(t, "服务端以 not authorized 拒绝该客户端的登录，共 3 次。在已查询的时间范围内没有登录成功的记录，更早的情况未知。", got.Meaning)
}

func TestVerdictSaysHowLongTheClientIsGone(t *testing.T) {
	got := verdict(t, diagnosed(begin("12:00:00").hold(time.Hour, event.NoHeart, reason("keepalive_timeout")).events), "no-return")
	require.Contains(t, got.Meaning, "The connection ended at 2026-11-22 13:00:00 UTC without a DISCONNECT. For 10 h 59 min, until 2026-11-22 23:59:59 UTC, no attempt by the client to connect is on record.")
	require.Equal(t, "The connection had lasted 1 h. No connection followed.", got.Evidence[0].Text)
	require.Equal(t, "keepalive_timeout", got.Evidence[0].NativeReason)
}

func TestVerdictNamesTheNodes(t *testing.T) {
	s := begin("00:00:00").hold(time.Minute, event.ServerShutdown, node("n1")).lose(time.Minute, node("n2")).stay(node("n3"))
	r := diagnosed(s.events)
	require.Equal(t, "The connection had lasted 1 min. The connection was on node n1, the next one on node n2.", verdict(t, r, "broker-restart").Evidence[0].Text)
	replaced := verdict(t, r, "replaced-on-another-node")
	require.Equal(t, "Broker node n2 probably stopped; the device came back on another node", replaced.Title)
	require.Equal(t, "The connection had begun 1 min earlier. No end was reported before the next connection. The connection was on node n2, the next one on node n3.",
		replaced.Evidence[0].Text)
}

// Strings from clients and brokers must be shown as they are, even if they look like
// placeholders.
func TestTextOfClientsIsData(t *testing.T) {
	address := "{count} <b>{addresses}\n"
	s := begin("00:00:00").times(4, func(s *script) {
		s.hold(time.Minute, event.ClientIDConflict, from(address, 0)).hold(time.Minute, event.ClientIDConflict, from("b", 0))
	}).stay(from(address, 0))
	got := verdict(t, diagnosed(s.events), "two-places")
	require.Contains(t, got.Next, "Find out who connects from b and {count} <b>{addresses}.", "on one line")
}
