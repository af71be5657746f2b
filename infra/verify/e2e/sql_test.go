package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

// viewsFile defines the view events and the recipes.
const viewsFile = "infra/operate/views.sql"

// openViews opens a DuckDB database whose view events reads the bucket in the given folder.
func openViews(t *testing.T, folder string) duck {
	t.Helper()
	d := openDuck(t)
	d.SetMaxOpenConns(1) // because a variable belongs to a connection
	require.NoError(t, d.locate(t, folder))
	require.NoError(t, d.readViews(t))
	return d
}

func (d duck) locate(t *testing.T, folder string) error {
	t.Helper()
	_, err := d.ExecContext(t.Context(), "SET VARIABLE device_trace = '"+folder+"'")
	return err
}

func (d duck) readViews(t *testing.T) error {
	t.Helper()
	script, err := os.ReadFile(filepath.Join(root, viewsFile))
	require.NoError(t, err)
	_, err = d.ExecContext(t.Context(), string(script))
	return err
}

// folder returns the folder of the stack's bucket.
func (s *stack) folder() string { return filepath.Join(s.data, "oss", "objects") }

// sqlRow maps the columns of a row of the view to their values, in the format of the API's JSON.
type sqlRow map[string]any

// eventsOf returns all rows of the view for an instance, with the columns and the value formats of
// the API.
func (d duck) eventsOf(t *testing.T, instance string) (rows []sqlRow) {
	t.Helper()
	columns := d.query(t, "SELECT column_name, column_type FROM (DESCRIBE events)")
	for _, values := range d.query(t, "SELECT * EXCLUDE (kind, instance, shard, day) FROM events WHERE instance = $1", instance) {
		row := sqlRow{}
		for i, v := range values {
			name, kind := columns[i][0].(string), columns[i][1].(string)
			if ms, isNumber := v.(int64); isNumber && kind == "TIMESTAMP WITH TIME ZONE" {
				v = time.UnixMilli(ms).UTC().Format(apiTime)
			}
			row[name] = v
		}
		rows = append(rows, row)
	}
	return rows
}

// texts returns the rows as sorted JSON texts, so that they can be compared.
func texts(t *testing.T, rows []sqlRow) (all []string) {
	t.Helper()
	for _, row := range rows {
		text, err := json.Marshal(row)
		require.NoError(t, err)
		all = append(all, string(text))
	}
	slices.Sort(all)
	return all
}

// traced returns the rows of all given clients on the given days, as the API returns them.
func (s *stack) traced(t *testing.T, instance string, clients []string, days ...time.Time) (rows []sqlRow) {
	t.Helper()
	for _, client := range clients {
		for _, day := range days {
			q := with(question(instance, client, day, day.AddDate(0, 0, 1).Add(-time.Millisecond)), "limit", "5000")
			for _, raw := range s.allEvents(t, q) {
				var row sqlRow
				require.NoError(t, json.Unmarshal(raw, &row))
				rows = append(rows, row)
			}
		}
	}
	return rows
}

// sqlInstances are names of instances that careless code could misread. Some file systems ignore
// case, and DuckDB treats a partition named null as unknown.
var sqlInstances = []string{"plain", "Prod.cn", "prod.cn", "null", "a_b-c.9"}

// sqlClients are hostile client identifiers.
func sqlClients() []string {
	return append([]string{"'; DROP VIEW events; --", "a%b", "@@@x@@@y", "a@@@"}, oddClientIDs...)
}

// sqlDay returns events of all clients on a day. Some events are delivered repeatedly, with
// different values in the columns that do not identify an event.
func sqlDay(day time.Time) (first, again []inputEvent) {
	known := int32(60)
	for i, client := range sqlClients() {
		for j := range 12 {
			at := day.Add(time.Duration(i*60+j) * time.Second).UnixMilli()
			e := inputEvent{ClientID: client, Action: "connect", ActionInfo: "accepted", Time: at, SourceEventID: strconv.Itoa(j), NativeReason: "same", Username: "first"}
			switch j % 4 {
			case 1:
				e.Action, e.ActionInfo, e.ConnectedAt, e.KeepAlive = "close", "no heart", at-1000, &known
			case 2:
				e.PeerAddress, e.PeerPort, e.ChannelID = "192.0.2.1", 1024, strings.Repeat("c", j)
			case 3:
				e.Action, e.ActionInfo, e.PeerAddress, e.PeerPort = "close", "not authorized", "2001:db8::1", 1
			}
			first = append(first, e)
			e.Username, e.ActionInfo = "again", ""
			again = append(again, e)
		}
	}
	return first, again
}

