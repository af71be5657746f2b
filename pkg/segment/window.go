package segment

import "fmt"

// RowsBetween decodes the rows of row group i whose event times are in [from, to), in Unix ms. data is
// the whole object. Rows outside the window cost little, because only their times are decoded.
func (f *Footer) RowsBetween(i int, data []byte, from, to int64) (rows []Row, err error) {
	defer guard(&err)
	g := f.groups[i]
	if g.to < from || g.from >= to {
		return nil, nil
	}
	if g.Offset+g.Length > int64(len(data)) {
		return nil, fmt.Errorf("%w: row group %d lies outside %d bytes", ErrCorrupt, i, len(data))
	}
	group, err := f.openGroup(g, data[g.Offset:g.Offset+g.Length])
	if err != nil {
		return nil, err
	}
	defer group.close()
	times := &group.columns[timeField]
	found, total, err := times.within(int(g.Rows), from, to)
	if err != nil || total == 0 {
		return nil, err
	}
	times.rewind()
	rows = make([]Row, total)
	return rows, group.readParts(rows, found)
}

// part is a range [from, to) of the rows of a row group.
type part struct{ from, to int }

// within returns the parts of the next n rows whose values are in [first, last), and their total
// number of rows. The column must hold the event times.
func (c *columnReader) within(n int, first, last int64) (found []part, total int, err error) {
	for at := 0; at < n; {
		if err := c.more(); err != nil {
			return nil, 0, err
		}
		values := c.values.Int64()[c.value:]
		values = values[:min(n-at, c.end-c.next, len(values))]
		if len(values) == 0 {
			return nil, 0, fmt.Errorf("%w: column %s has nulls", ErrCorrupt, c.name)
		}
		for i, value := range values {
			if value < first || value >= last {
				continue
			}
			if k := len(found) - 1; k >= 0 && found[k].to == at+i {
				found[k].to++
			} else {
				found = append(found, part{at + i, at + i + 1})
			}
			total++
		}
		at, c.next, c.value = at+len(values), c.next+len(values), c.value+len(values)
	}
	return found, total, nil
}

// readParts fills rows with the given parts of the row group. The reader must be at the first row of
// the row group.
func (g *groupReader) readParts(rows []Row, parts []part) error {
	return g.each(func(c *columnReader) error {
		at, left := 0, rows
		for _, p := range parts {
			if err := c.skip(p.from - at); err != nil {
				return err
			}
			if err := c.fill(left[:p.to-p.from]); err != nil {
				return err
			}
			at, left = p.to, left[p.to-p.from:]
		}
		return nil
	})
}
