package diagnose

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryVerdictHasACase checks that verdict_test.go mentions every verdict. This test and
// TestEveryVerdictHasItsTextsInBothLanguages enforce the steps under "How to add a verdict" in
// pkg/README.md.
func TestEveryVerdictHasACase(t *testing.T) {
	cases, err := os.ReadFile("verdict_test.go")
	require.NoError(t, err)
	for _, r := range slices.Concat(patterns, singles, symptoms) {
		require.Contains(t, string(cases), `"`+string(r.code)+`"`, "verdict_test.go")
	}
}
