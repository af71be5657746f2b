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

// all returns the texts of a verdict as one string.
func all(v diagnose.Verdict) string {
	return v.Title + "\n" + v.Meaning + "\n" + v.Next + "\n" + v.More
}

// The length of a connection shows when the client was last heard. The conclusion depends on the
// broker.
func TestVerdictSaysWhenTheClientWasLastHeard(t *testing.T) {
	const nothing = "Nothing arrived after CONNECT"
	for _, c := range []struct {
		source    string
		keepAlive int32
		lasted    time.Duration
		code      diagnose.Code
		want      string
	}{
		{broker.EMQX, 60, 90_010 * time.Millisecond, "silent-after-connect", nothing},
		{broker.EMQX, 60, 120_010 * time.Millisecond, "silent-after-connect", "at most 30 s after CONNECT"},
		{broker.EMQX, 60, 180_010 * time.Millisecond, "silent-after-connect", "at most 1 min 30 s after CONNECT"},
		{broker.EMQX, 30, 45 * time.Second, "silent-after-connect", nothing},
		{broker.EMQX, 30, 60 * time.Second, "silent-after-connect", "at most 15 s after CONNECT"},
		{broker.EMQX, 75, 120 * time.Second, "silent-after-connect", nothing},
		{broker.EMQX, 75, 150 * time.Second, "silent-after-connect", "at most 30 s after CONNECT"},
		{broker.EMQX, 300, 480 * time.Second, "keep-alive-margin", "at most 30 s after CONNECT"},
		{broker.EMQX4, 60, 135 * time.Second, "silent-after-connect", "at most 45 s after CONNECT"},
		{broker.Mosquitto, 60, 94 * time.Second, "silent-after-connect", "at most 5 s after CONNECT"},
		{"rabbitmq", 60, 180 * time.Second, "silent-after-connect", "at most 1 min 30 s after CONNECT"},
		{"", 60, 90 * time.Second, "silent-after-connect", "at most 1 s after CONNECT"},
	} {
		s := begin("20:00:00").times(6, func(s *script) { s.hold(c.lasted, event.NoHeart, keepAlive(c.keepAlive), source(c.source)) }).stay()
		r := diagnosed(s.events)
		require.Contains(t, all(verdict(t, r, c.code)), c.want, "%s %d %s", c.source, c.keepAlive, c.lasted)
		for _, v := range r.Verdicts {
			require.NotContains(t, all(v), "timer", v.Code)
			require.NotContains(t, all(v), "token", v.Code)
		}
	}
}

// If the broker ended the connection early, no verdict may say that the client was silent for long
// enough, nor that its keep alive is too long.
func TestVerdictSaysThatTheBrokerWasEarly(t *testing.T) {
	for _, seconds := range []int32{60, 300} {
		s := begin("20:00:00").times(12, func(s *script) { s.hold(10*time.Second, event.NoHeart, keepAlive(seconds)) }).stay()
		r := diagnosed(s.events)
		require.Equal(t, []diagnose.Code{"keep-alive-early", "flapping"}, codes(r))
		for _, v := range r.Verdicts {
			require.NotContains(t, v.Title+v.Meaning+v.Next, "one and a half", v.Code)
			require.NotContains(t, all(v), "silent 12 times", v.Code)
		}
		require.Contains(t, r.Verdicts[0].Meaning, "(no heart) 10 s after CONNECT, 12 times, although the client announced")
		require.Equal(t, r.Verdicts[0].Next, r.Verdicts[1].Next)
	}
}

// One early end among many timeouts does not show that the broker enforces a limit of its own.
func TestOneEarlyEndDoesNotHideTheSilence(t *testing.T) {
	for early, want := range map[int]bool{1: true, 2: true, 3: false} {
		s := begin("20:00:00").times(20, func(s *script) { s.hold(90*time.Second, event.NoHeart, keepAlive(60), source(broker.EMQX)) }).
			times(early, func(s *script) { s.hold(80*time.Second, event.NoHeart, keepAlive(60), source(broker.EMQX)) })
		r := diagnosed(s.stay().events)
		require.Equal(t, want, slices.Contains(codes(r), "silent-after-connect"), early)
		require.Equal(t, early, verdict(t, r, "keep-alive-early").Count)
	}
}

// If a value differs between connections, the verdict must state a range. It must mention a fault of
// one broker only for this broker.
func TestVerdictStatesARangeIfValuesDiffer(t *testing.T) {
	early := func(name string) diagnose.Verdict {
		s := begin("20:00:00").hold(0, event.NoHeart, keepAlive(60), source(name)).hold(10*time.Second, event.NoHeart, keepAlive(300), source(name))
		return verdict(t, diagnosed(s.stay().events), "keep-alive-early")
	}
	got := early(broker.Mosquitto)
	require.Contains(t, got.Meaning, "(no heart) less than 1 s to 10 s after CONNECT, twice, although the client announced 1 min to 5 min.")
	require.Contains(t, got.More, "Mosquitto 2.0.21")
	require.NotContains(t, all(early(broker.EMQX)), "Mosquitto")
	later := begin("20:00:00").hold(10*time.Second, event.NoHeart, keepAlive(60), source(broker.Mosquitto)).stay()
	require.NotContains(t, all(verdict(t, diagnosed(later.events), "keep-alive-early")), "Mosquitto", "the fault ends connections at once")
	s := begin("20:00:00").times(2, func(s *script) {
		s.hold(30*time.Second, event.NoHeart, keepAlive(20)).hold(90*time.Second, event.NoHeart, keepAlive(60))
	}).stay()
	require.Contains(t, verdict(t, diagnosed(s.events), "silent-after-connect").Meaning, "reported a missed keep alive (20 s to 1 min), 4 times")
}

// A gateway's protocol need not have PINGREQ, nor MQTT's limit of one and a half keep alives.
func TestVerdictsOnGatewaysDoNotSpeakOfMQTT(t *testing.T) {
	s := begin("20:00:00").times(4, func(s *script) { s.hold(61*time.Second, event.NoHeart, keepAlive(60), protocol("MQTT-SN")) })
	for _, v := range diagnosed(s.stay().events).Verdicts {
		require.NotContains(t, all(v), "PINGREQ", v.Code)
		require.NotContains(t, all(v), "one and a half", v.Code)
		require.NotContains(t, all(v), "its keep alive allows", v.Code)
	}
}

