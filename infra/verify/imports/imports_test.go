package imports

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// listed is what `go list` tells of a package.
type listed struct {
	ImportPath string
	Imports    []string
}

// graph is every package of the module and what its code, not its tests, imports.
func graph(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "devicetrace/...")
	var faults bytes.Buffer
	cmd.Stderr = &faults
	out, err := cmd.Output()
	require.NoError(t, err, faults.String())
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
	require.Greater(t, len(packages), 20, "the graph is that of the whole module")
	for _, p := range packages {
		for _, imported := range p.Imports {
			for _, why := range broken(p.ImportPath, imported) {
				t.Errorf("%s imports %s, but %s", p.ImportPath, imported, why)
			}
		}
	}
}

// broken are the reasons against an edge.
func broken(importer, imported string) (reasons []string) {
	for _, r := range rules {
		if r.broken(importer, imported) {
			reasons = append(reasons, r.why)
		}
	}
	return reasons
}

// TestRulesBite has, for every rule, an edge that breaks it and no other.
func TestRulesBite(t *testing.T) {
	edges := [][2]string{
		{"devicetrace/pkg/serve", "devicetrace/functions/query"},
		{"devicetrace/functions/query", "devicetrace/infra/local/oss"},
		{"devicetrace/pkg/query", "devicetrace/pkg/record"},
		{"devicetrace/pkg/event", "github.com/google/uuid"},
		{"devicetrace/pkg/layout", "devicetrace/pkg/segment"},
		{"devicetrace/pkg/broker", "devicetrace/pkg/layout"},
		{"devicetrace/pkg/history", "devicetrace/pkg/diagnose"},
		{"devicetrace/pkg/diagnose", "devicetrace/pkg/query"},
		{"devicetrace/pkg/openapi", "devicetrace/pkg/query"},
		{"devicetrace/pkg/query", "github.com/parquet-go/parquet-go"},
		{"devicetrace/functions/recorder", "github.com/aliyun/aliyun-oss-go-sdk/oss"},
		{"devicetrace/functions/recorder", "github.com/aliyun/fc-runtime-go-sdk/fc"},
		{"devicetrace/infra/local", "github.com/mochi-mqtt/server/v2"},
	}
	require.Len(t, edges, len(rules))
	for i, edge := range edges {
		require.Equal(t, []string{rules[i].why}, broken(edge[0], edge[1]), edge)
	}
}

func TestRulesAllow(t *testing.T) {
	for _, edge := range [][2]string{
		{"devicetrace/pkg/segment", "github.com/parquet-go/parquet-go/bloom/xxhash"},
		{"devicetrace/pkg/event", "crypto/md5"},
		{"devicetrace/pkg/layout", "devicetrace/pkg/objstore"},
		{"devicetrace/functions/query", "devicetrace/pkg/query"},
		{"devicetrace/infra/local", "devicetrace/pkg/objstore"},
	} {
		require.Empty(t, broken(edge[0], edge[1]), edge)
	}
}
