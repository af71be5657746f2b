package traceapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"devicetrace/pkg/event"
	"devicetrace/pkg/query"
)

// object is a YAML object in the API's description.
type object = map[string]any

func parseDescription(t *testing.T) object {
	t.Helper()
	var whole object
	require.NoError(t, yaml.Unmarshal(description, &whole))
	return whole
}

// follow returns the object that the $ref field of o refers to, or o itself if o has no such field.
func follow(whole, o object) object {
	ref, isRef := o["$ref"].(string)
	if !isRef {
		return o
	}
	at := whole
	for name := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		at = at[name].(object)
	}
	return at
}

// TestTheDescriptionHasEveryPathAndParameter checks that the description has exactly the paths
// and parameters of the API.
func TestTheDescriptionHasEveryPathAndParameter(t *testing.T) {
	whole := parseDescription(t)
	want := map[string][]string{
		"/api/v1/trace": traceParameters, "/api/v1/status": statusParameters, "/api/v1/days": daysParameters,
		"/api/v1/diagnosis": diagnosisParameters, instancesPath: nil,
		fleetPath: fleetParameters, scopePath: scopeParameters, devicesPath: finderParameters,
	}
	paths := whole["paths"].(object)
	require.ElementsMatch(t, slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(paths)))
	require.ElementsMatch(t, slices.Collect(maps.Keys(api{}.endpoints())), slices.Collect(maps.Keys(paths)))
	for path, names := range want {
		var described []string
		list, _ := paths[path].(object)["get"].(object)["parameters"].([]any)
		for _, p := range list {
			described = append(described, follow(whole, p.(object))["name"].(string))
		}
		require.ElementsMatch(t, names, described, path)
	}
}

// TestTheDescriptionHasEveryColumn checks that the schema of an event lists the columns in the
// same order as the API and requires all of them.
func TestTheDescriptionHasEveryColumn(t *testing.T) {
	var names []any
	for _, c := range columns {
		names = append(names, c.name)
	}
	schema := follow(parseDescription(t), object{"$ref": "#/components/schemas/Event"})
	require.Equal(t, names, schema["required"])
	properties := schema["properties"].(object)
	require.Len(t, properties, len(names))
	for _, name := range names {
		require.Contains(t, properties, name)
	}
}

// TestResponsesAreAsDescribed checks that responses match the described schemas, both for events
// with a value in every field and for events with few values.
func TestResponsesAreAsDescribed(t *testing.T) {
	whole := parseDescription(t)
	refused := full
	refused.NativeEvent, refused.ActionInfo, refused.ChannelID = "client.connack", event.NotAuthorized, "other"
	connect := full
	connect.Action, connect.ActionInfo, connect.NativeEvent = event.Connect, event.Accepted, "client.connected"
	connect.Time = full.ConnectedAt
	results := map[string]query.Result{
		"nothing": {Receipt: receipt},
		"all": {
			Events: []event.Event{connect, full, refused, sparse}, Receipt: receipt,
			Unreadable: []query.Unreadable{{Key: "k", Error: "e"}},
			Steps:      []query.Step{{Request: "list", Key: "p", Objects: 1}, {Request: "read", Key: "k", Offset: 1, Bytes: 2}},
		},
		"sparse": {Events: []event.Event{sparse}, Receipt: receipt},
	}
	span := "&from=2026-11-22T06:00:00Z&to=2026-11-22T08:00:00Z"
	for name, result := range results {
		for path, schema := range map[string]string{
			trace + "&explain=1&limit=3": "Trace", "/api/v1/status?instance=i&client=c": "StatusResponse",
			"/api/v1/diagnosis?instance=i&client=c" + span: "Diagnosis", "/api/v1/diagnosis?instance=i&client=c&since=1" + span: "Diagnosis",
			"/api/v1/days?instance=i&client=c": "Days", "/api/v1/status": "Problem", instancesPath: "Instances",
		} {
			t.Run(name+" "+schema, func(t *testing.T) {
				w := (&canned{answer: result}).get(path)
				require.Contains(t, []int{http.StatusOK, http.StatusBadRequest}, w.Code)
				var got any
				require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got), w.Body)
				require.NoError(t, fits(whole, object{"$ref": "#/components/schemas/" + schema}, got), w.Body)
			})
		}
	}
}

