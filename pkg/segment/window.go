package segment

import "fmt"

// RowsBetween decodes the rows of row group i whose event times are in [from, to), in Unix ms. data is
// the whole object. Rows outside the window cost little, because only their times are decoded.
func (f *Footer) RowsBetween(i int, data []byte, from, to int64) (rows []Row, err error) {
	g := f.groups[i]
	if g.to < from || g.from >= to {
		return nil, nil
	}
	if g.Offset+g.Length > int64(len(data)) {
		return nil, fmt.Errorf("%w: row group %d lies outside %d bytes", ErrCorrupt, i, len(data))
	}
	group, err := f.openGroup(&g, data[g.Offset:g.Offset+g.Length])
	if err != nil {
		return nil, err
	}
	defer group.close()
	found, total, err := group.columns[timeField].within(int(g.Rows), from, to)
	if err != nil || total == 0 {
		return nil, err
	}
	rows = make([]Row, total)
	return rows, group.readParts(rows, found)
}

// part is a range [from, to) of the rows of a row group.
type part struct{ from, to int }

// within searches the first n rows. It returns the ranges of consecutive rows whose values are in
// [first, last), and the total number of rows in these ranges. The column must hold the event
// times.
func (c *columnReader) within(n int, first, last int64) (found []part, total int, err error) {
	for row := range n {
		if err := c.load(row, n); err != nil {
			return nil, 0, err
		}
		if value := c.values.numbers[row-c.first]; value < first || value >= last {
			continue
		}
		if k := len(found) - 1; k >= 0 && found[k].to == row {
			found[k].to++
		} else {
			found = append(found, part{row, row + 1})
		}
		total++
	}
	return found, total, nil
}

// readParts fills rows with the given parts of the row group.
func (g *groupReader) readParts(rows []Row, parts []part) error {
	for i := range g.columns {
		left := rows
		for _, p := range parts {
			n := p.to - p.from
			if err := g.columns[i].fill(left[:n], p.from); err != nil {
				return err
			}
			left = left[n:]
		}
	}
	return nil
}