// If the client stayed away for longer than programs usually wait, the verdict must not name the
// program as the first suspect.
func TestVerdictSaysThatTheClientStayedAway(t *testing.T) {
	s := begin("00:00:00").times(8, func(s *script) {
		s.hold(91*time.Second, event.NoHeart, keepAlive(60)).wait(time.Duration(s.n%4+3) * 4 * time.Minute)
	})
	got := verdict(t, diagnosed(s.stay().events), "keep-alive-timeout")
	require.Contains(t, got.Meaning, "stayed away for 10 min or more: probably asleep, switched off or unplugged")
	once := begin("00:00:00").hold(time.Hour, event.NoHeart, keepAlive(60)).wait(time.Hour).stay()
	require.NotContains(t, verdict(t, diagnosed(once.events), "keep-alive-timeout").Meaning, "asleep")
}

func TestVerdictSaysThatTheDeviceMaySleep(t *testing.T) {
	s := begin("00:00:00").times(20, func(s *script) {
		s.hold(91*time.Second, event.NoHeart, keepAlive(60)).wait(15*time.Minute - 92*time.Second)
	})
	r := diagnosed(s.events)
	got := verdict(t, r, "sleeps-without-disconnect")
	require.Equal(t, "Connects about every 15 min and then goes silent, as if asleep", got.Title)
	require.NotContains(t, all(got), "each time", "some of the connections may have ended in another way")
	require.Equal(t, diagnose.Notice, verdict(t, r, "keep-alive-timeout").Level)
	for _, v := range r.Verdicts {
		require.NotContains(t, all(v), "Nothing arrived", v.Code)
	}
}

// The advice on conflicts depends on what the addresses show.
func TestVerdictGivesAdviceThatFitsTheAddresses(t *testing.T) {
	conflicts := func(address func(n int) string) diagnose.Verdict {
		s := begin("20:00:00").times(3, func(s *script) {
			s.hold(time.Duration(s.n+11)*time.Minute, event.ClientIDConflict, from(address(s.n), 0))
		})
		return verdict(t, diagnosed(s.stay(from(address(s.n), 0)).events), "client-id-conflict")
	}
	for name, c := range map[string]struct {
		address func(n int) string
		want    string
	}{
		"not known":      {func(int) string { return "" }, "the events name no addresses"},
		"one":            {func(int) string { return "192.0.2.1" }, "both from 192.0.2.1."},
		"always another": {func(n int) string { return fmt.Sprintf("192.0.2.%d", n) }, "Probably one device reconnected after its network had changed"},
		"two in turn":    {func(n int) string { return fmt.Sprintf("192.0.2.%d", n%2) }, "Either a second client uses it"},
	} {
		got := conflicts(c.address)
		require.Contains(t, got.Meaning, c.want, name)
		require.Equal(t, name == "two in turn", strings.Contains(got.Next, "Compare the address"), name)
		require.NotContains(t, all(got), "a keep alive of at most", "%s: nothing shows that the keep alive is too long", name)
	}
}

// If the addresses of some conflicts are not known, the verdict must not generalize from the others.
func TestVerdictSettlesOnNothingIfSomeAddressesAreUnknown(t *testing.T) {
	for _, next := range []string{"192.0.2.1", "192.0.2.2"} {
		s := begin("20:00:00").times(4, func(s *script) { s.hold(20*time.Minute, event.ClientIDConflict).wait(3 * time.Minute) }).
			hold(20*time.Minute, event.ClientIDConflict, from("192.0.2.1", 0)).stay(from(next, 0))
		require.Contains(t, verdict(t, diagnosed(s.events), "client-id-conflict").Meaning, "Either a second client uses it", next)
	}
}

// A shorter keep alive helps only if the old connection may have been dead for a long time.
func TestVerdictAdvisesAShorterKeepAliveIfItHelps(t *testing.T) {
	for name, c := range map[string]struct {
		keepAlive int32
		lasted    time.Duration
		want      bool
	}{
		"none":                      {0, time.Hour, true},
		"long":                      {300, time.Hour, true},
		"not long":                  {299, time.Hour, false},
		"longer than it has lasted": {1200, 15 * time.Minute, false},
	} {
		s := begin("20:00:00").hold(c.lasted, event.ClientIDConflict, keepAlive(c.keepAlive)).stay(keepAlive(c.keepAlive))
		got := verdict(t, diagnosed(s.events), "client-id-conflict").More
		if c.want {
			require.Contains(t, got, "With a keep alive of at most a few minutes", name)
		} else {
			require.NotContains(t, got, "With a keep alive", name)
		}
	}
}

func TestVerdictNamesTheSettingsThatFight(t *testing.T) {
	s := begin("20:00:00").times(4, func(s *script) {
		s.hold(time.Minute, event.ClientIDConflict, from("192.0.2.1", 0), keepAlive(60), version(5), user("a")).
			hold(time.Minute, event.ClientIDConflict, from("192.0.2.1", 0), keepAlive(30), version(4), user("b"))
	}).stay(from("192.0.2.1", 0), keepAlive(60), version(5), user("a"))
	r := diagnosed(s.events)
	got := verdict(t, r, "two-programs")
	require.Contains(t, got.Meaning, "Connections with a keep alive of 30 s or 1 min and MQTT 3.1.1 or 5 took this client identifier from each other, 7 times.")
	require.Contains(t, got.Next, "Find both programs or devices behind 192.0.2.1, and give each its own client identifier.")
	require.NotContains(t, all(verdict(t, r, "client-id-conflict")), "Compare the address")
	require.Contains(t, got.More, "The keep alive is not the cause", "because it differs")
}

