package segment

import (
	"fmt"

	"devicetrace/pkg/event"
)

// RowsOf returns the rows of one client in row group g. data must hold the bytes of the row group.
func (f *Footer) RowsOf(g Group, data []byte, clientID event.ClientID) (rows []Row, err error) {
	defer guard(&err)
	group, err := f.openGroup(g, data)
	if err != nil {
		return nil, err
	}
	defer group.close()
	from, to, err := group.rangeOf(string(clientID))
	if err != nil || from == to {
		return nil, err
	}
	if err := group.skip(from); err != nil {
		return nil, err
	}
	rows = make([]Row, to-from)
	if err := group.read(rows); err != nil {
		return nil, err
	}
	for i := range rows {
		if rows[i].ClientID != string(clientID) {
			return nil, fmt.Errorf("%w: rows out of order", ErrCorrupt)
		}
	}
	return rows, nil
}
