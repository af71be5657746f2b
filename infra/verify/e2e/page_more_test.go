package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// testMore checks that one click shows a verdict's longer explanation, and that the text to copy
// contains it.
func testMore(t *testing.T, p *pageTest) {
	b := p.open(t, busyDevice, time.Hour, viewer{})
	require.False(t, eval[bool](b, `document.querySelector('.headline .explanation').open`))
	b.click(".headline .explanation summary")
	require.True(t, eval[bool](b, `document.querySelector('.headline .explanation').open`))
	more := b.text(".headline .explanation .meaning")
	require.NotEmpty(t, more)
	require.Contains(t, b.copied(".headline .foot .button"), more)
}
