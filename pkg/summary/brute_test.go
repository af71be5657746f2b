package summary

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"devicetrace/pkg/event"
	"devicetrace/pkg/segment"
)

// day is the day of all rows in these tests.
const day = int64(1_700_006_400_000)

// randomRows returns sorted rows of several clients, mostly within a few minutes.
func randomRows(random *rand.Rand) []segment.Row {
	pick := func(texts ...string) string { return texts[random.IntN(len(texts))] }
	var rows []segment.Row
	for range 1 + random.IntN(60) {
		r := segment.Row{
			ClientID:     fmt.Sprint("c", random.IntN(8)),
			Time:         day + int64(random.IntN(8*60))*1000 + int64(random.IntN(2)*random.IntN(1000)),
			Action:       pick("connect", "connect", "close", "close", "disconnect"),
			ActionInfo:   pick("", "no heart", "not authorized", "clientId conflict"),
			NativeEvent:  pick("", "", "", "client.connack"),
			Node:         pick("", "n1", "n2", "n3"),
			TimeOrigin:   pick("broker", "broker", "received"),
			PeerAddress:  pick("", "10.0.0.1", "10.0.0.2"),
			PeerPort:     int64(random.IntN(3)),
			Username:     pick("", "u1", "u2"),
			ChannelID:    pick("", "", "ch1", "ch2", "ch3"),
			NativeReason: fmt.Sprint(random.IntN(3)),
		}
		if r.Action == "connect" {
			r.ActionInfo = pick("accepted", "accepted", "accepted", "", "not authorized")
		} else if random.IntN(3) == 0 {
			r.ConnectedAt = r.Time - int64(random.IntN(100_000))
		}
		rows = append(rows, r)
	}
	return segment.Distinct(rows)
}

func foldOf(rows []segment.Row) *Sums {
	f := NewFold(true)
	for i := range rows {
		f.Add(&rows[i])
	}
	return f.Sums()
}

// bruteCells counts cells with one set of clients for each.
func bruteCells(rows []segment.Row) []Cell {
	events, clients := map[Cell]int64{}, map[Cell]map[string]bool{}
	for i := range rows {
		r := &rows[i]
		c := Cell{Minute: MinuteOf(r.Time), Key: Key{
			Node: r.Node, Action: r.Action, ActionInfo: r.ActionInfo,
			Received: r.TimeOrigin == string(event.FromReceiver), Refused: KindOf(r) == Refusal,
		}}
		events[c]++
		if clients[c] == nil {
			clients[c] = map[string]bool{}
		}
		clients[c][r.ClientID] = true
	}
	var cells []Cell
	for c := range events {
		full := c
		full.Events, full.Devices = events[c], int64(len(clients[c]))
		cells = append(cells, full)
	}
	slices.SortFunc(cells, func(a, b Cell) int { return cmp.Or(cmp.Compare(a.Minute, b.Minute), a.Key.compare(&b.Key)) })
	return cells
}

// bruteVicinities counts vicinities with one set of clients for each minute and kind.
func bruteVicinities(rows []segment.Row) []Vicinity {
	type set = map[string]bool
	sets := map[Minute]*[3]set{}
	first := map[Minute]map[string]Witness{}
	for i := range rows {
		r := &rows[i]
		kind, m := KindOf(r), MinuteOf(r.Time)
		if kind == Disconnect {
			continue
		}
		for n := m - 1; n <= m+1; n++ {
			if sets[n] == nil {
				sets[n] = &[3]set{{}, {}, {}}
			}
			sets[n][kind][r.ClientID] = true
		}
		if kind != Drop {
			continue
		}
		if first[m] == nil {
			first[m] = map[string]Witness{}
		}
		if _, known := first[m][r.ClientID]; !known {
			first[m][r.ClientID] = Witness{r.ClientID, r.Time, r.PeerAddress, r.Node, r.ActionInfo}
		}
	}
	var found []Vicinity
	for _, m := range slices.Sorted(maps.Keys(sets)) {
		s := sets[m]
		v := Vicinity{Minute: m, Connected: int64(len(s[Connect])), Dropped: int64(len(s[Drop])), Refused: int64(len(s[Refusal]))}
		all := slices.Collect(maps.Values(first[m]))
		slices.SortFunc(all, func(a, b Witness) int {
			x, y := bruteRank(m, a.ClientID), bruteRank(m, b.ClientID)
			return bytes.Compare(x[:], y[:])
		})
		v.Sample = all[:min(len(all), 4)]
		if len(v.Sample) == 0 {
			v.Sample = nil
		}
		found = append(found, v)
	}
	return found
}

func bruteRank(m Minute, clientID string) [16]byte {
	return md5.Sum(append(binary.BigEndian.AppendUint64(nil, uint64(m)), clientID...))
}
