package broker_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
)

// TestBodies checks which items a decoder finds in well-formed and malformed bodies.
func TestBodies(t *testing.T) {
	const a, b = `{"client_id":"a","action":"connect"}`, `{"client_id":"b","action":"close"}`
	const rowA, rowB = "a connect accepted", "b close unexplained"
	for _, c := range []struct{ name, body, want string }{
		{"nothing", "", "rejected 0"},
		{"white space", " \r\n\t", "rejected 0"},
		{"an object", a, rowA},
		{"an object over several lines", strings.ReplaceAll(a, ",", ",\n"), rowA},
		{"an empty array", " [ ] ", ""},
		{"an array", "[" + a + "," + b + "]", rowA + ", " + rowB},
		{"NDJSON", a + "\n" + b, rowA + ", " + rowB},
		{"NDJSON with blank lines and CRLF", "\n" + a + "\r\n\r\n" + b + "\r\n", rowA + ", " + rowB},
		{"a bad first line", `{"client_id":` + "\n" + b, rowB + ", rejected 0"},
		{"a bad last line", a + "\n" + b[:9], rowA + ", rejected 1"},
		{"two objects on a line", a + b, "rejected 0"},
		{"a line with two objects", a + "\n" + a + b, rowA + ", rejected 1"},
		{"a truncated array", "[" + a + "," + b[:9], rowA + ", rejected 1"},
		{"an array without an end", "[" + a, rowA + ", rejected 1"},
		{"an array with a trailing comma", "[" + a + ",]", rowA + ", rejected 1"},
		{"an array with a truncated word", "[tru," + a + "]", "rejected 0"},
		{"text after an array", "[" + a + "]x", rowA + ", rejected 1"},
		{"items that are not objects", "[1,null," + a + ",[],\"x\"]", rowA + ", rejected 0, rejected 1, rejected 3, rejected 4"},
		{"a truncated object", a[:9], "rejected 0"},
		{"a truncated object over several lines", strings.ReplaceAll(a[:30], ",", ",\n"), "rejected 0"},
		{"not JSON", "hello", "rejected 0"},
		{"a number", "7", "rejected 0"},
		{"a NUL", "\x00", "rejected 0"},
		{"a NUL before an object", "\x00" + a, "rejected 0"},
		{"a NUL after an object", a + "\x00", "rejected 0"},
		{"a NUL between two objects", a + "\x00" + b, "rejected 0"},
		{"a NUL after each object", a + "\x00\n" + b + "\x00\n", "rejected 0"},
		{"a NUL after an object on a line", a + "\x00\n" + b, rowB + ", rejected 0"},
		{"a NUL before an object on a line", a + "\n\x00" + b, rowA + ", rejected 1"},
		{"a NUL on a line of its own", a + "\n\x00\n" + b, rowA + ", " + rowB + ", rejected 1"},
		{"a NUL in an array", "[" + a + ",\x00" + b + "]", rowA + ", rejected 1"},
		{"a NUL after an array", "[" + a + "]\x00[" + b + "]", rowA + ", rejected 1"},
		{"a NUL after an empty array", "[]\x00" + a, "rejected 0"},
		{"escaped keys", `{"client\u005fid":"a","action":"connect"}`, rowA},
		{"an unknown key", `{"client_id":"a","action":"connect","password":{"a":[1,2,{"b":null}]}}`, "rejected 0 password"},
		{"a key twice", `{"client_id":"x","client_id":"a","action":"connect"}`, "rejected 0 client_id"},
		{"a key twice, once escaped", `{"client_id":"a","action":"connect","client\u005fid":"a"}`, "rejected 0 client_id"},
		{"a key twice, once null", `{"client_id":"a","action":"connect","action":null}`, "rejected 0 action"},
		{"a key twice in one of the items", `[` + a + `,{"client_id":"a","client_id":"a"},` + b + `]`, rowA + ", " + rowB + ", rejected 1 client_id"},
		{"a key twice on one of the lines", a + "\n" + `{"time":1,"time":1}` + "\n" + b, rowA + ", " + rowB + ", rejected 1 time"},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, summary(decode(t, "events", c.body))) })
	}
}

