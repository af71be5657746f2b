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
	return DecodeSomeMinutes(data, func(Minute) bool { return true })
}

// DecodeSomeMinutes is like DecodeMinutes, but leaves out the cells of unwanted minutes.
func DecodeSomeMinutes(data []byte, isWanted func(Minute) bool) (*Sums, error) {
	table, err := segment.OpenTable(minutesTable, cellColumns, data)
	if err != nil {
		return nil, err
	}
	if err := limit(table, maxCellRows); err != nil {
		return nil, err
	}
	s := &Sums{}
	var rows []storedCell
	var last Cell
	for i := range table.Groups() {
		if rows, err = table.ReadInto(rows, i); err != nil {
			return nil, err
		}
		if s.Cells == nil && isWanted(Minute(rows[0].minute)) {
			s.Cells = make([]Cell, 0, table.Rows())
		}
		for j := range rows {
			c := rows[j].cell()
			if i+j > 0 && last.compare(&c) >= 0 {
				return nil, fmt.Errorf("%w: cells out of order", segment.ErrCorrupt)
			}
			if last = c; isWanted(c.Minute) {
				s.Cells = append(s.Cells, c)
			}
		}
	}
	s.Totals, err = readTotals(table.Metadata)
	return s, err
}

// all returns all rows of a table unless there are more than the given number.
func all[T any](table *segment.Table[T], rows int64) ([]T, error) {
	if err := limit(table, rows); err != nil {
		return nil, err
	}
	return table.All()
}

// limit returns an error if a table has more rows than the given number.
func limit[T any](table *segment.Table[T], rows int64) error {
	if table.Rows() > rows {
		return fmt.Errorf("%w: the table has %d rows, more than %d", segment.ErrCorrupt, table.Rows(), rows)
	}
	return nil
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