// TestViewHasTheRowsOfTheAPI compares the view with the API's traces: fresh runs with repeated
// deliveries, compacted days, and both at the same time, as during a compaction.
func TestViewHasTheRowsOfTheAPI(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	today := oneDay()
	days := []time.Time{today.AddDate(0, 0, -1), today}
	total := 0
	for _, day := range days {
		first, again := sqlDay(day)
		total += len(first)
		for _, instance := range sqlInstances {
			s.record(t, instance, first)
		}
		s.interrupt(t)
		s.start(t)
		for _, instance := range sqlInstances { // a new run repeats some events and adds others
			s.record(t, instance, again)
			s.record(t, instance, append(slices.Clone(first[:5]), again[:5]...))
		}
	}
	s.addStrangers(t)
	d := openViews(t, s.folder())
	both := t.TempDir()
	check := func() {
		for _, instance := range sqlInstances {
			want, got := s.traced(t, instance, sqlClients(), days...), d.eventsOf(t, instance)
			require.Equal(t, texts(t, want), texts(t, got), instance)
			require.Len(t, got, total, instance)
			for _, row := range got {
				require.Equal(t, "first", row["username"], "the row received first counts")
			}
		}
		for key, file := range s.objects(t, "events/") {
			require.NoError(t, copyFile(file, filepath.Join(both, key)))
		}
	}
	check()
	fresh := len(s.objects(t, "events/"))
	require.Less(t, total*len(sqlInstances), d.number(t, "SELECT CAST(sum(num_rows) AS BIGINT) FROM parquet_file_metadata('"+s.folder()+"/events/*/*/*/l0000-????????????????????????????????-*.parquet')"))
	s.age(t)
	s.compact(t)
	require.Less(t, len(s.objects(t, "events/")), fresh)
	check()
	require.NoError(t, d.locate(t, both))
	for _, instance := range sqlInstances { // inputs of the compaction that are still there
		require.Equal(t, texts(t, s.traced(t, instance, sqlClients(), days...)), texts(t, d.eventsOf(t, instance)), instance)
	}
}

// addStrangers adds objects to the bucket that neither the API nor the view may read.
func (s *stack) addStrangers(t *testing.T) {
	t.Helper()
	for key := range maps.Keys(s.objects(t, "events/instance=plain/")) {
		file := filepath.Join(s.folder(), key)
		require.NoError(t, copyFile(file, strings.Replace(file, "/l0000-", "/copy-of-l0000-", 1)))
		require.NoError(t, copyFile(file, strings.Replace(file, "/l0000-", "/l0000-0", 1)))
		require.NoError(t, os.WriteFile(strings.Replace(file, "/l0000-", "/notes-", 1), []byte("not Parquet"), 0o644))
	}
}

// TestViewChoosesTheRowOfTheAPI stores rows in several objects. Each column has only a few
// different values, so many rows describe the same event, and many of these were received in the
// same millisecond. The view must choose the same rows as the API.
func TestViewChoosesTheRowOfTheAPI(t *testing.T) {
	t.Parallel()
	const seed = 17
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	s, day := newSeededStack(t, 16), oneDay().AddDate(0, 0, -1)
	total := 0
	for run := range 4 {
		rows := make([]segment.Row, 500)
		for i := range rows {
			rows[i] = tiedRow(random, day)
		}
		rows = segment.Distinct(rows)
		total += len(rows)
		s.seed(t, partitionFor("ties", "c", day), run, encoded(t, rows))
	}
	s.start(t)
	d := openViews(t, s.folder())
	got := texts(t, d.eventsOf(t, "ties"))
	require.Less(t, len(got), total*2/3)
	require.Equal(t, texts(t, s.traced(t, "ties", []string{"c"}, day)), got)
}

