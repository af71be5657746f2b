package event_test

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

// digits returns the hex digits with which the stored form of a long text ends.
func digits(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))[:16] }

func TestLongClientIDsAreCut(t *testing.T) {
	x := strings.Repeat("x", 1024)
	for _, c := range []struct{ name, id, want string }{
		{"empty", "", ""},
		{"longest", x, x},
		{"one byte more", x + "y", x[:1005] + "…" + digits(x+"y")},
		{"a character of 2 bytes across the limit", x[:1004] + strings.Repeat("é", 20), x[:1004] + "…" + digits(x[:1004]+strings.Repeat("é", 20))},
		{"a character of 3 bytes across the limit", x[:1003] + strings.Repeat("€", 20), x[:1003] + "…" + digits(x[:1003]+strings.Repeat("€", 20))},
		{"a character of 4 bytes across the limit", x[:1002] + strings.Repeat("😀", 20), x[:1002] + "…" + digits(x[:1002]+strings.Repeat("😀", 20))},
		{"characters that end at the limit", x[:1001] + strings.Repeat("😀", 20), x[:1001] + "😀…" + digits(x[:1001]+strings.Repeat("😀", 20))},
	} {
		stored := event.ClientID(c.id).Stored()
		require.Equal(t, c.want, string(stored), c.name)
		require.Equal(t, stored, stored.Stored(), c.name)
		require.Equal(t, c.want != c.id, stored.IsCut(), c.name)
	}
}

func TestLongClientIDsThatBeginAlikeDiffer(t *testing.T) {
	long := strings.Repeat("x", 2000)
	require.NotEqual(t, event.ClientID(long+"1").Stored(), event.ClientID(long+"2").Stored())
}

func TestOnlyTheFormOfACutClientIDIsOne(t *testing.T) {
	const mark = "…0123456789abcdef"
	for _, length := range []int{1021, 1022, 1023, 1024} {
		require.True(t, event.ClientID(strings.Repeat("x", length-19)+mark).IsCut(), length)
	}
	x := strings.Repeat("x", 1005)
	for _, id := range []string{
		"", mark, x[:1001] + mark, x + "x" + mark, // too short or too long
		x + "…0123456789abcdeF", x + "…0123456789abcdeg", x + "...0123456789abcdef", x + "x…123456789abcdef", x + mark[:18] + "x",
	} {
		require.False(t, event.ClientID(id).IsCut(), id)
	}
}

// Bound must cut every text of an event, with two exceptions: the instance identifier, which has a
// limit of its own, and the words of the vocabulary.
func TestBoundCutsEveryText(t *testing.T) {
	long := strings.Repeat("x", 2000)
	bounded := map[string]int{"ClientID": 1024, "InstanceID": 2000, "Action": 2000, "ActionInfo": 2000, "TimeOrigin": 2000}
	var e event.Event
	fields := reflect.ValueOf(&e).Elem()
	for i := range fields.NumField() {
		if field := fields.Field(i); field.Kind() == reflect.String {
			field.SetString(long)
		}
	}
	e.Bound()
	for i := range fields.NumField() {
		name, field := fields.Type().Field(i).Name, fields.Field(i)
		if field.Kind() != reflect.String {
			continue
		}
		want := bounded[name]
		if want == 0 {
			want = 512
			require.Equal(t, long[:493]+"…"+digits(long), field.String(), name)
		}
		require.Len(t, field.String(), want, name)
	}
}

func TestBoundLeavesShortTextsAlone(t *testing.T) {
	e := full()
	e.Username = strings.Repeat("x", 512)
	before := e
	require.Zero(t, testing.AllocsPerRun(10, e.Bound))
	require.Equal(t, before, e)
}

// A stored form must not exceed its limit, and must be valid UTF-8 if the original is. Storing it
// again must not change it.
func FuzzBound(f *testing.F) {
	for _, text := range []string{"", "c", strings.Repeat("x", 1025), strings.Repeat("é", 600), strings.Repeat("€", 400), strings.Repeat("x😀", 300), strings.Repeat("\x80", 2000)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e := event.Event{ClientID: event.ClientID(text), Username: text}
		e.Bound()
		again := e
		again.Bound()
		require.Equal(t, e, again)
		require.LessOrEqual(t, len(e.ClientID), event.MaxClientID)
		require.LessOrEqual(t, len(e.Username), event.MaxText)
		if len(text) > event.MaxClientID {
			require.True(t, e.ClientID.IsCut())
		} else {
			require.Equal(t, text, string(e.ClientID))
		}
		if utf8.ValidString(text) {
			require.True(t, utf8.ValidString(string(e.ClientID)))
			require.True(t, utf8.ValidString(e.Username))
		}
	})
}
