package broker_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
)

// TestEachFieldInEachForm changes each field of each sample to each value in forms. Most of these
// values are empty, of the wrong type, or out of range. Each changed sample must result in a valid
// event, a rejection or nothing.
func TestEachFieldInEachForm(t *testing.T) {
	forms := map[string]any{
		"null": nil, "empty": "", "undefined": "undefined", "number": -1.5, "text": "x", "flag": true,
		"array": []any{1}, "object": map[string]any{"a": 1}, "huge number": 1e300, "huge text": strings.Repeat("é", 40_000),
		"NUL": "a\x00b", "not UTF-8": notUTF8, "epoch": 0, "negative": -1764000000000, "seconds": received.Unix(),
		"next year": received.AddDate(1, 0, 0).UnixMilli(), "microseconds": received.UnixMicro(), "longest client": strings.Repeat("x", 65_535),
	}
	for _, route := range broker.Names() {
		for _, sampled := range allSamples(t, route) {
			_, body := sample(t, sampled)
			with := sampleMeta(t, sampled)
			var whole map[string]any
			if json.Unmarshal([]byte(body), &whole) != nil {
				continue // the body is log lines, or a batch of items that are also separate samples
			}
			for _, path := range fieldsOf(whole, nil) {
				field := path[len(path)-1]
				without := decodeWith(t, route, change(t, whole, path, nil, true), with)
				requireValid(t, without)
				for name, form := range forms {
					got := decodeWith(t, route, change(t, whole, path, form, false), with)
					requireValid(t, got)
					require.LessOrEqual(t, len(got.Events)+len(got.Rejected), 1)
					if isMissing := name == "null" || (name == "empty" || name == "undefined") && !isID(field); isMissing {
						require.Equal(t, without.Events, got.Events, "%s: %v %s", sampled, path, name)
					}
				}
			}
		}
	}
}

// TestNoKeyOccursTwice sends each key of each sample twice. A client that can put text into JSON
// could use a second key to change the event. The item must therefore be rejected, and the
// rejection must name the key, unless the key is ignored anyway.
func TestNoKeyOccursTwice(t *testing.T) {
	const again = "(again)" // removed from the key below, because a map cannot hold a key twice
	rejected := map[string]int{}
	for _, route := range broker.Names() {
		for _, sampled := range allSamples(t, route) {
			_, body := sample(t, sampled)
			with := sampleMeta(t, sampled)
			var whole map[string]any
			once := decodeWith(t, route, body, with)
			if json.Unmarshal([]byte(body), &whole) != nil || len(once.Rejected) > 0 {
				continue
			}
			for _, path := range fieldsOf(whole, nil) {
				twice := slices.Clone(path)
				twice[len(path)-1] += again
				got := decodeWith(t, route, strings.ReplaceAll(change(t, whole, twice, "victim", false), again, ""), with)
				if len(got.Rejected) == 0 {
					require.Equal(t, once.Events, got.Events, "%s: %v", sampled, path)
					require.False(t, len(got.Events) > 0 && isID(path[len(path)-1]), "%s: %v", sampled, path)
					continue
				}
				require.Equal(t, strings.Join(path, "."), got.Rejected[0].Field, sampled)
				require.Contains(t, got.Rejected[0].Error, "more than once", sampled)
				rejected[route]++
			}
		}
	}
	for _, route := range broker.Names() {
		require.True(t, isLog(route) || rejected[route] > 5, route)
	}
}

// fieldsOf returns the paths of all fields of o, including nested fields. above is the path of o
// itself. The fields inside disconn_props are left out, because their values do not matter.
func fieldsOf(o map[string]any, above []string) (paths [][]string) {
	for field, v := range o {
		path := append(slices.Clone(above), field)
		paths = append(paths, path)
		if below, ok := v.(map[string]any); ok && field != "disconn_props" {
			paths = append(paths, fieldsOf(below, path)...)
		}
	}
	return paths
}

func isID(field string) bool {
	return slices.Contains([]string{"clientid", "client_id", "clientId", "clientSessionName", "group_id", "device_id", "deviceId", "deviceName", "productKey"}, field)
}

// change sets the field at path to v, or removes the field if leaveOut is true. It returns the
// changed object as JSON.
func change(t *testing.T, whole map[string]any, path []string, v any, leaveOut bool) string {
	t.Helper()
	changed := changedAt(whole, path, v, leaveOut)
	raw, err := json.Marshal(changed)
	require.NoError(t, err)
	return strings.ReplaceAll(string(raw), notUTF8, "\xff\xc0\x80")
}

func changedAt(o map[string]any, path []string, v any, leaveOut bool) map[string]any {
	changed := maps.Clone(o)
	switch below, isObject := o[path[0]].(map[string]any); {
	case len(path) > 1 && isObject:
		changed[path[0]] = changedAt(below, path[1:], v, leaveOut)
	case leaveOut:
		delete(changed, path[0])
	default:
		changed[path[0]] = v
	}
	return changed
}

// notUTF8 is a placeholder for invalid UTF-8, which a JSON encoder would not write. After the
// sample has been encoded, change replaces the placeholder.
const notUTF8 = "(not UTF-8)"
