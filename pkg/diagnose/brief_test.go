package diagnose_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/diagnose"
)

const (
	maxSentences  = 2
	maxWords      = 40
	maxCharacters = 90 // in Chinese
)

var sentenceEnd = regexp.MustCompile(`[.?!]( |$)|[。？！]`)

// brief fails the test if a verdict's meaning or advice is too long. The person on call may read them
// at night, so everything else belongs in More.
func brief(t require.TestingT, r diagnose.Report, lang diagnose.Lang) {
	for _, v := range r.Verdicts {
		for _, text := range []string{v.Meaning, v.Next} {
			require.NotEmpty(t, text, v.Code)
			require.LessOrEqual(t, len(sentenceEnd.FindAllString(text, -1)), maxSentences, "%s: %s", v.Code, text)
			if lang == diagnose.English {
				require.LessOrEqual(t, len(strings.Fields(text)), maxWords, "%s: %s", v.Code, text)
			} else {
				require.LessOrEqual(t, characters(text), maxCharacters, "%s: %s", v.Code, text)
			}
		}
	}
}

var latin = regexp.MustCompile(`[!-~]+( [!-~]+)*`)

// characters counts the characters of a Chinese text. A run of Latin words, such as a time, an
// address or an action info, counts as two characters per word.
func characters(text string) int {
	words := 0
	rest := latin.ReplaceAllStringFunc(text, func(run string) string {
		words += len(strings.Fields(run))
		return ""
	})
	return utf8.RuneCountInString(strings.ReplaceAll(rest, " ", "")) + 2*words
}

func TestCharacters(t *testing.T) {
	require.Equal(t, 8, characters("共 7 次（no）"))
	require.Equal(t, 7, characters("在 2026-11-22 08:01:00 UTC"))
}
