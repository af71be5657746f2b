package imports

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// listed is the output of `go list` for one package.
type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

// graph returns every package of the module with its imports.
func graph(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "devicetrace/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var packages []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		require.NoError(t, err)
		packages = append(packages, p)
	}
}

func TestImportsKeepToTheRules(t *testing.T) {
	packages := graph(t)
	require.Greater(t, len(packages), 20, "the graph must cover the whole module")
	for _, p := range packages {
		for _, imported := range p.Imports {
			if why := broken(edge{p.ImportPath, imported}, false); why != "" {
				t.Errorf("%s imports %s, but %s", p.ImportPath, imported, why)
			}
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			if why := broken(edge{p.ImportPath, imported}, true); why != "" {
				t.Errorf("a test of %s imports %s, but %s", p.ImportPath, imported, why)
			}
		}
	}
}

// Every package under functions/ and pkg/ must have an entry in places. No other package may have
// one.
func TestEveryPackageHasItsPlace(t *testing.T) {
	var want, got []string
	for _, p := range graph(t) {
		if within(p.ImportPath, "functions") || within(p.ImportPath, "pkg") {
			want = append(want, strings.TrimPrefix(p.ImportPath, module))
		}
	}
	for _, p := range places {
		got = append(got, p.path)
	}
	require.ElementsMatch(t, want, got, "add a new package to places, and delete a package that is gone")
}

// Each exception must be in use. An exception that no test needs must be deleted.
func TestEveryExceptionIsInUse(t *testing.T) {
	var used []edge
	for _, p := range graph(t) {
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			used = append(used, edge{p.ImportPath, imported})
		}
	}
	require.Subset(t, used, testExceptions)
}

// The import at index i of this list must break the rule at index i of rules. TestPlacesBite covers
// the rules that are derived from places.
func TestRulesBite(t *testing.T) {
	edges := [][2]string{
		{"pkg/serve", "devicetrace/functions/query"},
		{"functions/query", "devicetrace/infra/local/oss"},
		{"infra/operate/ops", "devicetrace/infra/verify/figures"},
		{"pkg/query", "devicetrace/pkg/record"},
		{"pkg/event", "github.com/google/uuid"},
		{"pkg/query", "github.com/parquet-go/parquet-go"},
		{"functions/recorder", "github.com/aliyun/aliyun-oss-go-sdk/oss"},
		{"functions/recorder", "github.com/aliyun/fc-runtime-go-sdk/fc"},
		{"pkg/webhook", "github.com/standard-webhooks/standard-webhooks/libraries/go"},
		{"pkg/traceapi", "github.com/modelcontextprotocol/go-sdk/mcp"},
		{"infra/local", "github.com/mochi-mqtt/server/v2"},
		{"infra/local/mqtt", "github.com/eclipse/paho.mqtt.golang"},
		{"infra/local", "go.yaml.in/yaml/v3"},
		{"pkg/compact", "github.com/robfig/cron/v3"},
	}
	require.Len(t, edges, len(rules)-len(places))
	for i, e := range edges {
		require.Equal(t, rules[i].why, broken(edge{module + e[0], e[1]}, false), e)
	}
}

// The rules must let a package import exactly those packages of this module that its entry in
// places lists.
func TestPlacesBite(t *testing.T) {
	for _, importer := range places {
		for _, imported := range places {
			e := edge{module + importer.path, module + imported.path}
			isNamed := slices.Contains(importer.imports, imported.path)
			require.Equal(t, isNamed, broken(e, false) == "", e)
		}
	}
	for _, e := range [][2]string{
		{"functions/recorder", "pkg/query"}, {"functions/query", "pkg/compact"}, {"functions/compactor", "pkg/segment"},
		{"pkg/webhook", "pkg/segment"}, {"pkg/traceapi", "pkg/record"}, {"pkg/history", "pkg/diagnose"},
		{"pkg/diagnose", "pkg/query"}, {"pkg/openapi", "pkg/query"}, {"pkg/broker", "pkg/layout"}, {"pkg/layout", "pkg/segment"},
	} {
		require.NotEmpty(t, broken(edge{module + e[0], module + e[1]}, false), e)
	}
}

// The rules about infra and functions must also apply to tests.
func TestRulesBiteInTests(t *testing.T) {
	for _, e := range [][2]string{
		{"pkg/query", "infra/local/sim"}, {"pkg/check", "infra/verify/figures"}, {"pkg/webhook", "functions/recorder"},
	} {
		require.NotEmpty(t, broken(edge{module + e[0], module + e[1]}, true), e)
	}
	require.Empty(t, broken(edge{module + "pkg/broker", module + "pkg/segment"}, true), "tests of pkg may import other packages of pkg")
}

func TestRulesAllow(t *testing.T) {
	for _, e := range [][2]string{
		{"pkg/segment", "github.com/parquet-go/parquet-go/bloom/xxhash"},
		{"pkg/event", "crypto/md5"},
		{"pkg/layout", "devicetrace/pkg/objstore"},
		{"functions/query", "devicetrace/pkg/query"},
		{"infra/local", "devicetrace/pkg/objstore"},
	} {
		require.Empty(t, broken(edge{module + e[0], e[1]}, false), e)
	}
}
