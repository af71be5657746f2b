package segment

import "slices"

const (
	// blockRows is the maximum number of rows in a block.
	blockRows = 128
	// rowMemory is the approximate memory, in bytes, that a row uses without its strings.
	rowMemory = 300
)

// decoder decodes rows of one row group. All of these rows must belong to one client.
type decoder struct {
	group     *groupReader
	clientID  string
	perRow    int64 // approximate memory of a row, in bytes
	maxMemory int64 // see ClientRows.Decode
}

// forwards decodes the first rows of the range [from, to): about as many as fit in d.maxMemory, but
// at least one.
func (d *decoder) forwards(from, to int) (blocks []Block, err error) {
	for left := d.maxMemory; from < to && (left > 0 || blocks == nil); {
		b, err := d.block(from, min(to-from, d.fitting(left)))
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, b)
		from, left = from+len(b.Rows), left-b.Memory
	}
	return blocks, nil
}

// backwards decodes the last rows of the range [from, to), in reverse. It returns about as many
// rows as fit in d.maxMemory. Because blocks are decoded forwards, backwards must guess where to
// start, and assumes that rows have average length. If the rows turn out to be longer, it drops the
// blocks that it decoded first.
func (d *decoder) backwards(from, to int) (blocks []Block, err error) {
	from = max(from, to-int(max(1, d.maxMemory/d.perRow)))
	var memory int64
	for from < to {
		b, err := d.block(from, min(to-from, d.fitting(d.maxMemory)))
		if err != nil {
			return nil, err
		}
		slices.Reverse(b.Rows)
		blocks = append(blocks, b)
		from, memory = from+len(b.Rows), memory+b.Memory
		for len(blocks) > 1 && memory > d.maxMemory {
			memory -= blocks[0].Memory
			blocks[0] = Block{}
			blocks = blocks[1:]
		}
	}
	slices.Reverse(blocks)
	return blocks, nil
}

// fitting returns the number of rows of average length that fit in the given memory: at least one,
// and at most blockRows.
func (d *decoder) fitting(memory int64) int { return int(max(1, min(blockRows, memory/d.perRow))) }

// block decodes n rows, beginning with row number at of the row group.
func (d *decoder) block(at, n int) (Block, error) {
	b := Block{Rows: make([]Row, n)}
	if err := d.group.columns[clientField].expect(at, n, d.clientID); err != nil {
		return Block{}, err
	}
	for i := clientField + 1; i < len(d.group.columns); i++ {
		if err := d.group.columns[i].fill(b.Rows, at); err != nil {
			return Block{}, err
		}
	}
	for i := range b.Rows {
		b.Rows[i].ClientID = d.clientID // all rows share one copy of the identifier
		b.Memory += b.Rows[i].memory()
	}
	return b, nil
}

// memory returns the approximate memory of a row, in bytes, without its client identifier.
func (r *Row) memory() int64 {
	return rowMemory + int64(len(r.Action)+len(r.ActionInfo)+len(r.ChannelID)+len(r.NativeEvent)+len(r.NativeReason)+
		len(r.PeerAddress)+len(r.Username)+len(r.Node)+len(r.Protocol)+len(r.Source)+len(r.SourceEventID)+len(r.TimeOrigin))
}