// The verdict names the addresses of the programs, and explains only what differs.
func TestVerdictNamesTheAddressesOfThePrograms(t *testing.T) {
	s := begin("20:00:00").times(4, func(s *script) {
		s.hold(time.Hour/4, event.ClientIDConflict, from("192.0.2.1", 0), version(3)).hold(time.Hour/4, event.ClientIDConflict, from("192.0.2.2", 0), version(4))
	}).stay(from("192.0.2.1", 0), version(3))
	got := verdict(t, diagnosed(s.events), "two-programs")
	require.Contains(t, got.Next, "Find both programs or devices at 192.0.2.1 and 192.0.2.2, and give")
	require.Contains(t, got.More, "falls back to an older version, such as MQTT 3.1")
	require.NotContains(t, got.More, "credentials")
	require.NotContains(t, got.More, "The keep alive is not the cause")
}

// If the last connection ended with a conflict, a newer one must exist, so the client is not absent.
func TestVerdictSaysThatTheNewestConnectionIsMissing(t *testing.T) {
	r := diagnosed(begin("08:00:00").hold(time.Hour, event.NoHeart).hold(time.Hour, event.ClientIDConflict).events)
	require.NotContains(t, codes(r), diagnose.Code("no-return"))
	got := verdict(t, r, "client-id-conflict")
	require.Contains(t, got.Title, "its connect event is missing")
	require.Contains(t, got.Meaning, "once, at 2026-11-22 10:00:01 UTC. That proves a newer connection")
}

// If the new connections come from several addresses, the verdict must not name any of them.
func TestVerdictNamesAnAddressOnlyIfThereIsOne(t *testing.T) {
	s := begin("20:00:00")
	for _, address := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"} {
		s.hold(11*time.Minute, event.ClientIDConflict, from(address, 0)).hold(12*time.Minute, event.DisconnectedByClient, from(address, 0))
	}
	got := verdict(t, diagnosed(s.stay().events), "client-id-conflict")
	require.Contains(t, got.Meaning, "both from the same address.")
	require.NotContains(t, all(got), "192.0.2.3")
}

// If a reason can mean an expired login or a denied topic, the verdict must not settle on either.
func TestVerdictNamesTheLoginOnlyIfTheBrokerDoes(t *testing.T) {
	equal := func(word string) diagnose.Report {
		return diagnosed(begin("20:00:00").times(4, func(s *script) { s.hold(30*time.Minute, event.NotAuthorized, reason(word)) }).stay().events)
	}
	for _, word := range []string{"CUSTOMAUTH_TTL_EXPIRATION", "authentication_expired", "credential expired", "expired"} {
		r := equal(word)
		require.Equal(t, diagnose.Code("login-expiry"), codes(r)[0], word)
		require.Contains(t, verdict(t, r, "not-authorized").Meaning, "its login had expired (not authorized, “"+word+"”)", word)
	}
	for _, word := range []string{"not_authorized", "AUTH_ERROR", "Authorisation failed", ""} {
		got := verdict(t, equal(word), "fixed-length")
		require.Equal(t, "Connections ended as not authorized after about 30 min each", got.Title, word)
		require.Contains(t, got.Meaning, "or the client then uses a topic without permission", word)
	}
}

func TestVerdictNamesTheTimeLimit(t *testing.T) {
	for word, want := range map[string]string{
		"WEBSOCKET_TTL_EXPIRATION": "The broker limits WebSocket connections to about 1 h",
		"maximum connect time":     "The broker limits connections to about 1 h",
		"SERVER_ERROR":             "Connections are cut off after about 1 h",
	} {
		s := begin("12:00:00").times(4, func(s *script) { s.hold(time.Hour, event.ServerShutdown, reason(word)) })
		r := diagnosed(s.events)
		require.Equal(t, want, verdict(t, r, "fixed-length").Title, word)
		require.NotContains(t, codes(r), diagnose.Code("server-shutdown"), word)
	}
}

// A verdict that states why connections of equal length ended must count and cite only the ends that
// were reported so.
func TestVerdictCountsOnlyTheEndsThatItExplains(t *testing.T) {
	for _, c := range []struct {
		info   event.ActionInfo
		reason string
		code   diagnose.Code
	}{
		{event.NotAuthorized, "expired", "login-expiry"},
		{event.NotAuthorized, "", "fixed-length"},
		{event.ServerShutdown, "maximum connect time", "fixed-length"},
	} {
		s := begin("16:00:00").times(4, func(s *script) { s.hold(time.Hour, c.info, reason(c.reason)) }).
			times(3, func(s *script) { s.hold(time.Hour, event.SocketIOException) })
		got := verdict(t, diagnosed(s.stay().events), c.code)
		require.Equal(t, 4, got.Count, c.reason)
		require.Len(t, got.Evidence, 4, c.reason)
		for _, e := range got.Evidence {
			require.Equal(t, c.info, e.ActionInfo, c.reason)
		}
	}
}

// If the broker's words name a cause that no timer produces, equal lengths are a coincidence.
func TestVerdictNamesNoTimerIfTheCauseIsAnother(t *testing.T) {
	for word, want := range map[string]string{
		"kicked":                   "An operator removed the client",
		"API_INITIATED_DISCONNECT": "An operator removed the client",
		"server_busy":              "The broker was busy",
	} {
		s := begin("12:00:00").times(4, func(s *script) { s.hold(time.Hour, event.ServerShutdown, reason(word)) })
		r := diagnosed(s.events)
		require.NotContains(t, codes(r), diagnose.Code("fixed-length"), word)
		require.Equal(t, want, verdict(t, r, "server-shutdown").Title, word)
	}
}

func TestVerdictNamesTheNetworkOfManyAddresses(t *testing.T) {
	s := begin("00:00:00").times(131, func(s *script) {
		s.hold(time.Duration(s.n%7+3)*time.Minute, event.NoHeart, from(fmt.Sprintf("2001:db8::%x", s.n), 0))
	})
	got := verdict(t, diagnosed(s.events), "many-addresses")
	require.Equal(t, diagnose.Problem, got.Level)
	require.Contains(t, got.Meaning, "The client came from 131 addresses in 131 connections, and dropped 131 times.")
	require.Contains(t, got.More, "No address ever came back, so a second client is unlikely.")
}