// tiedRow returns a random row of the client c. Each column has only a few possible values.
func tiedRow(random *rand.Rand, day time.Time) segment.Row {
	text := func() string { return []string{"", "Z", "a", "é", "aa"}[random.IntN(5)] }
	rare := func() string { return []string{"", "", "", "", "x"}[random.IntN(5)] }
	number := func() int32 { return random.Int32N(3) - 1 }
	at := day.UnixMilli() + random.Int64N(3)
	return segment.Row{
		ClientID: "c", Time: at, Action: []string{"close", "connect", "disconnect"}[random.IntN(3)], ActionInfo: text(),
		ChannelID: rare(), NativeEvent: rare(), NativeReason: rare(), ReasonCode: number(), ConnectedAt: (at - 1) * int64(random.IntN(2)),
		ReceivedDelay: random.Int64N(3) - 1, PeerAddress: rare(), PeerPort: random.Int64N(2), Username: text(), Node: rare(), Protocol: text(),
		ProtocolVersion: number() + 1, KeepAlive: number(), CleanStart: number(), Source: text(), SourceEventID: rare(), TimeOrigin: "broker",
	}
}

// TestViewColumns checks the names and types of the view's columns. The API's columns must come
// first, in the API's order, followed by the columns that only the view has.
func TestViewColumns(t *testing.T) {
	t.Parallel()
	s := newSeededStack(t, 16)
	s.seed(t, partitionFor("columns", "x", oneDay()), 1, encoded(t, someRows(1, 1)))
	s.start(t)
	d := openViews(t, s.folder())
	var got []string
	for _, column := range d.query(t, "SELECT column_name || ' ' || column_type FROM (DESCRIBE events)") {
		got = append(got, column[0].(string))
	}
	var want []string
	for _, c := range event.Columns() {
		want = append(want, c.Name)
		if c.Name == "instance_id" {
			want = append(want, "group_id", "device_id")
		}
	}
	want = append(want, "kind", "instance", "shard", "day")
	types := map[string]string{
		"time": "TIMESTAMP WITH TIME ZONE", "connected_at": "TIMESTAMP WITH TIME ZONE", "received_at": "TIMESTAMP WITH TIME ZONE",
		"reason_code": "INTEGER", "protocol_version": "INTEGER", "keep_alive": "INTEGER", "peer_port": "BIGINT", "clean_start": "BOOLEAN", "day": "DATE",
	}
	for i, name := range want {
		kind := types[name]
		if kind == "" {
			kind = "VARCHAR"
		}
		want[i] = name + " " + kind
	}
	require.Equal(t, want, got)
}

// TestViewKinds compares the kinds of the view with those that the API counts, for every native
// event that the sources' code or the samples name.
func TestViewKinds(t *testing.T) {
	t.Parallel()
	s, day := newSeededStack(t, 16), oneDay()
	var rows []segment.Row
	words := nativeWords(t)
	require.Contains(t, words, "was disconnected during CONNECT")
	for _, word := range words {
		for _, action := range []string{"connect", "close", "disconnect"} {
			for _, info := range []string{"", "accepted", "no heart", "not authorized"} {
				for _, connectedAt := range []int64{0, day.UnixMilli() - 1} {
					rows = append(rows, segment.Row{
						ClientID: "kinds", Time: day.UnixMilli(), Action: action, ActionInfo: info, NativeEvent: word,
						ConnectedAt: connectedAt, SourceEventID: strconv.Itoa(len(rows)), ReasonCode: -1, KeepAlive: -1, CleanStart: -1,
					})
				}
			}
		}
	}
	s.seed(t, partitionFor("kinds", "kinds", day), 1, encoded(t, rows))
	d := openViews(t, s.folder())
	got := d.query(t, "SELECT kind FROM events ORDER BY CAST(source_event_id AS INTEGER)")
	require.Len(t, got, len(rows))
	for i := range rows {
		require.Equal(t, summary.KindOf(&rows[i]).String(), got[i][0], "%+v", rows[i])
	}
}

// nativeWords returns all string literals in the code of the sources.
func nativeWords(t *testing.T) (words []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "pkg/broker/*.go"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, literal := range regexp.MustCompile(`"[a-zA-Z_. ]{1,60}"`).FindAllString(string(text), -1) {
			words = append(words, strings.Trim(literal, `"`))
		}
	}
	slices.Sort(words)
	return append(slices.Compact(words), "")
}

