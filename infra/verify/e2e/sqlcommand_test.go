package e2e

import (
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// duckdbCommand is the name of DuckDB's command-line program. The tests cannot install that
// program, so the test binary stands in for it if it is started under this name.
const duckdbCommand = "duckdb"

// runDuckDB takes the same arguments as DuckDB's command-line program: -init FILE is a script to
// run first, and -c SQL holds the statements to run after it. runDuckDB returns the exit status.
func runDuckDB(arguments []string) int {
	flags := flag.NewFlagSet(duckdbCommand, flag.ContinueOnError)
	script, statements := flags.String("init", "", ""), flags.String("c", "", "")
	err := flags.Parse(arguments)
	if err == nil {
		err = printResult(*script, *statements)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// printResult prints the names of the result's columns, and then one row per line.
func printResult(script, statements string) error {
	text, err := os.ReadFile(script)
	if err != nil {
		return err
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(string(text)); err != nil {
		return err
	}
	result, err := db.Query(statements)
	if err != nil {
		return err
	}
	defer result.Close()
	names, err := result.Columns()
	fmt.Println(strings.Join(names, "\t"))
	row, places := make([]any, len(names)), make([]any, len(names))
	for i := range row {
		places[i] = &row[i]
	}
	for err == nil && result.Next() {
		err = result.Scan(places...)
		fmt.Println(row...)
	}
	return errors.Join(err, result.Err())
}

func isSQL(command string) bool { return strings.HasPrefix(command, duckdbCommand+" ") }

var codeBlock = regexp.MustCompile(`(?m)(?:^    .*\n)+`)

// requireSQL runs all DuckDB commands in the given documents on the stack's bucket. The working
// directory has the bucket in .data, like the repository's folder while `make run` runs.
func (s *stack) requireSQL(t *testing.T, documents ...string) {
	t.Helper()
	folder := t.TempDir()
	absolute, err := filepath.Abs(filepath.Join(root, "infra"))
	require.NoError(t, err)
	require.NoError(t, os.Symlink(absolute, filepath.Join(folder, "infra")))
	require.NoError(t, os.Symlink(s.data, filepath.Join(folder, ".data")))
	binary, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(binary, filepath.Join(folder, duckdbCommand)))
	for _, document := range documents {
		text, err := os.ReadFile(filepath.Join(root, document))
		require.NoError(t, err)
		for _, block := range codeBlock.FindAllString(string(text), -1) {
			if command := strings.TrimSpace(block); isSQL(command) && strings.Contains(command, viewsFile) {
				requireResult(t, folder, document, command)
			}
		}
	}
}

// requireResult runs a command in the given folder. The command must print rows, unless it names a
// date or an instance that only serves as an example.
func requireResult(t *testing.T, folder, document, command string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-ec", command)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"))
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s: %s\n%s", document, command, output)
	if !strings.Contains(command, "'2026-11") && !strings.Contains(command, "'prod'") {
		require.Greater(t, strings.Count(string(output), "\n"), 1, "%s: %s\n%s", document, command, output)
	}
}