func TestFlappingStatesItsMostFrequentEnd(t *testing.T) {
	s := begin("00:00:00").times(1032, func(s *script) { s.hold(5*time.Second, event.ClosedByClient).wait(9 * time.Second) }).
		times(20, func(s *script) { s.hold(5*time.Second, event.SocketIOException).wait(9 * time.Second) })
	r := diagnosed(s.events)
	got := verdict(t, r, "flapping")
	require.Equal(t, "Connects about every 15 s: the client's side closed the connection 1,032 times", got.Title)
	require.Equal(t, verdict(t, r, "closed-by-client").Next, got.Next)
	require.Contains(t, got.More, "“Also found” explains the other ends.")
	alone := begin("20:00:00").times(12, func(s *script) { s.hold(time.Second, event.ClosedByClient) })
	require.NotContains(t, verdict(t, diagnosed(alone.events), "flapping").More, "other ends")
}

// A client that slept earlier in the span can flap later.
func TestFlappingAfterSleep(t *testing.T) {
	s := begin("14:00:00").
		times(30, func(s *script) { s.hold(90*time.Second, event.NoHeart, keepAlive(60)).wait(10 * time.Minute) }).
		times(20, func(s *script) { s.hold(10*time.Second, event.ClosedByClient, keepAlive(60)).wait(time.Minute) })
	r := diagnosed(s.stay().events)
	require.Contains(t, codes(r), diagnose.Code("sleeps-without-disconnect"))
	got := verdict(t, r, "flapping")
	require.Equal(t, diagnose.Problem, got.Level)
	require.Equal(t, 20, got.Count)
}

// The verdict states a rate only if the client connects at about this rate most of the time.
func TestFlappingStatesTheRateOfAllConnections(t *testing.T) {
	short := func(d time.Duration) func(*script) {
		return func(s *script) {
			next := s.at.Add(d)
			s.hold(time.Duration(s.n%10)*time.Millisecond, event.ClosedByClient).at = next
		}
	}
	for name, c := range map[string]struct {
		script *script
		want   string
	}{
		"steady":                      {begin("20:00:00").times(480, short(30*time.Second)), "Connects about every 30 s: "},
		"steady, and some stay":       {begin("20:00:00").times(240, func(s *script) { s.times(1, short(30*time.Second)).hold(29*time.Second, event.DisconnectedByClient) }), "Connects about every 30 s: "},
		"twice a second":              {begin("20:00:00").times(3601, short(500*time.Millisecond)), "Connects more than once a second: "},
		"steady, and fine since":      {begin("02:00:00").times(72, short(25*time.Second)).stay(), "Connects about every 25 s: "},
		"a burst, and fine since":     {begin("02:00:00").times(12, short(25*time.Second)).stay(), "Many short connections: "},
		"two bursts":                  {begin("02:00:00").times(12, short(25*time.Second)).wait(10*time.Hour).times(12, short(25*time.Second)), "Many short connections: "},
		"fine for hours, and a burst": {begin("02:00:00").hold(20*time.Hour, event.ClosedByClient).times(12, short(25*time.Second)), "Many short connections: "},
	} {
		got := verdict(t, diagnosed(c.script.events), "flapping").Title
		require.True(t, strings.HasPrefix(got, c.want), "%s: %s", name, got)
	}
}

// The advice, with its values, must come from the verdict about the most frequent kind of end. If two
// kinds are equally frequent, it must come from the verdict about the kind that names a cause.
func TestFlappingBorrowsTheAdviceThatWasGiven(t *testing.T) {
	short := func(info event.ActionInfo, more ...with) *script {
		return begin("20:00:00").times(12, func(s *script) { s.hold(time.Duration(s.n+1)*time.Second, info, more...).wait(time.Minute) }).stay(more...)
	}
	for name, c := range map[string]struct {
		script *script
		code   diagnose.Code
		want   string
	}{
		"takeovers from one address": {short(event.ClientIDConflict, from("192.0.2.1", 0)), "client-id-conflict", "behind 192.0.2.1"},
		"an expired login":           {short(event.NotAuthorized, reason("expired")), "not-authorized", "renew its login"},
		"an operator":                {short(event.ServerShutdown, reason("kicked")), "server-shutdown", "who or what removed it"},
		"stops of the broker":        {short(event.ServerShutdown, native("broker stopped")), "broker-restart", "in the log of the broker"},
		"a tie": {begin("20:00:00").times(6, func(s *script) {
			s.hold(time.Duration(s.n+1)*time.Second, event.ClosedByClient).hold(time.Duration(s.n+1)*time.Second, event.InvalidParam)
		}).stay(), "invalid-param", "MQTT library"},
	} {
		r := diagnosed(c.script.events)
		got := verdict(t, r, "flapping")
		require.Equal(t, verdict(t, r, c.code).Next, got.Next, name)
		require.Contains(t, got.Next, c.want, name)
	}
}

// The title must not blame a topic or the client unless the broker's words do.
func TestFlappingStatesWhatTheWordsSay(t *testing.T) {
	for _, c := range []struct {
		info         event.ActionInfo
		reason, want string
	}{
		{event.TopicAuthFailed, "acl_denied", "because of a denied topic 12 times"},
		{event.TopicAuthFailed, "ClientAuthorizationError", "because of a missing permission 12 times"},
		{event.InvalidParam, "frame_too_large", "the client violated the protocol or a limit 12 times"},
		{event.InvalidParam, "SessionOverflow", "because of a limit or a protocol violation 12 times"},
	} {
		s := begin("20:00:00").times(12, func(s *script) { s.hold(time.Second, c.info, reason(c.reason)).wait(time.Minute) })
		require.Contains(t, verdict(t, diagnosed(s.events), "flapping").Title, c.want, c.reason)
	}
}