// TestViewReadsOnlyThePartitionsAsked checks that DuckDB opens no file outside the partitions that a
// query names.
func TestViewReadsOnlyThePartitionsAsked(t *testing.T) {
	t.Parallel()
	s, day := newSeededStack(t, 16), oneDay()
	for _, instance := range []string{"one", "two"} {
		for i := range 3 {
			for n := range 20 {
				client := fmt.Sprintf("device-%d", n)
				row := segment.Row{ClientID: client, Time: day.AddDate(0, 0, -i).UnixMilli(), Action: "close", ReasonCode: -1, KeepAlive: -1, CleanStart: -1}
				s.seed(t, partitionFor(instance, client, day.AddDate(0, 0, -i)), n, encoded(t, []segment.Row{row}))
			}
		}
	}
	d := openViews(t, s.folder())
	today := day.Format(time.DateOnly)
	shard := string(partitionFor("one", "device-7", day).Shard)
	inShard := d.number(t, "SELECT count(*) FROM events WHERE instance = 'one' AND shard = '"+shard+"' AND day = '"+today+"'")
	for query, files := range map[string]int{
		"FROM events": 120,
		"SELECT kind, count(*) FROM events WHERE instance = 'one' GROUP BY kind":                   60,
		"FROM events WHERE instance_id = 'one' AND day = '" + today + "'":                          20,
		"FROM events WHERE instance = 'none'":                                                      0,
		"FROM events WHERE day < DATE '" + today + "'":                                             80,
		"FROM device('one', 'device-7')":                                                           3 * inShard,
		"FROM device('one', 'device-7') WHERE day = '" + today + "'":                               inShard,
		"FROM device_days('one', 'device-7', '2000-01')":                                           0,
		"FROM top_reasons('one', '" + today + "')":                                                 20,
		"FROM flapping('two', '" + today + "')":                                                    20,
		"FROM dropped_at('two', '" + today + " 00:00')":                                            20,
		"FROM used_by('two', 'x')":                                                                 60,
		"FROM events WHERE instance = 'one' AND day = '" + today + "' AND shard = '" + shard + "'": inShard,
	} {
		plan := d.query(t, "EXPLAIN ANALYZE "+query)[0][1].(string)
		match := regexp.MustCompile(`Total Files Read: (\d+)`).FindStringSubmatch(plan)
		require.NotNil(t, match, plan)
		require.Equal(t, strconv.Itoa(files), match[1], query)
	}
}

// TestViewOfAnEmptyBucket checks that the error names the place where DuckDB looked for objects.
func TestViewOfAnEmptyBucket(t *testing.T) {
	t.Parallel()
	d, folder := openDuck(t), t.TempDir()
	d.SetMaxOpenConns(1)
	require.NoError(t, d.locate(t, folder))
	require.ErrorContains(t, d.readViews(t), `No files found that match the pattern "`+folder+`/events/`)
}

// TestRecipes compares the recipes with the API's answers about a fleet, on an open and on a
// compacted day.
func TestRecipes(t *testing.T) {
	t.Parallel()
	s, f := newStack(t), newFleetDay()
	for i := range 12 { // device 4 flaps
		at := f.day.Add(14*time.Hour + time.Duration(i)*time.Minute)
		f.add(4, "close", "no heart", at)
		f.connect(4, at.Add(10*time.Second))
	}
	f.record(t, s)
	d := openViews(t, s.folder())
	check := func() {
		f.requireReasons(t, s, d)
		f.requireFlapping(t, s, d)
		f.requireDropped(t, s, d)
		f.requireUsers(t, s, d)
		f.requireMonth(t, s, d)
	}
	check()
	s.age(t)
	s.compact(t)
	check()
}

func (f *fleetDay) date() string { return f.day.Format(time.DateOnly) }

