package traceapi

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// A list of days has one row for each day from its first to its last day. Missing parameters have
// defaults.
func TestTheRangeOfAListOfDays(t *testing.T) {
	a := (&recorded{}).api()
	for parameters, want := range map[string]struct {
		from, to string
		days     int
	}{
		"":                               {"2026-11-16", "2026-11-22", 7},
		"&from=2026-11-20":               {"2026-11-20", "2026-11-22", 3},
		"&to=2026-11-10":                 {"2026-11-04", "2026-11-10", 7},
		"&from=2026-11-22&to=2026-11-22": {"2026-11-22", "2026-11-22", 1},
		"&from=2026-10-23&to=2026-11-22": {"2026-10-23", "2026-11-22", 31},
		"&from=2024-02-28&to=2024-03-01": {"2024-02-28", "2024-03-01", 3},
	} {
		var got struct {
			From, To string
			Days     []dayRow
		}
		fetch(t, a, "/api/v1/days?instance=i&client=c"+parameters, &got)
		require.Equal(t, want.from, got.From, parameters)
		require.Equal(t, want.to, got.To, parameters)
		require.Len(t, got.Days, want.days, parameters)
		require.Equal(t, want.from, got.Days[0].Day, parameters)
		require.Equal(t, want.to, got.Days[want.days-1].Day, parameters)
	}
}

func TestInvalidDays(t *testing.T) {
	const future, long = "is after today, which is 2026-11-22 in UTC", "from and to span more than 31 days: request fewer days"
	const noDate = "must be a date since 1973 in UTC, such as 2026-11-22"
	a := (&recorded{}).api()
	for parameters, want := range map[string]string{
		"&from=2026-10-22":                long,
		"&from=2026-10-22&to=2026-11-22":  long,
		"&from=2026-11-22&to=2026-11-21":  "from is after to",
		"&to=2026-11-23":                  "to " + future,
		"&from=2026-11-23":                "from " + future,
		"&from=2026-11-31":                "from " + noDate,
		"&to=2026-2-3":                    "to " + noDate,
		"&to=2026-11-22T00:00:00Z":        "to " + noDate,
		"&from=0001-01-01&to=0001-01-02":  "from " + noDate,
		"&lang=en":                        "is not a parameter of this path",
		"&from=2026-11-22&from=2026-11-2": "from is given more than once",
	} {
		w := ask(a, "/api/v1/days?instance=i&client=c"+parameters)
		require.Equal(t, http.StatusBadRequest, w.Code, parameters)
		require.Contains(t, w.Body.String(), want, parameters)
	}
	require.Equal(t, http.StatusForbidden, do(a, "GET", "/api/v1/days?instance=j&client=c", "Authorization", "Bearer narrow").Code)
	require.Equal(t, http.StatusBadRequest, ask(a, "/api/v1/days?instance=i").Code, "the client is missing")
}
