package summary

import (
	"fmt"
	"strings"

	"devicetrace/pkg/segment"
)

// storedDrop is a Vicinity with one of its witnesses in the form in which it is stored. Further
// witnesses of the vicinity follow in rows whose counts are zero.
type storedDrop struct {
	minute                      int64
	connected, dropped, refused int64
	client                      string
	after                       int64 // the time of the drop minus the start of the minute, in ms, plus 1; 0 if there is no witness
	address, node, info         string
}

// dropColumns lists the columns of the drops.
var dropColumns = []segment.TableColumn[storedDrop]{
	{Name: "minute", Long: func(d *storedDrop) *int64 { return &d.minute }, Delta: true},
	{Name: "connected", Long: func(d *storedDrop) *int64 { return &d.connected }},
	{Name: "dropped", Long: func(d *storedDrop) *int64 { return &d.dropped }},
	{Name: "refused", Long: func(d *storedDrop) *int64 { return &d.refused }},
	{Name: "client_id", Text: func(d *storedDrop) *string { return &d.client }},
	{Name: "millisecond", Long: func(d *storedDrop) *int64 { return &d.after }, Delta: true},
	{Name: "peer_address", Text: func(d *storedDrop) *string { return &d.address }},
	{Name: "node", Text: func(d *storedDrop) *string { return &d.node }, Repeats: true},
	{Name: "action_info", Text: func(d *storedDrop) *string { return &d.info }, Repeats: true},
}

// EncodeDrops returns the table of the vicinities and their samples.
func EncodeDrops(s *Sums) ([]byte, error) {
	var rows []storedDrop
	for i := range s.Vicinities {
		v := &s.Vicinities[i]
		row := storedDrop{minute: int64(v.Minute), connected: v.Connected, dropped: v.Dropped, refused: v.Refused}
		for j := range max(1, len(v.Sample)) {
			if j > 0 {
				row = storedDrop{minute: int64(v.Minute)}
			}
			if j < len(v.Sample) {
				row.setWitness(v.Minute, &v.Sample[j])
			}
			rows = append(rows, row)
		}
	}
	return segment.EncodeTable(dropsTable, dropColumns, rows, nil)
}

// DecodeDrops returns the vicinities. If the bytes are not the table of the drops, the error wraps
// segment.ErrCorrupt.
func DecodeDrops(data []byte) ([]Vicinity, error) {
	table, err := segment.OpenTable(dropsTable, dropColumns, data)
	if err != nil {
		return nil, err
	}
	rows, err := all(table, maxDropRows)
	if err != nil {
		return nil, err
	}
	var found []Vicinity
	for i := range rows {
		r := &rows[i]
		last := len(found) - 1
		switch {
		case last < 0 || Minute(r.minute) > found[last].Minute:
			found = append(found, Vicinity{Minute: Minute(r.minute), Connected: r.connected, Dropped: r.dropped, Refused: r.refused})
			last++
		case Minute(r.minute) < found[last].Minute || len(found[last].Sample) == SampleSize:
			return nil, fmt.Errorf("%w: minutes out of order", segment.ErrCorrupt)
		}
		if r.after != 0 {
			found[last].Sample = append(found[last].Sample, r.witness())
		}
	}
	return found, nil
}

func (s *storedDrop) setWitness(m Minute, w *Witness) {
	s.client, s.after, s.address, s.node, s.info = w.ClientID, w.Time-int64(m)*millisPerMinute+1, w.Address, w.Node, w.ActionInfo
}

// witness returns the witness. It copies the texts that differ from row to row, because otherwise
// one witness would keep the texts of many others in memory.
func (s *storedDrop) witness() Witness {
	return Witness{
		ClientID: strings.Clone(s.client), Time: s.minute*millisPerMinute + s.after - 1, Address: strings.Clone(s.address),
		Node: s.node, ActionInfo: s.info,
	}
}