func TestFlappingMentionsManyAddresses(t *testing.T) {
	crash := func(address func(n int) string) string {
		s := begin("20:00:00").times(12, func(s *script) {
			s.hold(time.Duration(s.n+5)*time.Second, event.ClosedByClient, from(address(s.n), 0))
		})
		return verdict(t, diagnosed(s.events), "flapping").More
	}
	require.Contains(t, crash(func(n int) string { return fmt.Sprintf("192.0.2.%d", n) }), "a new address nearly every time")
	require.NotContains(t, crash(func(int) string { return "192.0.2.1" }), "new address")
}

// If drops keep the client offline for about a minute in a day, they are no problem. If they keep it
// offline for longer, happen too often or have just happened, they are a problem.
func TestProportion(t *testing.T) {
	drops := func(n int, offline time.Duration) *script {
		return begin("00:00:00").times(n, func(s *script) {
			s.hold(22*time.Hour/time.Duration(n), event.NoHeart, keepAlive(60)).wait(offline - time.Second)
		}).stay()
	}
	for name, c := range map[string]struct {
		script *script
		want   diagnose.Level
	}{
		"three times twenty seconds": {drops(3, 20*time.Second), diagnose.Notice},
		"three times half a minute":  {drops(3, 30*time.Second), diagnose.Problem},
		"nine times":                 {drops(9, 5*time.Second), diagnose.Notice},
		"ten times":                  {drops(10, 5*time.Second), diagnose.Problem},
		"offline at the end":         {begin("00:00:00").hold(23*time.Hour+58*time.Minute, event.NoHeart, keepAlive(60)), diagnose.Problem},
		"known for half a day":       {begin("11:59:59.999").hold(10*time.Hour, event.TopicAuthFailed).stay(), diagnose.Notice},
		"known for less":             {begin("12:00:00").hold(10*time.Hour, event.TopicAuthFailed).stay(), diagnose.Problem},
		"more than an hour ago":      {begin("00:00:00").hold(23*time.Hour-2*time.Millisecond, event.TopicAuthFailed).stay(), diagnose.Notice},
		"within the last hour":       {begin("00:00:00").hold(23*time.Hour-time.Millisecond, event.TopicAuthFailed).stay(), diagnose.Problem},
	} {
		require.Equal(t, c.want, diagnosed(c.script.events).Verdicts[0].Level, name)
	}
	fight := begin("00:00:00").hold(23*time.Hour, event.DisconnectedByClient).times(2, func(s *script) {
		s.hold(time.Minute, event.ClientIDConflict, from("192.0.2.1", 0)).hold(time.Minute, event.ClientIDConflict, from("192.0.2.2", 0))
	}).stay(from("192.0.2.1", 0))
	require.Equal(t, diagnose.Problem, verdict(t, diagnosed(fight.events), "two-places").Level, "sharing an identifier is a fault in any case")
}

// Drops of any kind are a problem if they keep the client offline for much of the day and are not
// over.
func TestProportionOfDropsThatGoOn(t *testing.T) {
	drops := func(info event.ActionInfo, n int, online, offline time.Duration) *script {
		return begin("12:00:00").times(n, func(s *script) {
			s.hold(online+time.Duration(s.n%5)*time.Minute, info).wait(offline + time.Duration(s.n%3)*2*time.Minute)
		}).stay()
	}
	const minute = time.Minute
	for name, c := range map[string]struct {
		script *script
		code   diagnose.Code
		want   diagnose.Level
	}{
		"closed by the client": {drops(event.ClosedByClient, 40, 9*minute, 5*minute), "closed-by-client", diagnose.Problem},
		"network errors":       {drops(event.SocketIOException, 40, 9*minute, 5*minute), "network-error", diagnose.Problem},
		"mostly online":        {drops(event.SocketIOException, 11, 60*minute, 2*minute), "network-error", diagnose.Notice},
		"fine for six hours":   {drops(event.SocketIOException, 15, 9*minute, 9*minute), "network-error", diagnose.Notice},
		"with DISCONNECT":      {drops(event.DisconnectedByClient, 40, 9*minute, 5*minute), "clean-disconnect", diagnose.Info},
		"without a reason":     {drops(event.Unexplained, 40, 9*minute, 5*minute), "end-unexplained", diagnose.Notice},
		"twice":                {drops(event.SocketIOException, 2, 60*minute, 5*time.Hour), "network-error", diagnose.Notice},
		"once, and then for another reason": {begin("12:00:00").hold(minute, event.DisconnectedByClient).wait(10*time.Hour).
			times(3, func(s *script) { s.hold(time.Duration(s.n)*9*minute, event.SocketIOException) }).stay(), "network-error", diagnose.Notice},
	} {
		require.Equal(t, c.want, verdict(t, diagnosed(c.script.events), c.code).Level, name)
	}
	busy := begin("12:00:00").times(40, func(s *script) {
		s.hold(time.Duration(s.n%5+9)*minute, event.ServerShutdown, reason("server_busy")).wait(time.Duration(s.n%3*2+5) * minute)
	})
	require.Equal(t, diagnose.Problem, verdict(t, diagnosed(busy.stay().events), "server-shutdown").Level)
	gone := drops(event.ClosedByClient, 4, 60*minute, minute)
	gone.events = gone.events[:len(gone.events)-1]
	require.Equal(t, diagnose.Notice, verdict(t, diagnosed(gone.events), "closed-by-client").Level, "the absence has its own verdict")
}

