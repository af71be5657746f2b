package diagnose_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
	"devicetrace/pkg/history/historytest"
)

// explaining lists the verdicts that give a cause. All other verdicts only state which connections
// ended, and how.
var explaining = []diagnose.Code{
	"two-places", "refused-after-success", "refused-other-user", "never-accepted", "login-expiry", "fixed-length", "keep-alive-margin",
	"silent-after-connect", "refused-while-online", "no-return", "broker-restart", "flapping",
	"two-programs", "many-addresses", "sleeps-without-disconnect", "keep-alive-early", "no-keep-alive",
}

// expectation lists the verdicts that a device with a known problem must get. Some verdicts must
// also appear if about a tenth of the events are lost.
type expectation struct {
	first diagnose.Code   // must be the first verdict if no event is lost
	lossy diagnose.Code   // must be among the verdicts if events are lost
	may   []diagnose.Code // other explanations that are allowed
}

var expectations = map[sim.Cause]expectation{
	sim.Healthy:          {},
	sim.CleanWorker:      {first: "no-drops"},
	sim.NATTimeout:       {first: "fixed-length", lossy: "fixed-length", may: []diagnose.Code{"flapping"}},
	sim.LongKeepAlive:    {first: "keep-alive-margin", lossy: "keep-alive-margin"},
	sim.ClonedCredential: {first: "two-places", lossy: "two-places", may: []diagnose.Code{"flapping"}},
	sim.TokenExpiry:      {may: []diagnose.Code{"login-expiry", "fixed-length"}}, // see TestTokenExpiry
	sim.BrokerRestart:    {may: []diagnose.Code{"broker-restart"}},
	sim.CrashLoop:        {first: "flapping", lossy: "flapping"},
	sim.FlakyRadio:       {first: "many-addresses", lossy: "keep-alive-timeout", may: []diagnose.Code{"many-addresses"}},
	sim.WrongPassword:    {first: "never-accepted", lossy: "never-accepted"},
	sim.RotatedPassword:  {first: "refused-after-success"},
	sim.TopicDenied:      {first: "topic-denied", lossy: "topic-denied", may: []diagnose.Code{"flapping"}},
	sim.NeverCameBack:    {first: "no-return"},
	sim.SilentClient:     {first: "silent-after-connect", lossy: "silent-after-connect", may: []diagnose.Code{"flapping"}},
	sim.Sleeper:          {first: "sleeps-without-disconnect", lossy: "sleeps-without-disconnect"},
	sim.EarlyTimeout:     {first: "keep-alive-early", lossy: "keep-alive-early", may: []diagnose.Code{"flapping"}},
	sim.NoKeepAlive:      {first: "no-keep-alive"},
	sim.SharedAddress:    {first: "two-programs", lossy: "two-programs", may: []diagnose.Code{"flapping"}},
	sim.TimeLimit:        {first: "fixed-length"},
	sim.BrokerStop:       {first: "broker-restart"},
	sim.Unexplained:      {first: "end-unexplained", lossy: "end-unexplained"},
}

// withLosses lists additional verdicts that are allowed if events are lost. Without a connect
// event, the client appears to have stayed offline. Without an end event, the connection appears to
// be still open when the client logs in again.
var withLosses = []diagnose.Code{"no-return", "refused-while-online", "refused-after-success", "fixed-length"}

// seeds returns the number of devices to simulate for a cause.
func seeds(cause sim.Cause) uint64 {
	if cause == sim.CrashLoop { // thousands of events per device, so fewer devices are enough
		return 12
	}
	return 200
}

func TestCauses(t *testing.T) {
	require.Len(t, expectations, len(sim.Causes))
	for cause, want := range expectations {
		t.Run(string(cause), func(t *testing.T) {
			t.Parallel()
			for seed := range seeds(cause) {
				events := sim.Device(cause, seed, day)
				got := diagnosed(events)
				sound(t, got, wholeDay)
				if want.first != "" {
					require.Equal(t, want.first, codes(got)[0], "seed %d", seed)
				}
				require.Empty(t, unexpected(got, want), "seed %d", seed)
			}
		})
	}
}

