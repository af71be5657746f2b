package check_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/check"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

// summarized returns a compacted segment with the given rows, and its name. Its summaries hold the
// sums of the rows, after a call of change.
func summarized(t testing.TB, rows []segment.Row, change func(*summary.Sums)) ([]byte, layout.Name) {
	fold := summary.NewFold(true)
	for i := range rows {
		fold.Add(&rows[i])
	}
	sums := fold.Sums()
	change(sums)
	minutes, err := summary.EncodeMinutes(sums)
	require.NoError(t, err)
	drops, err := summary.EncodeDrops(sums)
	require.NoError(t, err)
	devices, err := summary.EncodeDevices(sums.Devices)
	require.NoError(t, err)
	return segmentWith(t, rows, minutes, drops, devices)
}

// segmentWith returns a compacted segment with the given rows and encoded summaries, and its name.
func segmentWith(t testing.TB, rows []segment.Row, minutes, drops, devices []byte) ([]byte, layout.Name) {
	var out bytes.Buffer
	w := segment.NewWriter(&out, 0)
	w.SetSummaries(func(int64) ([]io.Reader, error) {
		return []io.Reader{bytes.NewReader(devices), bytes.NewReader(drops), bytes.NewReader(minutes)}, nil
	})
	require.NoError(t, w.Write(rows))
	written, err := w.Close()
	require.NoError(t, err)
	return out.Bytes(), layout.Name{
		Level: 1, FooterLength: written.FooterLength, IndexLength: written.IndexLength,
		MinutesLength: int64(len(minutes)), DropsLength: int64(len(drops)), DevicesLength: int64(len(devices)),
	}
}

func putSummarized(t testing.TB, store objstore.Store, data []byte, name layout.Name) string {
	name.Digest = digestOf(data)
	return putBytes(t, store, name.Key(where("c")), data)
}

// If a summary differs from the rows, a violation must say how.
func TestSummariesMustEqualTheRows(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*summary.Sums)
		want   string
	}{
		"nothing":           {func(*summary.Sums) {}, ""},
		"an event more":     {func(s *summary.Sums) { s.Cells[0].Events++ }, "its minutes count 4 events, but it has 3 rows"},
		"another reason":    {func(s *summary.Sums) { s.Cells[0].ActionInfo = "x" }, "its minutes differ from its rows: number 1 should be"},
		"a drop more":       {func(s *summary.Sums) { s.Vicinities[0].Dropped++ }, "its drops differ from its rows: number 1 should be"},
		"a minute less":     {func(s *summary.Sums) { s.Vicinities = s.Vicinities[:1] }, "its drops differ from its rows: there should be"},
		"a device more":     {func(s *summary.Sums) { s.Totals.Devices++ }, "its totals differ from its rows"},
		"another user":      {func(s *summary.Sums) { s.Devices[0].Username = summary.Dated{Text: "x", Time: 1} }, "its devices differ from its rows"},
		"no device":         {func(s *summary.Sums) { s.Devices = nil }, `its devices lack "c"`},
		"an unknown client": {func(s *summary.Sums) { s.Devices = append(s.Devices, summary.Device{ClientID: "d"}) }, `its devices include "d"`},
	} {
		t.Run(name, func(t *testing.T) {
			store := memstore.New()
			putBytes(t, store, layout.Layout{Shards: 16}.Marker(), nil)
			data, object := summarized(t, segment.FromEvents(ofOne(3)), c.change)
			key := putSummarized(t, store, data, object)
			report := checked(t, store, check.Options{})
			if c.want == "" {
				require.NoError(t, report.Err())
				return
			}
			require.NotEmpty(t, report.Violations)
			require.Equal(t, key, report.Violations[0].Key)
			require.Contains(t, report.Violations[0].What, c.want)
		})
	}
}

// Damaged summaries must be violations, and so must lengths that do not fit the object.
func TestDamagedSummariesAreViolations(t *testing.T) {
	data, name := summarized(t, segment.FromEvents(ofOne(3)), func(*summary.Sums) {})
	size := int64(len(data))
	for what, damage := range map[string]func(data []byte, name *layout.Name){
		"minutes":    func(data []byte, _ *layout.Name) { data[name.Minutes(size).Offset+9] ^= 1 },
		"drops":      func(data []byte, _ *layout.Name) { data[name.Drops(size).Offset+9] ^= 1 },
		"devices":    func(data []byte, _ *layout.Name) { data[name.Devices(size).Offset+9] ^= 1 },
		"too long":   func(_ []byte, n *layout.Name) { n.DevicesLength = 1 << 40 },
		"no devices": func(_ []byte, n *layout.Name) { n.DevicesLength = 0 },
		"shifted":    func(_ []byte, n *layout.Name) { n.MinutesLength-- },
	} {
		store := memstore.New()
		putBytes(t, store, layout.Layout{Shards: 16}.Marker(), nil)
		damaged, object := bytes.Clone(data), name
		damage(damaged, &object)
		putSummarized(t, store, damaged, object)
		require.Error(t, checked(t, store, check.Options{}).Err(), what)
	}
}

// Damage among stored devices that follow the last device of the rows must be a violation.
func TestDamageAfterTheLastDevice(t *testing.T) {
	rows := make([]segment.Row, 8193) // one more than in a row group of a table
	fold := summary.NewFold(true)
	for i := range rows {
		e := at(fmt.Sprintf("c%04d", i), 1)
		rows[i] = segment.FromEvent(&e)
		fold.Add(&rows[i])
	}
	sums := fold.Sums()
	minutes, err := summary.EncodeMinutes(sums)
	require.NoError(t, err)
	drops, err := summary.EncodeDrops(sums)
	require.NoError(t, err)
	devices, err := summary.EncodeDevices(sums.Devices)
	require.NoError(t, err)
	size := int64(len(devices))
	footer, err := segment.FooterLength(devices, size)
	require.NoError(t, err)
	devices[size-footer-1] ^= 1 // in the last row group

	store := memstore.New()
	putBytes(t, store, layout.Layout{Shards: 16}.Marker(), nil)
	data, name := segmentWith(t, rows[:8192], minutes, drops, devices)
	putSummarized(t, store, data, name)
	report := checked(t, store, check.Options{})
	require.Contains(t, fmt.Sprint(report.Violations), "its devices cannot be read")
}