// If a client seems to sleep, its verdicts must not suggest a network problem or a second client
// without mentioning this.
func TestVerdictsOnSleepersAreSoft(t *testing.T) {
	lost := diagnosed(begin("00:00:00").times(20, func(s *script) {
		s.hold(90*time.Second, event.SocketIOException, reason("ConnectionLost")).wait(15*time.Minute - 91*time.Second)
	}).events)
	got := verdict(t, lost, "fixed-length")
	require.Equal(t, diagnose.Notice, got.Level)
	require.Contains(t, got.Meaning, "It probably sleeps in between")
	require.NotContains(t, all(got), "NAT")
	require.Equal(t, diagnose.Notice, verdict(t, lost, "network-error").Level)
	require.Contains(t, verdict(t, lost, "network-error").More, "sleeps without sending DISCONNECT")

	uneven := diagnosed(begin("00:00:00").times(20, func(s *script) {
		s.hold(35*time.Second, event.ClosedByClient).wait(time.Duration(s.n%4+2) * 6 * time.Minute)
	}).events)
	require.Contains(t, verdict(t, uneven, "fixed-length").Meaning, "It probably sleeps in between")

	recent := begin("17:00:00")
	for _, minutes := range []int{11, 37, 19, 64, 25, 90, 14} {
		recent.hold(time.Minute, event.SocketIOException, keepAlive(60)).wait(time.Duration(minutes) * time.Minute)
	}
	r := diagnosed(recent.stay().events)
	require.Equal(t, []diagnose.Code{"fixed-length", "network-error"}, codes(r))
	for _, v := range r.Verdicts {
		require.Equal(t, diagnose.Notice, v.Level, v.Code)
	}

	soon := diagnosed(begin("00:00:00").times(20, func(s *script) { s.hold(90*time.Second, event.SocketIOException).wait(time.Minute) }).events)
	require.Contains(t, all(verdict(t, soon, "fixed-length")), "NAT")
	require.NotContains(t, verdict(t, soon, "network-error").More, "sleep")

	for lasted, want := range map[time.Duration]bool{15 * time.Minute: true, time.Minute: false} {
		s := begin("00:00:00").times(20, func(s *script) {
			s.hold(lasted, event.ClientIDConflict, from("192.0.2.1", 0)).wait(-time.Second)
		}).stay(from("192.0.2.1", 0))
		require.Equal(t, want, strings.Contains(verdict(t, diagnosed(s.events), "client-id-conflict").More, "sleeps without sending DISCONNECT"), lasted)
	}
}

// A client whose logins were refused in between was not asleep.
func TestNoSleepWhileLoginsAreRefused(t *testing.T) {
	own := []with{user("pump"), from("192.0.2.1", 0)}
	s := begin("20:00:00").times(6, func(s *script) {
		s.hold(90*time.Second, event.NoHeart, append(own, keepAlive(60))...)
		s.times(10, func(s *script) { s.refuse(own...).wait(59 * time.Second) })
	}).stay(own...)
	require.NotContains(t, codes(diagnosed(s.events)), diagnose.Code("sleeps-without-disconnect"))
}

// A stranger's refused login must not hide the client's own ones, which show that it was not away.
func TestStrangersDoNotHideTheAttemptsOfTheClient(t *testing.T) {
	own := []with{user("pump"), from("192.0.2.1", 0)}
	s := begin("20:00:00").times(4, func(s *script) {
		s.hold(time.Duration(s.n+10)*time.Minute, event.NoHeart, append(own, keepAlive(60))...)
		s.refuse(user("meter"), from("198.51.100.9", 0)).wait(5 * time.Second)
		s.times(20, func(s *script) { s.refuse(own...).wait(time.Minute) })
	}).stay(own...)
	require.Equal(t, "No heartbeat: the client went silent", verdict(t, diagnosed(s.events), "keep-alive-timeout").Title)
}

// An absence that lasts until the end of the span is no sleep, because the client has not come back.
func TestTheLastAbsenceIsNoSleep(t *testing.T) {
	s := begin("20:00:00").times(3, func(s *script) { s.hold(time.Minute, event.SocketIOException).wait(59*time.Minute + 9*time.Second) })
	require.NotContains(t, verdict(t, diagnosed(s.events), "network-error").More, "sleep")
	require.Contains(t, verdict(t, diagnosed(s.stay().events), "network-error").More, "sleep")
}

// If the broker ended the connections itself, the verdict must not suggest that the device sleeps.
func TestVerdictSaysThatTheBrokerEndedTheConnections(t *testing.T) {
	s := begin("14:00:00").times(6, func(s *script) { s.hold(20*time.Minute, event.ServerShutdown).wait(30 * time.Minute) }).stay()
	got := verdict(t, diagnosed(s.events), "fixed-length")
	require.Contains(t, got.Meaning, "the broker reports that it ended the connections itself")
	require.NotContains(t, all(got), "sleep")
}

// If earlier logins may have been refused before the span, the title must not name the first one in
// the span.
func TestVerdictSaysSinceWhenOnlyIfItIsKnown(t *testing.T) {
	yesterday := begin("08:00:00").hold(time.Hour, event.NoHeart).events
	for i := range yesterday {
		yesterday[i].Time = yesterday[i].Time.AddDate(0, 0, -1)
	}
	s := begin("00:00:00").times(30, func(s *script) { s.refuse().wait(time.Minute) })
	before := history.StatusAt(logOf(yesterday), day.Add(-1))
	require.Equal(t, "Every login refused in this span (it worked before)",
		verdict(t, report(s.events, wholeDay, before, diagnose.English), "refused-after-success").Title)
	require.Equal(t, "在此时间段内登录均被拒绝（此前正常）",
		verdict(t, report(s.events, wholeDay, before, diagnose.Chinese), "refused-after-success").Title)
	open := history.StatusAt(logOf(yesterday[:1]), day.Add(-1))
	ended := begin("08:00:00").end(closed("08:00:00", event.NoHeart, channel("1"))).refuse().refuse()
	require.Equal(t, "Every login refused since 08:00 UTC (it worked before)",
		verdict(t, report(ended.events, wholeDay, open, diagnose.English), "refused-after-success").Title)
}

// If the broker accepts the same logins soon after it refused them, the credentials are not the cause.
func TestVerdictLooksAtTheLoginService(t *testing.T) {
	by := user("pump")
	flaky := func(wait time.Duration, next with) string {
		s := begin("00:00:00").times(10, func(s *script) {
			s.refuse(by).wait(wait).hold(time.Duration(s.n+3)*time.Minute, event.DisconnectedByClient, next)
		})
		return verdict(t, diagnosed(s.events), "refused-login").Title
	}
	require.Equal(t, "Logins refused now and then, and accepted soon after", flaky(5*time.Second, user("pump")))
	require.Equal(t, "Login refused", flaky(3*time.Minute, user("pump")))
	require.Equal(t, "Login refused", flaky(5*time.Second, user("meter")))
}