// The report must not depend on whether a log is filled in ascending or in descending order.
func TestCausesBothWays(t *testing.T) {
	for _, cause := range sim.Causes {
		t.Run(string(cause), func(t *testing.T) {
			t.Parallel()
			for seed := range seeds(cause) / 10 {
				events := sim.Device(cause, seed, day)
				newestFirst := historytest.NewestFirst(events)
				require.Equal(t, asJSON(t, diagnosed(events)), asJSON(t, diagnosedLog(newestFirst)), "seed %d", seed)
			}
		})
	}
}

func TestCausesWithLosses(t *testing.T) {
	for cause, want := range expectations {
		t.Run(string(cause), func(t *testing.T) {
			t.Parallel()
			for seed := range seeds(cause) {
				got := diagnosed(lossy(sim.Device(cause, seed, day), seed))
				sound(t, got, wholeDay)
				if want.lossy != "" {
					require.Contains(t, codes(got), want.lossy, "seed %d", seed)
				}
				want := want
				want.may = slices.Concat(want.may, withLosses)
				require.Empty(t, unexpected(got, want), "seed %d", seed)
			}
		})
	}
}

// unexpected returns the report's codes that are in explaining, but are neither want.first nor in
// want.may.
func unexpected(r diagnose.Report, want expectation) []diagnose.Code {
	return slices.DeleteFunc(codes(r), func(c diagnose.Code) bool {
		return !slices.Contains(explaining, c) || c == want.first || slices.Contains(want.may, c)
	})
}

// A restarting broker may report that it ended the connection. If it does not, the verdict must
// rest on the client's next connection, which is on a different node. The verdict cannot name the
// restart if the client later came back to the first node.
func TestBrokerRestarts(t *testing.T) {
	named := 0
	for seed := range seeds(sim.BrokerRestart) {
		events := sim.Device(sim.BrokerRestart, seed, day)
		reported := slices.ContainsFunc(events, func(e event.Event) bool { return e.ActionInfo == event.ServerShutdown })
		got := codes(diagnosed(events))
		if reported {
			require.Equal(t, []diagnose.Code{"broker-restart"}, got, "seed %d", seed)
			continue
		}
		require.Subset(t, []diagnose.Code{"replaced-on-another-node", "end-inferred"}, got, "seed %d", seed)
		if slices.Contains(got, "replaced-on-another-node") {
			named++
		}
	}
	require.Greater(t, named, 50, "of about 100")
}

// If the broker's words do not say whether the login or a topic was the cause, the verdict must not
// name the login.
func TestTokenExpiry(t *testing.T) {
	for seed := range seeds(sim.TokenExpiry) {
		events := sim.Device(sim.TokenExpiry, seed, day)
		want := diagnose.Code("login-expiry")
		if slices.ContainsFunc(events, func(e event.Event) bool { return e.NativeReason == "not_authorized" }) {
			want = "fixed-length"
		}
		require.Equal(t, want, codes(diagnosed(events))[0], "seed %d", seed)
		require.Contains(t, codes(diagnosed(lossy(events, seed))), want, "seed %d", seed)
	}
}

func TestRotatedPasswordsWithLosses(t *testing.T) {
	found := 0
	for seed := range seeds(sim.RotatedPassword) {
		events := lossy(sim.Device(sim.RotatedPassword, seed, day), seed)
		if slices.Contains(codes(diagnosed(events)), "refused-after-success") {
			found++
		}
	}
	require.Greater(t, found, 170, "of 200, all but those with a lost last end")
}

// Every placeholder in a verdict must be replaced by its value.
func TestTextsAreWhole(t *testing.T) {
	for _, cause := range sim.Causes {
		for seed := range uint64(10) {
			for _, lang := range []diagnose.Lang{diagnose.English, diagnose.Chinese} {
				got := report(sim.Device(cause, seed, day), wholeDay, history.Status{}, lang)
				brief(t, got, lang)
				require.NotContains(t, asJSON(t, got.Verdicts), "{count}")
				for _, v := range got.Verdicts {
					require.NotContains(t, v.Title+v.Meaning+v.Next+v.More, "{", v.Code)
					for _, e := range v.Evidence {
						require.NotContains(t, e.Text, "{", v.Code)
						require.NotEmpty(t, e.Text, v.Code)
					}
				}
			}
		}
	}
}
