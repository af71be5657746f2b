package summary

import (
	"fmt"

	"devicetrace/pkg/segment"
)

// The names of the tables.
const (
	minutesTable = "device-trace.minutes"
	dropsTable   = "device-trace.drops"
	devicesTable = "device-trace.devices"
)

const (
	// maxCellRows and maxDropRows are the maximum numbers of rows that are decoded. A fold never
	// makes more. They limit the memory that hostile tables can take.
	maxCellRows = 2 * maxCells
	maxDropRows = (maxMinutes + 1) * SampleSize
)

// storedCell is a Cell in the form in which it is stored.
type storedCell struct {
	minute             int64
	node, action, info string
	flags              int64
	events, devices    int64
}

// The flags of a stored cell.
const (
	flagRest     = 1
	flagReceived = 2
	flagRefused  = 4
)

// cellColumns lists the columns of the minutes.
var cellColumns = []segment.TableColumn[storedCell]{
	{Name: "minute", Long: func(c *storedCell) *int64 { return &c.minute }, Delta: true},
	{Name: "node", Text: func(c *storedCell) *string { return &c.node }, Repeats: true},
	{Name: "action", Text: func(c *storedCell) *string { return &c.action }, Repeats: true},
	{Name: "action_info", Text: func(c *storedCell) *string { return &c.info }, Repeats: true},
	{Name: "flags", Long: func(c *storedCell) *int64 { return &c.flags }, Repeats: true},
	{Name: "events", Long: func(c *storedCell) *int64 { return &c.events }, Delta: true},
	{Name: "devices_missing", Long: func(c *storedCell) *int64 { return &c.devices }, Delta: true},
}

// EncodeMinutes returns the table of the cells. It includes the totals if they are known.
func EncodeMinutes(s *Sums) ([]byte, error) {
	rows := make([]storedCell, len(s.Cells))
	for i := range s.Cells {
		rows[i].set(&s.Cells[i])
	}
	metadata, err := s.Totals.metadata()
	if err != nil {
		return nil, err
	}
	return segment.EncodeTable(minutesTable, cellColumns, rows, metadata)
}

// DecodeMinutes returns the cells, and the totals if there are any. If the bytes are not the table
// of the minutes, the error wraps segment.ErrCorrupt.
func DecodeMinutes(data []byte) (*Sums, error) {
	table, err := segment.OpenTable(minutesTable, cellColumns, data)
	if err != nil {
		return nil, err
	}
	rows, err := all(table, maxCellRows)
	if err != nil {
		return nil, err
	}
	s := &Sums{Cells: make([]Cell, len(rows))}
	for i := range rows {
		s.Cells[i] = rows[i].cell()
		if i > 0 && s.Cells[i-1].compare(&s.Cells[i]) >= 0 {
			return nil, fmt.Errorf("%w: cells out of order", segment.ErrCorrupt)
		}
	}
	s.Totals, err = readTotals(table.Metadata)
	return s, err
}

// all returns all rows of a table unless there are more than the given number.
func all[T any](table *segment.Table[T], limit int64) ([]T, error) {
	if table.Rows() > limit {
		return nil, fmt.Errorf("%w: the table has %d rows, more than %d", segment.ErrCorrupt, table.Rows(), limit)
	}
	return table.All()
}

func (s *storedCell) set(c *Cell) {
	*s = storedCell{
		minute: int64(c.Minute), node: c.Node, action: c.Action, info: c.ActionInfo,
		events: c.Events, devices: c.Events - c.Devices,
	}
	s.setFlag(flagRest, c.Rest)
	s.setFlag(flagReceived, c.Received)
	s.setFlag(flagRefused, c.Refused)
}

func (s *storedCell) setFlag(flag int64, isSet bool) {
	if isSet {
		s.flags |= flag
	}
}

func (s *storedCell) cell() Cell {
	return Cell{
		Minute: Minute(s.minute),
		Key: Key{
			Node: s.node, Action: s.action, ActionInfo: s.info,
			Rest: s.flags&flagRest != 0, Received: s.flags&flagReceived != 0, Refused: s.flags&flagRefused != 0,
		},
		Events: s.events, Devices: s.events - s.devices,
	}
}