func TestVerdictNamesTheStopOfTheBroker(t *testing.T) {
	s := begin("08:00:00").hold(time.Hour, event.ServerShutdown, native("broker stopped"), node("n1"), reason("mosquitto version 2.0.18 terminating")).stay(node("n1"))
	got := verdict(t, diagnosed(s.events), "broker-restart")
	require.Equal(t, "The broker stopped at 2026-11-22 09:00:00 UTC", got.Title)
	require.Contains(t, got.Meaning, "The broker on node n1 stopped at 2026-11-22 09:00:00 UTC (ServerShutdown)")
	require.Contains(t, got.Next, "No action is required on the device.")
	started := begin("10:00:00").hold(time.Hour, event.ServerShutdown, native("broker started")).stay()
	require.Equal(t, "The broker started again at 2026-11-22 11:00:00 UTC", verdict(t, diagnosed(started.events), "broker-restart").Title)
	often := begin("08:00:00").hold(time.Hour, event.ServerShutdown, native("broker started")).
		times(3, func(s *script) { s.hold(time.Hour, event.ServerShutdown, native("broker stopped")) }).stay()
	got = verdict(t, diagnosed(often.events), "broker-restart")
	require.Equal(t, diagnose.Notice, got.Level)
	require.Equal(t, "The broker stopped or restarted 4 times", got.Title)
	require.Contains(t, got.Meaning, "stopped or restarted 4 times, most recently at 2026-11-22 12:00:03 UTC")
}

// If the broker stopped and nothing has been reported since, the problem is the broker, not the
// device.
func TestVerdictSaysThatTheBrokerIsGone(t *testing.T) {
	r := diagnosed(begin("08:00:00").hold(time.Hour, event.ServerShutdown, native("broker stopped")).events)
	got := verdict(t, r, "broker-restart")
	require.Equal(t, diagnose.Problem, got.Level)
	require.Equal(t, "The broker stopped at 2026-11-22 09:00:00 UTC, and no start is on record", got.Title)
	require.Contains(t, got.Next, "Check that the broker is running")
	for _, v := range r.Verdicts {
		require.NotContains(t, v.Next, "power", v.Code)
	}
}

// If the broker itself ended the last connection, the advice must start with the broker.
func TestVerdictSaysWhoEndedTheLastConnection(t *testing.T) {
	for info, reason := range map[event.ActionInfo]string{
		event.ServerShutdown: "kicked", event.NotAuthorized: "AUTH_ERROR", event.TopicAuthFailed: "acl_denied", event.InvalidParam: "frame_too_large",
	} {
		s := begin("08:00:00").hold(time.Hour, info, func(e *event.Event) { e.NativeReason = reason })
		got := verdict(t, diagnosed(s.events), "no-return")
		require.Contains(t, got.Meaning, "The broker ended the connection at 2026-11-22 09:00:00 UTC ("+reason+").")
		require.Contains(t, got.Next, "whether the client may connect again")
		require.NotContains(t, got.Next, "power")
	}
	lost := verdict(t, diagnosed(begin("08:00:00").hold(time.Hour, event.NoHeart).events), "no-return")
	require.Contains(t, lost.Next, "power")
}

// If the broker stopped and has started again, nobody needs to look for what ended the connection.
func TestVerdictSaysThatTheClientDidNotReturnToTheBroker(t *testing.T) {
	for name, s := range map[string]*script{
		"a start": begin("08:00:00").hold(time.Hour, event.ServerShutdown, native(broker.BrokerStarted)),
		"a stop, and a stranger's login since": begin("08:00:00").hold(time.Hour, event.ServerShutdown, native(broker.BrokerStopped), user("pump")).
			wait(time.Hour).refuse(user("meter"), from("198.51.100.9", 0)),
	} {
		got := verdict(t, diagnosed(s.events), "no-return")
		require.Equal(t, "Has not come back since the broker stopped or restarted", got.Title, name)
		require.Contains(t, got.Next, "If the broker is running again, check whether the device has power", name)
	}
}

// The verdict must quote a reason that is not known. A word such as "undefined" does not count as a
// reason.
func TestVerdictQuotesAnUnknownReason(t *testing.T) {
	ended := func(words ...string) diagnose.Verdict {
		s := begin("08:00:00")
		for _, word := range words {
			s.hold(time.Minute, event.Unexplained, reason(word))
		}
		return verdict(t, diagnosed(s.events), "end-unexplained")
	}
	require.Equal(t, "Reason not reported", ended("", "").Title)
	require.Equal(t, "Reason not reported", ended("undefined").Title)
	require.Equal(t, "Reason not reported", ended(" ").Title)
	require.Equal(t, "Reason not reported", ended("brand_new", "", "").Title)
	got := ended("", "brand_new")
	require.Equal(t, "Reason not clear: “brand_new”", got.Title)
	require.Contains(t, got.Meaning, "and the source gave “brand_new” as the reason. This does not show the cause.")
	require.NotContains(t, all(got), "network error")
	require.Equal(t, "Reason not clear: “c”, “b” and 1 more", ended("a", "b", "c").Title)
	long := ended(fmt.Sprintf("%080d", 7))
	require.Equal(t, fmt.Sprintf("Reason not clear: “%020d…%019d”", 0, 7), long.Title)
	require.Equal(t, fmt.Sprintf("%080d", 7), long.Evidence[0].NativeReason)
	require.Equal(t, "Reason not clear: “one two three four five…”", ended("one\ntwo  three four five six").Title)
}

// The verdict must quote words that a broker writes for ends of any cause, but say that they show
// nothing.
func TestVerdictQuotesWordsThatSayNothing(t *testing.T) {
	s := begin("08:00:00").hold(time.Minute, event.Unexplained, source(broker.Mosquitto), reason("socket error"))
	got := verdict(t, diagnosed(s.events), "end-unexplained")
	require.Contains(t, got.Meaning, "The broker writes “socket error”, but it does so for ends of any cause.")
	require.NotContains(t, all(got), "not reported")
}

