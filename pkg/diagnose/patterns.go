package diagnose

// patterns are rules that explain several connection ends or refusals together. Rules that name a
// cause come before rules that only narrow down the cause.
var patterns = []rule{
	{"two-places", Problem, func(in *input) *finding { return in.places }},
	{"two-programs", Problem, func(in *input) *finding { return in.programs }},
	{"refused-after-success", Problem, (*input).refusedAfterSuccess},
	{"refused-other-user", Problem, (*input).refusedOtherUser},
	{"never-accepted", Problem, (*input).neverAccepted},
	{"login-expiry", Problem, (*input).loginExpiry},
	{"fixed-length", Problem, func(in *input) *finding { return in.fixed }},
	{"keep-alive-margin", Problem, (*input).keepAliveMargin},
	{"silent-after-connect", Problem, (*input).silentAfterConnect},
	{"many-addresses", Problem, (*input).manyAddresses},
	{"refused-while-online", Problem, (*input).refusedWhileOnline},
	{"no-return", Problem, (*input).noReturn},
	{"still-offline", Notice, (*input).stillOffline},
	{"sleeps-without-disconnect", Notice, func(in *input) *finding { return in.sleep }},
	{"broker-restart", Notice, (*input).brokerRestart},
	{"many-connections", Notice, (*input).manyConnections},
}

// symptoms are rules that find only consequences of problems. The problems themselves are explained
// by the verdicts of other rules.
var symptoms = []rule{
	{"flapping", Problem, func(in *input) *finding { return in.flaps }},
}
