package query

import (
	"context"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/summary"
)

// span is a byte range of an object.
type span struct{ offset, length int64 }

// end returns the offset of the first byte after the range.
func (s span) end() int64 { return s.offset + s.length }

func summariesOf(s layout.Segment) (minutes, drops, devices span) { return }

func checkSummary(blob []byte) error { return nil }

func decodeSums(o *fleetObject) (*summary.Sums, error) { panic("todo") }

func openDevices(o *fleetObject, match *DeviceMatch) deviceStream { panic("todo") }

var _ = context.Background