// requireReasons compares the top reasons with the fleet API.
func (f *fleetDay) requireReasons(t *testing.T, s *stack, d duck) {
	t.Helper()
	var answer struct {
		Exact   bool
		Reasons []struct {
			Kind, Action string
			ActionInfo   string `json:"action_info"`
			Events       int64
		}
	}
	s.read(t, "fleet", f.wholeDay(), &answer)
	require.True(t, answer.Exact)
	var want [][]any
	for _, r := range answer.Reasons {
		want = append(want, []any{r.Kind, r.Action, r.ActionInfo, r.Events})
	}
	require.NotEmpty(t, want)
	require.Equal(t, want, d.query(t, "SELECT kind, action, action_info, events FROM top_reasons('plant', $1)", f.date()))
}

// requireFlapping checks that the macro flapping returns the same devices as the fleet API.
func (f *fleetDay) requireFlapping(t *testing.T, s *stack, d duck) {
	t.Helper()
	var answer struct {
		Flapping []struct {
			ClientID        string `json:"client_id"`
			Username, Node  string
			Drops, Connects int64
			LastEvent       time.Time `json:"last_event"`
		}
	}
	s.read(t, "fleet", f.wholeDay(), &answer)
	var want [][]any
	for _, device := range answer.Flapping {
		want = append(want, []any{device.ClientID, device.Drops, device.Connects, device.Username, device.Node, device.LastEvent.UnixMilli()})
	}
	require.NotEmpty(t, want)
	require.Equal(t, want, d.query(t, "FROM flapping('plant', $1) LIMIT 16", f.date()))
}

// requireDropped compares the drops in the minute of the restart with the API's counts for that
// minute and with the events that were sent.
func (f *fleetDay) requireDropped(t *testing.T, s *stack, d duck) {
	t.Helper()
	var answer fleetAnswer
	s.read(t, "fleet", with(f.wholeDay(), "step", "1m"), &answer)
	for _, at := range []time.Time{f.restart.Add(17 * time.Second), f.lone} {
		var want [][]any
		for _, e := range f.events {
			if e.kind() == "drop" && time.UnixMilli(e.Time).Truncate(time.Minute).Equal(at.Truncate(time.Minute)) {
				want = append(want, []any{e.Time, e.ClientID, e.Username, e.Node, e.PeerAddress, e.ActionInfo})
			}
		}
		require.Len(t, want, answer.Steps[at.Sub(f.day)/time.Minute].Drops)
		require.NotEmpty(t, want)
		slices.SortFunc(want, func(a, b []any) int {
			return strings.Compare(fmt.Sprint(a...), fmt.Sprint(b...))
		})
		require.Equal(t, want, d.query(t, "SELECT * EXCLUDE native_reason FROM dropped_at('plant', $1)", at.Format("2006-01-02 15:04:05")))
		require.Equal(t, want, d.query(t, "SELECT * EXCLUDE native_reason FROM dropped_at('plant', $1)", at.Format("2006-01-02 15:04")))
	}
}

// requireUsers compares the devices of a user name with the devices that the finder returns.
func (f *fleetDay) requireUsers(t *testing.T, s *stack, d duck) {
	t.Helper()
	found := s.find(t, "q", "user-010", "match", "username", "limit", "20")
	got := d.query(t, "SELECT client_id, events FROM used_by('plant', 'user-010')")
	require.Len(t, got, 2)
	for i, row := range got {
		events := 0
		for _, e := range f.events {
			if e.ClientID == row[0] {
				events++
			}
		}
		require.Equal(t, found.ids()[i], row[0])
		require.EqualValues(t, events, row[1])
	}
}

// requireMonth compares a device's month with the API's list of devices.
func (f *fleetDay) requireMonth(t *testing.T, s *stack, d duck) {
	t.Helper()
	device := fleetDevice(4).ClientID
	found := s.find(t, "q", device, "match", "any", "day", f.date(), "limit", "20").Devices
	require.Len(t, found, 1)
	got := d.query(t, "SELECT day, connects, drops, disconnects, refusals FROM device_days('plant', $1, $2)", device, f.day.Format("2006-01"))
	require.Equal(t, [][]any{{f.day.UnixMilli(), int64(found[0].Connects), int64(found[0].Drops), int64(found[0].Ends - found[0].Drops), int64(found[0].Refusals)}}, got)
}

// partitionFor returns the partition of a client's events in a bucket with 16 shards.
func partitionFor(instance, client string, at time.Time) layout.Partition {
	return layout.Layout{Shards: 16}.PartitionOf(event.InstanceID(instance), event.ClientID(client), at)
}
