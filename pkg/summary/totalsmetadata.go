package summary

import (
	"encoding/base64"
	"fmt"

	"devicetrace/pkg/segment"
)

// The totals are stored in the metadata of the minutes.
const (
	keyTotals = "device-trace.totals"
	keyMost   = "device-trace.most"
)

const totalsFormat = "%d,%d,%d,%d"

// metadata returns the totals as metadata of a table. If t is nil, there is none.
func (t *Totals) metadata() (map[string]string, error) {
	if t == nil {
		return nil, nil
	}
	metadata := map[string]string{keyTotals: fmt.Sprintf(totalsFormat, t.Devices, t.Dropped, t.Flapping, t.Offline)}
	if len(t.Most) > 0 {
		most, err := EncodeDevices(t.Most)
		if err != nil {
			return nil, err
		}
		metadata[keyMost] = base64.StdEncoding.EncodeToString(most)
	}
	return metadata, nil
}

// readTotals returns the totals in the metadata of a table, or nil if there are none.
func readTotals(metadata func(key string) string) (*Totals, error) {
	text := metadata(keyTotals)
	if text == "" {
		return nil, nil
	}
	t := &Totals{}
	if _, err := fmt.Sscanf(text, totalsFormat, &t.Devices, &t.Dropped, &t.Flapping, &t.Offline); err != nil {
		return nil, fmt.Errorf("%w: its totals are %q", segment.ErrCorrupt, text)
	}
	var err error
	t.Most, err = readMost(metadata(keyMost))
	return t, err
}

func readMost(text string) (most []Device, err error) {
	if text == "" {
		return nil, nil
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: its flapping devices are not in base64", segment.ErrCorrupt)
	}
	devices, err := OpenDevices(data)
	if err != nil {
		return nil, err
	}
	rows, err := all(devices.table, MostDevices)
	for i := range rows {
		most = append(most, rows[i].device())
	}
	return most, err
}
