package segment

import (
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

// writtenColumns returns the names of the columns in file order.
func writtenColumns() (names []string) {
	for _, path := range parquet.SchemaOf(stored{}).Columns() {
		names = append(names, path[0])
	}
	return names
}

// Readers must fill exactly the columns that the writer writes. Each column of the schema must
// hold one column of an event.
func TestFieldsAreTheColumns(t *testing.T) {
	var fromFields, fromEvents []string
	for _, f := range fields {
		fromFields = append(fromFields, f.name)
		if f.column == "" {
			f.column = f.name
		}
		fromEvents = append(fromEvents, f.column)
	}
	require.ElementsMatch(t, writtenColumns(), fromFields)
	var defined []string
	for _, c := range event.Columns() {
		defined = append(defined, c.Name)
	}
	require.Equal(t, defined, fromEvents, "the same columns in the same order")
}

// The comparisons of rows, which are written out for speed, must agree with the comparisons of
// events, which use the table of columns.
func TestRowsCompareAsEvents(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		a, b := randomEvent(random), randomEvent(random)
		if random.IntN(2) == 0 {
			b = a
			b.ReceivedAt = a.ReceivedAt.Add(time.Duration(random.IntN(2)) * time.Millisecond)
			b.Username = randomEvent(random).Username
		}
		rowA, rowB := FromEvent(&a), FromEvent(&b)
		require.Equal(t, event.CompareIdentity(&a, &b), rowA.compareIdentity(&rowB))
		require.Equal(t, event.Compare(&a, &b), rowA.Compare(&rowB))
		require.Equal(t, event.CompareIdentity(&a, &b) == 0, rowA.SameEvent(&rowB))
		require.Equal(t, rowA.SameEvent(&rowB), rowA.Identity() == rowB.Identity())
	}
}

// randomEvent draws every field from two or three values, so that fields are often equal.
func randomEvent(random *rand.Rand) event.Event {
	text := func() string { return []string{"", "a", "b"}[random.IntN(3)] }
	number := func() int32 { return int32(random.IntN(2)) }
	optional := func() event.Optional[int32] {
		return event.Optional[int32]{Known: random.IntN(3) > 0}
	}
	at := time.UnixMilli(1764000000000).UTC()
	e := event.Event{
		InstanceID: event.InstanceID(text()), ClientID: event.ClientID(text()), ChannelID: text(),
		Action: event.Action(text()), ActionInfo: event.ActionInfo(text()),
		Time: at.Add(time.Duration(number()) * time.Millisecond), TimeOrigin: event.TimeOrigin(text()),
		Source: text(), SourceEventID: text(), NativeEvent: text(), NativeReason: text(), ReasonCode: optional(),
		PeerAddress: text(), PeerPort: number(), Username: text(), Node: text(), Protocol: text(), ProtocolVersion: number(),
		KeepAlive: event.Optional[time.Duration]{Known: random.IntN(2) > 0}, CleanStart: event.Optional[bool]{Known: random.IntN(2) > 0},
	}
	e.ReceivedAt = e.Time.Add(time.Duration(number()) * time.Millisecond)
	if random.IntN(2) > 0 {
		e.ConnectedAt = at
	}
	return e
}

// FORMAT.md lists the columns in file order, and the identity columns by rank.
func TestFormatListsTheColumns(t *testing.T) {
	format, err := os.ReadFile("FORMAT.md")
	require.NoError(t, err)
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (?:string|int32|int64|timestamp)").FindAllStringSubmatch(string(format), -1) {
		listed = append(listed, row[1])
	}
	require.Equal(t, writtenColumns(), listed)

	identity := slices.DeleteFunc(event.Columns(), func(c event.Column) bool { return c.Identity == 0 })
	slices.SortFunc(identity, func(a, b event.Column) int { return a.Identity - b.Identity })
	list := ""
	for _, c := range identity {
		list += "`" + c.Name + "`[,\\s]*"
	}
	require.Regexp(t, list, string(format))
}
