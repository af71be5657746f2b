package summary

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// LimitCells must keep all events, and the names of the busiest nodes.
func TestLimitCells(t *testing.T) {
	t.Parallel()
	s := &Sums{}
	events := map[string]int64{}
	for m := range Minute(50) {
		for n := range 100 {
			key := Key{Node: fmt.Sprintf("n%02d", n), Action: "close", ActionInfo: []string{"a", "b"}[n%2]}
			s.Cells = append(s.Cells, Cell{m, key, int64(1 + n), 1})
			events[fmt.Sprint(m, key.ActionInfo)] += int64(1 + n)
		}
		s.Cells = append(s.Cells, Cell{m, Key{Rest: true, Action: "close", ActionInfo: "a"}, 7, 1})
		events[fmt.Sprint(m, "a")] += 7
	}
	for _, limit := range []int{5050, 5049, 3000, 500, 100, 0} {
		s.LimitCells(limit)
		require.True(t, slices.IsSortedFunc(s.Cells, func(a, b Cell) int { return a.compare(&b) }))
		got, nodes := map[string]int64{}, map[string]bool{}
		for i, c := range s.Cells {
			got[fmt.Sprint(c.Minute, c.ActionInfo)] += c.Events
			nodes[c.Node] = true
			require.Equal(t, c.Node == "", c.Rest)
			require.False(t, i > 0 && s.Cells[i-1].compare(&s.Cells[i]) == 0)
		}
		require.Equal(t, events, got)
		require.LessOrEqual(t, len(s.Cells), max(limit, 100), "the rest has two cells per minute")
		require.Equal(t, limit >= 500, nodes["n99"])
		require.Equal(t, limit == 5050, nodes["n00"])
	}
}