func TestRejectedHasTheItemAsReceived(t *testing.T) {
	got := decode(t, "events", `[{"client_id":"a","action":"connect"}, {"client_id":"b" } , 7]`)
	require.Equal(t, `{"client_id":"b" }`, string(got.Rejected[0].Raw))
	require.Equal(t, `7`, string(got.Rejected[1].Raw))
}

func TestDeepNestingIsRefused(t *testing.T) {
	deep := strings.Repeat(`[`, 1<<20)
	for _, body := range []string{deep, `{"client_id":"a","action":"connect","x":` + deep, `{"x":` + strings.Repeat(`{"a":`, 1<<18)} {
		got := decode(t, "events", body)
		require.Empty(t, got.Events)
		require.Len(t, got.Rejected, 1)
		require.Contains(t, got.Rejected[0].Error, "nested deeper")
	}
	for levels, want := range map[int]string{64: "a connect accepted", 65: "rejected 0"} {
		inner := strings.Repeat(`[`, levels-1) + strings.Repeat(`]`, levels-1)
		require.Equal(t, want, summary(decode(t, "emqx", `{"event":"client.connected","clientid":"a","x":`+inner+`}`)))
	}
}

func TestManyRejectionsCostNoMoreThanTheBody(t *testing.T) {
	for name, body := range map[string]string{
		"an array": "[0" + strings.Repeat(",0", 50_000) + `,{"client_id":"a","action":"connect"}]`,
		"NDJSON":   `{"client_id":"a","action":"connect"}` + strings.Repeat("\n0", 50_000),
	} {
		got := decode(t, "events", body)
		require.Len(t, got.Events, 1, name)
		require.Len(t, got.Rejected, 1_000, name)
		last := got.Rejected[999]
		require.Contains(t, last.Error, "more than 999", name)
		require.Greater(t, len(last.Raw), 2*49_000, name)
		require.True(t, strings.HasSuffix(string(last.Raw), "0"), name)
	}
}

// requireLimit checks that a body with MaxItems items is decoded, and that a body with one more
// item results in neither events nor rejections. It returns the batch for MaxItems items.
func requireLimit(t *testing.T, name string, body func(items int) string) broker.Batch {
	t.Helper()
	got := decode(t, name, body(broker.MaxItems))
	require.False(t, got.TooMany, name)
	require.Equal(t, broker.Batch{TooMany: true}, decode(t, name, body(broker.MaxItems+1)), name)
	return got
}

func TestEverySourceLimitsTheItems(t *testing.T) {
	for _, name := range broker.Names() {
		got := requireLimit(t, name, func(items int) string {
			if isLog(name) {
				return strings.Repeat(fmt.Sprintf(fromClient[name], "c", "u")+"\n\n", items)
			}
			return strings.Repeat("{}\n", items)
		})
		require.NotZero(t, len(got.Events)+len(got.Rejected), name)
	}
}

// Items that are not recorded count toward the limit, too.
func TestEveryFormLimitsTheItems(t *testing.T) {
	const item = `{"event":"client.ping"}`
	for form, body := range map[string]func(items int) string{
		"an array":               func(items int) string { return "[" + item + strings.Repeat(","+item, items-1) + "]" },
		"an array of numbers":    func(items int) string { return "[0" + strings.Repeat(",0", items-1) + "]" },
		"NDJSON":                 func(items int) string { return strings.Repeat(item+"\r\n\r\n", items) },
		"NDJSON with a bad line": func(items int) string { return "{" + strings.Repeat("\n"+item, items-1) },
	} {
		t.Run(form, func(t *testing.T) { requireLimit(t, broker.EMQX, body) })
	}
}
