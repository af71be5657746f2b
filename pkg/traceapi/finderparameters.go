package traceapi

import (
	"net/url"
	"slices"
	"time"
	"unicode/utf8"

	"devicetrace/pkg/event"
	"devicetrace/pkg/query"
	"devicetrace/pkg/summary"
)

var finderParameters = []string{
	"instance", "day", "q", "match", "state", "node", "reason", "order", "limit", "cursor", "format", "bom", "explain", "lang",
}

// The values of the parameter match say which texts of a device a search looks at.
const (
	matchAny      = "any"
	matchClient   = "client"
	matchUsername = "username"
	matchAddress  = "address"
	// matchNear finds devices with a text that is similar to the whole given text; see essence.
	matchNear = "near"
)

const (
	defaultDevices = 50
	maxDevices     = 200
	// maxConfirmed is the maximum number of devices whose statuses one request confirms.
	maxConfirmed = 100
	// maxNear is the maximum number of similar devices.
	maxNear = 20
	// maxText is the maximum length in bytes of the text to search for. No stored text is longer.
	maxText = 1024
)

// finderRequest holds the parameters of a search for devices.
type finderRequest struct {
	instanceID event.InstanceID
	// first and last are the first and the last UTC day to search.
	first, last time.Time
	text, match string
	state       summary.State // empty: any
	node        string        // empty: any
	reasons     []event.ActionInfo
	order       int
	limit       int
	after       *place
	table
}

// parseFinder parses the parameters of a search. An error is a parameterError or wraps
// query.ErrCursor.
func parseFinder(rawQuery string, now time.Time) (q finderRequest, err error) {
	values, err := parseValues(rawQuery, finderParameters)
	if err != nil {
		return q, err
	}
	if q.instanceID, err = parseInstance(values); err != nil {
		return q, err
	}
	for _, parse := range []func(url.Values) error{
		func(v url.Values) error { return q.parseDay(v, now) },
		q.parseText,
		q.parseFilter,
		q.parseOrder,
		q.parsePage,
		func(v url.Values) error { q.table, err = parseTable(v); return err },
	} {
		if err := parse(values); err != nil {
			return q, err
		}
	}
	_, err = parseLang(values.Get("lang"), "")
	return q, err
}

// parseDay sets the days to search. Without the parameter day, these are yesterday and today. In
// the last hour of today, they include tomorrow, because brokers whose clocks run fast may already
// send events dated tomorrow. A status counts these events, too.
func (q *finderRequest) parseDay(values url.Values, now time.Time) error {
	today := startOfDay(now)
	day, given, err := parseDate(values, "day")
	switch {
	case err != nil:
		return err
	case !given:
		q.first, q.last = today.AddDate(0, 0, -1), startOfDay(latest(now))
	case day.After(today):
		return invalid("day is after today, which is %s in UTC", today.Format(time.DateOnly))
	default:
		q.first, q.last = day, day
	}
	return nil
}

func (q *finderRequest) parseText(values url.Values) (err error) {
	q.text = values.Get("q")
	q.match, err = parseOneOf(values, "match", matchAny, matchClient, matchUsername, matchAddress, matchNear)
	switch {
	case err != nil:
		return err
	case q.text == "" && values.Get("match") != "":
		return missing("q is missing: match=" + q.match + " requires the text to search for")
	case len(q.text) > maxText:
		return invalid("q is longer than %d bytes", maxText)
	case !utf8.ValidString(q.text):
		return invalid("q must be valid UTF-8")
	case q.match == matchNear && essence(q.text) == "":
		return invalid("q must contain more than separators if match is near")
	}
	return nil
}

func (q *finderRequest) parseFilter(values url.Values) (err error) {
	q.node = values.Get("node")
	if state := values.Get("state"); state != "" {
		state, err = parseOneOf(values, "state", string(summary.Online), string(summary.Offline), string(summary.Unknown))
		if err != nil {
			return err
		}
		q.state = summary.State(state)
	}
	q.reasons, err = parseWords(values.Get("reason"), parseActionInfo)
	if err != nil {
		return invalid("reason: %v; use one or more of %s, %s", err, event.ActionInfoList(), unexplained)
	}
	return nil
}

func (q *finderRequest) parseOrder(values url.Values) error {
	names := make([]string, len(orders))
	for i, o := range orders {
		names[i] = o.name
	}
	name, err := parseOneOf(values, "order", names...)
	if err != nil {
		return err
	}
	q.order = orderNamed(name)
	if name != "offline_since" {
		return nil
	}
	if q.state != "" && q.state != summary.Offline {
		return invalid("order=offline_since requires state=offline")
	}
	q.state = summary.Offline
	return nil
}

func (q *finderRequest) parsePage(values url.Values) (err error) {
	standard, max := defaultDevices, maxDevices
	switch {
	case q.match == matchNear:
		standard, max = maxNear, maxNear
	case q.state == summary.Offline:
		max = maxConfirmed
	}
	if q.limit, err = parseLimit(values, standard, max); err != nil {
		return err
	}
	if cursor := values.Get("cursor"); cursor != "" {
		after, err := parsePlace(cursor, q.order)
		q.after = &after
		return err
	}
	return nil
}

// table holds the parameters that choose the format of an endpoint's table.
type table struct {
	format  string // "json" or "csv"
	bom     bool   // whether CSV begins with a byte order mark
	explain bool
}

func parseTable(values url.Values) (t table, err error) {
	if t.format, err = parseOneOf(values, "format", "json", "csv"); err != nil {
		return t, err
	}
	if t.bom, err = parseBOM(values, t.format); err != nil {
		return t, err
	}
	t.explain, err = parseFlag(values, "explain")
	if err == nil && t.explain && t.format != "json" {
		err = invalid("explain=1 requires format=json")
	}
	return t, err
}

// selects reports whether a device that matches the text search belongs in the list; see
// readerMatch. If the list is of offline devices, it also selects devices that may be offline,
// because confirm removes the others.
func (q *finderRequest) selects(d *summary.Device) bool {
	return (q.state == "" || d.State() == q.state || q.state == summary.Offline && d.MayBeOffline()) &&
		(q.node == "" || d.Node.Text == q.node) &&
		(len(q.reasons) == 0 || d.LastDrop != 0 && slices.Contains(q.reasons, event.ActionInfo(d.DropInfo)))
}

// readerMatch returns the text search that the reader performs, or nil if there is no text.
func (q *finderRequest) readerMatch() *query.DeviceMatch {
	if q.text == "" {
		return nil
	}
	all := q.match == matchAny || q.match == matchNear
	m := &query.DeviceMatch{
		Text: q.text, ClientID: all || q.match == matchClient, Username: all || q.match == matchUsername, Address: all || q.match == matchAddress,
	}
	if q.match == matchNear {
		m.Matches = similarTo(q.text)
	}
	return m
}
