package query

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/layout"
)

// A source may use a guess only if the guess is for the same object, with the same size, and covers
// the range.
func TestASourceUsesOnlyItsOwnGuess(t *testing.T) {
	const data = "data"
	object := layout.Segment{Key: "p/1", Size: 9}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		ctx            context.Context
		object         layout.Segment
		offset, length int64
		pending        bool // the guess has not ended
		want           string
	}{
		"the guess":     {t.Context(), object, 5, 4, false, data},
		"other object":  {t.Context(), layout.Segment{Key: "p/2", Size: 9}, 5, 4, false, ""},
		"another size":  {t.Context(), layout.Segment{Key: "p/1", Size: 10}, 5, 4, false, ""},
		"a part of it":  {t.Context(), object, 6, 2, false, "at"},
		"earlier start": {t.Context(), object, 4, 4, false, ""},
		"later end":     {t.Context(), object, 6, 4, false, ""},
		"canceled wait": {canceled, object, 5, 4, true, ""},
	} {
		g := &guess{object: object, offset: 5, length: 4, ended: make(chan struct{}), data: []byte(data)}
		if !test.pending {
			close(g.ended)
		}
		s := &source{partition: &partition{guesses: map[string]*guess{object.Key: g}}, object: test.object}
		require.Equal(t, test.want, string(s.guessed(test.ctx, test.offset, test.length)), name)
	}
}
