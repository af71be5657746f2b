package operate

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const bench = root + "/infra/verify/bench/README.md"

// measuredRows maps rows of the table that compares the deployments to the names of the figures on
// the benchmark page.
var measuredRows = map[string][]string{
	"price per month":            {"price", "price without the server", "price without the queue"},
	"puts and deletes per event": {"puts and deletes of an event"},
	"acknowledged after":         {"acknowledged after"},
}

// The table that compares the deployments repeats figures of the benchmark page. Each of these figures
// must be the same on both pages, and none may be left out.
func TestChoiceRepeatsTheMeasuredFigures(t *testing.T) {
	figures := figuresOf(t)
	table := tableOf(t, "Which deployment")
	deployments := table[0][1:]
	checked := 0
	for _, row := range table {
		for _, figure := range measuredRows[row[0]] {
			for i, deployment := range deployments {
				name := "1,000,000 devices, " + deployment + ": " + figure
				if measured, found := figures[name]; found {
					require.Equal(t, measured, row[i+1], name)
					checked++
				}
			}
		}
	}
	require.Equal(t, 12, checked, "six prices, and two other figures of each deployment that has them")
}

// figuresOf returns the measured value of each figure on the benchmark page.
func figuresOf(t *testing.T) map[string]string {
	t.Helper()
	figures := map[string]string{}
	for _, row := range rowsOf(readFile(t, bench)) {
		if len(row) == 3 {
			figures[row[0]] = row[2]
		}
	}
	return figures
}

// tableOf returns the cells of the first table in a section of the deploy page.
func tableOf(t *testing.T, title string) [][]string {
	t.Helper()
	_, text, found := strings.Cut(readFile(t, english), "\n## "+title+"\n")
	require.True(t, found)
	text, _, _ = strings.Cut(text, "\n## ")
	return rowsOf(text)
}

// rowsOf returns the cells of all table rows in a text, except the rows of dashes.
func rowsOf(text string) (rows [][]string) {
	for _, line := range regexp.MustCompile(`(?m)^\|.*\|$`).FindAllString(text, -1) {
		if strings.HasPrefix(line, "|---") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows
}

// The numbers of concurrent requests in the table must follow from the two files.
func TestChoiceRepeatsTheConcurrency(t *testing.T) {
	for _, row := range tableOf(t, "Which deployment") {
		if row[0] == "concurrent requests" {
			require.Equal(t, []string{"60", "2,000"}, row[1:3])
		}
	}
	require.Contains(t, readFile(t, root+"/s.yaml"), "reservedConcurrency: 60\n")
	file := readFile(t, "s.concurrent.yaml")
	require.Contains(t, file, "instanceConcurrency: 200\n")
	require.Contains(t, file, "reservedConcurrency: 10\n")
}
