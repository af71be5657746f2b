package e2e

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// secretName matches the names that the code gives to secret values. An attacker must not be able
// to guess such a value byte by byte by measuring how long comparisons take.
var secretName = regexp.MustCompile(`(?i)^(secret|token|password|signature|mac|digest|presented|adminToken|shown)$`)

// inConfiguration lists comparisons of secrets that need not take constant time, because they check
// the configuration before any request arrives.
var inConfiguration = []string{"known.secret == secret", "token == defaultToken", "s.adminToken == defaultToken", "s.password == defaultPassword"}

// TestAttackTiming checks that the packages that authenticate requests compare secrets only in
// constant time.
func TestAttackTiming(t *testing.T) {
	t.Parallel()
	constant := 0
	for _, folder := range []string{"pkg/serve", "pkg/openapi", "pkg/webhook", "pkg/traceapi", "infra/local", "infra/local/oss"} {
		paths, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		require.NoError(t, err)
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			require.NoError(t, err)
			ast.Inspect(file, func(node ast.Node) bool {
				switch node := node.(type) {
				case *ast.BinaryExpr:
					requireNoSecret(t, path, node)
				case *ast.CallExpr:
					if name := textOf(node.Fun); name == "subtle.ConstantTimeCompare" || name == "hmac.Equal" {
						constant++
					} else if slices.Contains([]string{"bytes.Equal", "bytes.Compare", "strings.Compare", "strings.EqualFold", "reflect.DeepEqual", "slices.Equal"}, name) {
						require.False(t, slices.ContainsFunc(node.Args, isSecret), "%s: %s", path, name)
					}
				case *ast.SwitchStmt:
					require.False(t, node.Tag != nil && isSecret(node.Tag), "%s: a switch must not compare a secret", path)
				case *ast.IndexExpr:
					require.False(t, isSecret(node.Index), "%s: a secret must not be looked up in %s", path, textOf(node.X))
				}
				return true
			})
		}
	}
	require.GreaterOrEqual(t, constant, 4, "tokens, AccessKeys, and two in the stand-ins")
}

// requireNoSecret checks that the expression does not compare a secret. Comparisons with "" or nil
// and those listed in inConfiguration are allowed.
func requireNoSecret(t *testing.T, path string, e *ast.BinaryExpr) {
	t.Helper()
	if e.Op != token.EQL && e.Op != token.NEQ || !isSecret(e.X) && !isSecret(e.Y) || isNothing(e.X) || isNothing(e.Y) {
		return
	}
	text := textOf(e.X) + " " + e.Op.String() + " " + textOf(e.Y)
	require.Contains(t, inConfiguration, text, path)
}

func isSecret(e ast.Expr) bool {
	name := textOf(e)
	return secretName.MatchString(name[strings.LastIndexByte(name, '.')+1:])
}

func isNothing(e ast.Expr) bool {
	text := textOf(e)
	return text == `""` || text == "nil"
}

// textOf returns the source text of a name, a selector or a literal. It ignores slicing and
// conversions around the expression. For any other expression it returns "".
func textOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.BasicLit:
		return e.Value
	case *ast.SelectorExpr:
		return textOf(e.X) + "." + e.Sel.Name
	case *ast.SliceExpr:
		return textOf(e.X)
	case *ast.CallExpr:
		if len(e.Args) == 1 { // probably a type conversion, such as []byte(token)
			return textOf(e.Args[0])
		}
	}
	return ""
}
