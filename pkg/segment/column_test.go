package segment

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"reflect"
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

// storedColumns returns the columns of an event that a segment stores: all except the instance,
// which is part of the key.
func storedColumns() []event.Column {
	return slices.DeleteFunc(event.Columns(), func(c event.Column) bool { return c.Name == "instance_id" })
}

// The list in fields must contain exactly the columns that the writer writes. The list must also
// match the columns of an event, one to one and in the same order.
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
	for _, c := range storedColumns() {
		defined = append(defined, c.Name)
	}
	require.Equal(t, defined, fromEvents, "the same columns in the same order")
}

// A row must store every field of an event. Comparing two rows must give the same result as
// comparing their events. Two rows must have equal digests if and only if the rows are equal. Two
// rows must have equal identity hashes if and only if they record the same event.
func TestRowsStoreAndCompareEveryField(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		a, b := randomEvent(random), randomEvent(random)
		if random.IntN(2) == 0 {
			b = a
			redraw(random, &b, random.IntN(reflect.TypeFor[event.Event]().NumField()))
		}
		b.InstanceID = a.InstanceID // a segment holds the events of one instance
		rowA, rowB := FromEvent(&a), FromEvent(&b)
		require.Equal(t, a, rowA.Event(a.InstanceID))
		require.Equal(t, event.CompareIdentity(&a, &b), rowA.compareIdentity(&rowB))
		require.Equal(t, event.Compare(&a, &b), rowA.Compare(&rowB))
		require.Equal(t, event.CompareIdentity(&a, &b) == 0, rowA.SameEvent(&rowB))
		require.Equal(t, rowA.SameEvent(&rowB), rowA.Identity() == rowB.Identity())
		var digestA, digestB Digest
		digestA.Add(&rowA)
		digestB.Add(&rowB)
		require.Equal(t, event.Compare(&a, &b) == 0, digestA.Equal(digestB))
	}
}

func randomEvent(random *rand.Rand) (e event.Event) {
	for i := range reflect.TypeFor[event.Event]().NumField() {
		redraw(random, &e, i)
	}
	return e
}

// redraw sets the event's field with the given index to a random choice of two or three values.
// With so few values, two events often have equal fields.
func redraw(random *rand.Rand, e *event.Event, field int) {
	number := random.IntN(2)
	at := time.UnixMilli(1764000000000 + int64(number)).UTC()
	v := reflect.ValueOf(e).Elem().Field(field)
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(at))
	case event.Optional[bool]:
		v.Set(reflect.ValueOf(draw(random, number == 1)))
	case event.Optional[int32]:
		v.Set(reflect.ValueOf(draw(random, int32(number))))
	case event.Optional[time.Duration]:
		v.Set(reflect.ValueOf(draw(random, time.Duration(number)*time.Second)))
	case int32:
		v.SetInt(int64(number))
	default:
		v.SetString([]string{"", "a", "b"}[random.IntN(3)])
	}
	if random.IntN(3) == 0 && v.Addr().Interface() == &e.ConnectedAt {
		e.ConnectedAt = time.Time{}
	}
}

// draw returns the given value or, with probability 1/3, no value.
func draw[T any](random *rand.Rand, value T) event.Optional[T] {
	if random.IntN(3) == 0 {
		return event.Optional[T]{}
	}
	return event.Some(value)
}

// FORMAT.md must list all columns in file order. It must also list the columns that identify an
// event, in the order in which they are compared.
func TestFormatListsTheColumns(t *testing.T) {
	format, err := os.ReadFile("FORMAT.md")
	require.NoError(t, err)
	format, _, _ = bytes.Cut(format, []byte("## Summaries"))
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (?:string|int32|int64|timestamp)").FindAllStringSubmatch(string(format), -1) {
		listed = append(listed, row[1])
	}
	require.Equal(t, writtenColumns(), listed)

	identity := slices.DeleteFunc(storedColumns(), func(c event.Column) bool { return c.Identity == 0 })
	slices.SortFunc(identity, func(a, b event.Column) int { return a.Identity - b.Identity })
	list := ""
	for _, c := range identity {
		list += "`" + c.Name + "`[,\\s]*"
	}
	require.Regexp(t, list, string(format))
}

// The digest must hash exactly the bytes that FORMAT.md defines: the values in the order listed
// there, each string preceded by its length, three of the numbers as 8 bytes and all others as 4.
func TestFormatDefinesTheDigest(t *testing.T) {
	format, err := os.ReadFile("FORMAT.md")
	require.NoError(t, err)
	list := regexp.MustCompile(`values in the order ([^.]+)\.`).FindStringSubmatch(string(format))
	names := regexp.MustCompile("[a-z_]+").FindAllString(list[1], -1)
	require.Len(t, names, len(fields))
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		e := randomEvent(random)
		row := FromEvent(&e)
		var want []byte
		for _, name := range names {
			f := fields[slices.IndexFunc(fields, func(f field) bool { return f.name == name || f.column == name })]
			switch {
			case f.text != nil:
				want = append(binary.AppendUvarint(want, uint64(len(*f.text(&row)))), *f.text(&row)...)
			case name == "time" || name == "connected_at" || name == "received_delay_ms":
				want = binary.LittleEndian.AppendUint64(want, uint64(*f.long(&row)))
			case f.long != nil:
				want = binary.LittleEndian.AppendUint32(want, uint32(*f.long(&row)))
			default:
				want = binary.LittleEndian.AppendUint32(want, uint32(*f.int(&row)))
			}
		}
		require.Equal(t, want, row.appendTo(nil))
	}
}
