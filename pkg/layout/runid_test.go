package layout

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRunID(t *testing.T) {
	began := time.Date(2026, 11, 22, 3, 12, 59, 999e6, time.UTC)
	id, err := NewRunID(began, strings.NewReader("abcdefghijkl"))
	require.NoError(t, err)
	require.Equal(t, "6b025dbb6162636465666768696a6b6c", id)

	name, err := ParseName(Name{Run: id, Seq: 1}.String())
	require.NoError(t, err)
	require.Equal(t, began.Truncate(time.Second), name.RunBegan())
}

func TestRunIDNeedsRandomBits(t *testing.T) {
	_, err := NewRunID(time.Unix(0, 0), bytes.NewReader(make([]byte, 11)))
	require.ErrorContains(t, err, "draw run identifier")
}