// TestFleetResponsesAreAsDescribed checks that responses about a fleet match the described schemas.
// It asks about a fleet with all kinds of events, a fleet without events, and an unknown instance.
func TestFleetResponsesAreAsDescribed(t *testing.T) {
	whole := parseDescription(t)
	busy, unknown := restarted(), countedFleet()
	busy.devices, busy.result.Sums = someDevices(), sumsOfToday()
	busy.result.Sums.Cells[4].Rest, busy.result.NotCounted = true, []query.Unreadable{{Key: "k", Error: "e"}}
	unknown.result = query.FleetResult{NoSegments: true, Receipt: receipt}
	unknown.noSegments = true
	for name, f := range map[string]*fleetOf{"busy": busy, "scope": restarted(), "unknown": unknown} {
		for path, schema := range map[string]string{
			fleetURL + "&compare=1&explain=1": "Fleet", fleetURL + "&from=2026-11-22T07:00:00Z": "Fleet", clientScope: "Scope",
			scopeURL + "&of=refusals&explain=1": "Scope", devicesURL + "&limit=1&explain=1": "Devices", devicesURL + "&state=offline": "Devices",
			fleetPath: "Problem",
		} {
			t.Run(name+" "+path, func(t *testing.T) {
				a := f.api()
				a.directory = nowhere{}
				var got any
				w := ask(a, path)
				require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got), w.Body)
				require.NoError(t, fits(whole, object{"$ref": "#/components/schemas/" + schema}, got), w.Body)
			})
		}
	}
}

// fits checks a JSON value against a schema. It supports only the schema keywords that the
// description uses, and returns an error for fields that the schema does not describe.
func fits(whole, schema object, v any) error {
	schema = follow(whole, schema)
	if choices, ok := schema["oneOf"].([]any); ok {
		return fitsOne(whole, choices, v)
	}
	if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, v) {
		return fmt.Errorf("%v is none of %v", v, enum)
	}
	switch v := v.(type) {
	case map[string]any:
		return fitsObject(whole, schema, v)
	case []any:
		for _, one := range v {
			if err := fits(whole, schema["items"].(object), one); err != nil {
				return err
			}
		}
	}
	return fitsType(schema, v)
}

func fitsOne(whole object, choices []any, v any) (err error) {
	for _, choice := range choices {
		if err = fits(whole, choice.(object), v); err == nil {
			return nil
		}
	}
	return err
}

func fitsObject(whole, schema object, v map[string]any) error {
	properties, _ := schema["properties"].(object)
	others, _ := schema["additionalProperties"].(object)
	for name, value := range v {
		property, described := properties[name].(object)
		if !described && others != nil {
			property, described = others, true
		}
		if !described {
			return fmt.Errorf("field %s is not described", name)
		}
		if err := fits(whole, property, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, there := v[name.(string)]; !there {
			return fmt.Errorf("field %s is missing", name)
		}
	}
	return nil
}

func fitsType(schema object, v any) error {
	kind := map[bool]string{true: "integer", false: "number"}
	var is string
	switch v := v.(type) {
	case nil:
		is = "null"
	case string:
		is = "string"
	case bool:
		is = "boolean"
	case float64:
		is = kind[v == float64(int64(v))]
	case []any:
		is = "array"
	}
	allowed, many := schema["type"].([]any)
	if !many {
		allowed = []any{schema["type"]}
	}
	if !slices.Contains(allowed, any(is)) && !(is == "integer" && slices.Contains(allowed, any("number"))) {
		return fmt.Errorf("%v is %s, not %v", v, is, allowed)
	}
	return nil
}
