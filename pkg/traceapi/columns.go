package traceapi

import (
	"time"

	"devicetrace/pkg/event"
)

// column is a field of a row. Its name is the same in every format.
type column struct {
	name  string
	value func(e *event.Event) any // string, bool, int32, or nil if the value is unknown
	// zeroIsUnknown is true if value returns 0 instead of nil for an unknown value.
	zeroIsUnknown bool
}

// columns lists the fields of a row, in the same order for every format. They are the columns of an
// event and, after instance_id, the two parts of the client identifier: group_id and device_id.
var columns = func() []column {
	var all []column
	for _, c := range event.Columns() {
		all = append(all, column{c.Name, inText(c.Value), c.Value(&event.Event{}) == int32(0)})
		if c.Name == "instance_id" {
			all = append(all,
				column{name: "group_id", value: func(e *event.Event) any { return e.GroupID() }},
				column{name: "device_id", value: func(e *event.Event) any { return e.DeviceID() }})
		}
	}
	return all
}()

// inText wraps a column's value function so that times are returned in the API's text form.
// Other values stay unchanged.
func inText(value func(*event.Event) any) func(*event.Event) any {
	return func(e *event.Event) any {
		v := value(e)
		if t, ok := v.(time.Time); ok {
			return instant(t)
		}
		return v
	}
}
