package diagnose

// patterns explain several ends or refusals at once. Those that name a cause come
// before those that narrow it down.
var patterns = []rule{
	{"two-places", Problem, (*record).twoPlaces},
	{"refused-after-success", Problem, (*record).refusedAfterSuccess},
	{"refused-other-user", Problem, (*record).refusedOtherUser},
	{"never-accepted", Problem, (*record).neverAccepted},
	{"login-expiry", Problem, (*record).loginExpiry},
	{"fixed-length", Problem, (*record).fixedLength},
	{"keep-alive-margin", Problem, (*record).keepAliveMargin},
	{"silent-after-connect", Problem, (*record).silentAfterConnect},
	{"refused-while-online", Problem, (*record).refusedWhileOnline},
	{"no-return", Problem, (*record).noReturn},
	{"broker-restart", Notice, (*record).brokerRestart},
}

// symptoms are what the others explain.
var symptoms = []rule{
	{"flapping", Problem, (*record).flapping},
}
