package traceapi

import (
	"encoding/csv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

func TestCellsAreNoFormulas(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "é": "é", "a\xff": "a\ufffd", "x=": "x=", "a-b@c+d": "a-b@c+d", "\uff1e": "\uff1e", "x\uff1d": "x\uff1d", "a b": "a b",
		"=x": "'=x", "+x": "'+x", "-x": "'-x", "@x": "'@x", "--x": "'--x",
		"\uff1dx": "'\uff1dx", "\uff0bx": "'\uff0bx", "\uff0dx": "'\uff0dx", "\uff20x": "'\uff20x",
		"x;=y": "x;'=y", "x\t=y": "x\t'=y", "x\n=y": "x\n'=y", "x\r\n=y": "x\r\n'=y", "x,=y": "x,'=y", "x|=y": "x|'=y",
		"x\u2028=y": "x\u2028'=y", "x\u0085=y": "x\u0085'=y", "x\v=y": "x\v'=y",
		"\tx": "\tx", "\t=x": "\t'=x", "\x00=x": "\x00'=x", ";x": ";x", "x;": "x;", "x;y=": "x;y=",
		" =x": " '=x", "x; =y": "x; '=y", "x;\u00a0=y": "x;\u00a0'=y", "\ufeff=x": "\ufeff'=x", "x;\u200b=y": "x;\u200b'=y",
		`"=x`: `"'=x`, `x;"=y"`: `x;"'=y"`, `x;""=y`: `x;""'=y`, `x;'=y`: `x;'=y`, "x =y": "x =y",
		"=x;=y;z=": "'=x;'=y;z=", ";;=x": ";;'=x",
	} {
		require.Equal(t, want, cell(text), "%q", text)
	}
	for _, number := range []any{int32(-1), true, nil} {
		require.NotContains(t, cell(number), "'")
	}
}

// If a cell contains a character that some program treats as a separator, the cell must be quoted,
// so that the program keeps it whole.
func TestCellsWithSeparatorsAreQuoted(t *testing.T) {
	for text, want := range map[string]string{
		"a": "a", "a b": "a b", "": "", "a;b": `"a;b"`, "a\tb": "\"a\tb\"", "a|b": `"a|b"`, "a,b": `"a,b"`, `a"b`: `"a""b"`, "a\r\nb": "\"a\r\nb\"",
	} {
		require.Equal(t, "x,"+want+",y\r\n", string(csvRecord([]string{"x", text, "y"})))
	}
}

// importers lists how programs read a file. separators are the characters at which a program splits
// lines into cells. quotes reports whether it respects quotes at the beginning of a cell.
var importers = []struct {
	separators string
	quotes     bool
}{
	{",", true}, {";", true}, {"\t", true}, {"|", true}, {",;\t", true},
	{",", false}, {";", false}, {"\t", false}, {"|", false}, {",;\t|", false},
}

// split returns the cells that a program with the given separators finds in a file.
func split(file, separators string, respectsQuotes bool) (cells []string) {
	var cell strings.Builder
	isQuoted := false
	for _, r := range file {
		switch {
		case respectsQuotes && r == '"' && (isQuoted || cell.Len() == 0):
			isQuoted = !isQuoted
		case !isQuoted && strings.ContainsRune(separators+"\r\n", r):
			cells = append(cells, cell.String())
			cell.Reset()
		default:
			cell.WriteRune(r)
		}
	}
	return append(cells, cell.String())
}

// FuzzCSV checks that no program finds a formula at the beginning of a cell. It also checks that an
// RFC 4180 reader gets every string back, except for apostrophes.
func FuzzCSV(f *testing.F) {
	f.Add("=x", "a;=y", "b")
	f.Add("x;\"=y\"", "\t-1", "a\r\n@b")
	f.Add("\",=x", "\\\",=y", "\"\";+z")
	f.Add("x\";", "=y\";=z", "|\u00a0=y")
	f.Fuzz(func(t *testing.T, one, two, three string) {
		texts := []string{one, two, three}
		file := string(csvRecord([]string{cell(one), cell(two), cell(three)}))
		for _, importer := range importers {
			for _, c := range split(file, importer.separators, importer.quotes) {
				start := strings.TrimLeftFunc(c, func(r rune) bool { return r == '"' || unicode.IsSpace(r) || unicode.IsControl(r) })
				require.False(t, strings.IndexAny(start, "=+-@\uff1d\uff0b\uff0d\uff20") == 0, "split at %q: cell %q of %q", importer.separators, c, file)
			}
		}
		reader := csv.NewReader(strings.NewReader(file))
		record, err := reader.Read()
		require.NoError(t, err)
		for i, text := range texts {
			text = strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\r\n", "\n") // the reader changes line endings
			require.Equal(t, strings.ReplaceAll(text, "'", ""), strings.ReplaceAll(record[i], "'", ""))
		}
	})
}
