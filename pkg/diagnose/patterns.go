package diagnose

// patterns explain several ends or refusals at once. Those that name a cause come
// before those that narrow it down, and flapping, which is a symptom, comes last.
var patterns = []rule{
	{"two-places", Problem, (*record).twoPlaces},
	{"refused-after-success", Problem, (*record).refusedAfterSuccess},
	{"never-accepted", Problem, (*record).neverAccepted},
	{"login-expiry", Problem, (*record).loginExpiry},
	{"fixed-length", Problem, (*record).fixedLength},
	{"keep-alive-margin", Problem, (*record).keepAliveMargin},
	{"silent-after-connect", Problem, (*record).silentAfterConnect},
	{"refused-while-online", Problem, (*record).refusedWhileOnline},
	{"no-return", Problem, (*record).noReturn},
	{"flapping", Problem, (*record).flapping},
	{"broker-restart", Notice, (*record).brokerRestart},
}