// If the native reasons of all ends name the same cause, the verdict must state this cause.
func TestVerdictStatesTheCauseThatTheWordsName(t *testing.T) {
	type end struct {
		info   event.ActionInfo
		reason string
	}
	ended := func(code diagnose.Code, ends ...end) string {
		s := begin("08:00:00")
		for i, e := range ends {
			s.hold(time.Duration(i+1)*time.Minute, e.info, reason(e.reason))
		}
		return verdict(t, diagnosed(s.events), code).Title
	}
	for _, c := range []struct {
		code  diagnose.Code
		title string
		ends  []end
	}{
		{"server-shutdown", "An operator removed the client", []end{{event.ServerShutdown, "kicked"}}},
		{"server-shutdown", "An operator removed the client", []end{{event.ServerShutdown, "kicked"}, {event.ServerShutdown, "administrative action"}}},
		{"server-shutdown", "Ended by the broker", []end{{event.ServerShutdown, "kicked"}, {event.ServerShutdown, "server_busy"}}},
		{"server-shutdown", "The broker was busy", []end{{event.ServerShutdown, "Server busy"}}},
		{"server-shutdown", "The connection reached the broker's time limit", []end{{event.ServerShutdown, "WEBSOCKET_TTL_EXPIRATION"}}},
		{"server-shutdown", "Ended by the broker", []end{{event.ServerShutdown, "SERVER_ERROR"}}},
		{"client-id-conflict", "Another connection took the client identifier, but its connect event is missing", []end{{event.ClientIDConflict, "Kicked"}}},
		{"not-authorized", "The broker ended the connection: login no longer valid", []end{{event.NotAuthorized, "ClientAuthenticationError"}}},
		{"not-authorized", "The broker ended the connection: login expired", []end{{event.NotAuthorized, "credential expired"}}},
		{"not-authorized", "The broker ended the connection: not authorized", []end{{event.NotAuthorized, "AUTH_ERROR"}}},
		{"not-authorized", "The broker ended the connection: address not allowed", []end{{event.NotAuthorized, "IpForbidden"}}},
		{"topic-denied", "The broker ended the connection: permission missing", []end{{event.TopicAuthFailed, "ClientAuthorizationError"}}},
		{"topic-denied", "The broker ended the connection: topic not allowed", []end{{event.TopicAuthFailed, "acl_denied"}}},
		{"invalid-param", "The queue of messages to the client was full", []end{{event.InvalidParam, "SessionOverflow"}}},
		{"invalid-param", "The client violated the protocol or a limit", []end{{event.InvalidParam, "QuotaExceeded"}}},
	} {
		require.Equal(t, c.title, ended(c.code, c.ends...), c.ends)
	}
}

// A DISCONNECT with an error code is worth a notice. If the source may have reported a WebSocket close
// frame as a DISCONNECT, the verdict must say so.
func TestVerdictSaysHowTheClientLeft(t *testing.T) {
	left := func(word string) diagnose.Report {
		return diagnosed(begin("08:00:00").hold(time.Hour, event.DisconnectedByClient, reason(word)).stay().events)
	}
	for _, word := range []string{"protocol_error", "unspecified_error"} {
		got := left(word).Verdicts
		require.Equal(t, []diagnose.Code{"left-with-error"}, codes(left(word)), word)
		require.Equal(t, "The client left with an error: “"+word+"”", got[0].Title)
		require.Equal(t, diagnose.Notice, got[0].Level)
	}
	for word, want := range map[string]bool{
		"CLIENT_INITIATED_DISCONNECT": true, "ClientInitiatedDisconnect": true, "normal": false, "disconnect_with_will_message": false, "": false,
	} {
		require.Equal(t, []diagnose.Code{"no-drops", "clean-disconnect"}, codes(left(word)), word)
		require.Equal(t, want, strings.Contains(verdict(t, left(word), "clean-disconnect").More, "WebSocket"), word)
	}
}

// If a source only compares states once a minute, no verdict may rest on the lengths of
// connections.
func TestSnapshotsHaveNoLengths(t *testing.T) {
	require.True(t, broker.IsSnapshot(snapshot))
	for name, s := range map[string]*script{
		"equal":    begin("00:00:00").times(8, func(s *script) { s.hold(10*time.Minute, event.Unexplained, native(snapshot)) }),
		"short":    begin("00:00:00").times(40, func(s *script) { s.hold(time.Minute, event.Unexplained, native(snapshot)) }),
		"timeouts": begin("00:00:00").times(8, func(s *script) { s.hold(90*time.Second, event.NoHeart, native(snapshot), keepAlive(60)) }),
		"takeovers": begin("00:00:00").times(4, func(s *script) {
			s.hold(time.Minute, event.ClientIDConflict, native(snapshot), from("192.0.2.1", 0)).
				hold(time.Minute, event.ClientIDConflict, native(snapshot), from("192.0.2.2", 0))
		}),
	} {
		for _, code := range codes(diagnosed(s.stay().events)) {
			require.NotContains(t, explaining, code, name)
		}
	}
}

const snapshot = "Microsoft.Devices.DeviceDisconnected"

// The advice must include every check that the documentation of ApsaraMQ for MQTT recommends.
func TestAdviceIsComplete(t *testing.T) {
	for info, want := range map[event.ActionInfo][]string{
		event.NotAuthorized:     {"valid and not expired", "the exact topics"},
		event.TopicAuthFailed:   {"the exact topics"},
		event.ClientIDConflict:  {"unique", "duplicate deployments", "misconfigured provisioning"},
		event.NoHeart:           {"network's stability", "blocked or overloaded"},
		event.ClosedByClient:    {"application log", "a crash or an unhandled exception", "a killed process", "a firewall rule or a network interface", "system and network logs"},
		event.SocketIOException: {"application and system network logs", "a firewall rule or a network interface"},
		event.ServerShutdown:    {"No action is required"},
	} {
		r := report(begin("00:00:00").hold(time.Hour, info).stay().events, wholeDay, history.Status{}, diagnose.English)
		for _, text := range want {
			require.Contains(t, r.Verdicts[0].Next, text, info)
		}
	}
}
