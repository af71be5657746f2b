package syaml

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// An expression has the form ${vars.name}, ${env('NAME')} or ${env('NAME', 'default')}. A choice
// has the form ${vars.name[env('NAME', 'default')]}. A choice must be the whole value. It selects
// an entry of a variable that is a mapping.
var (
	expression       = regexp.MustCompile(`\$\{([^}]*)\}`)
	varExpression    = regexp.MustCompile(`^vars\.([A-Za-z0-9_-]+)$`)
	envExpression    = regexp.MustCompile(`^env\('([A-Za-z0-9_]+)'(\s*,\s*'([^']*)')?\)$`)
	choiceExpression = regexp.MustCompile(`^\$\{vars\.([A-Za-z0-9_-]+)\[([^\]]*)\]\}$`)
)

// resolver replaces expressions with their values.
type resolver struct {
	lookup Lookup
	vars   map[string]*yaml.Node // the variables resolved so far
}

// resolve returns the root mapping of an s.yaml, with all expressions replaced by their values. A
// variable in the section vars can refer to the variables above it.
func resolve(data []byte, lookup Lookup) (*yaml.Node, error) {
	var file yaml.Node
	if err := yaml.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("parse YAML: %w", err)
	}
	root := file.Content[0]
	r := resolver{lookup: lookup, vars: map[string]*yaml.Node{}}
	vars := field(root, "vars")
	for name, value := range pairs(vars) {
		if err := r.resolveAll(value); err != nil {
			return nil, fmt.Errorf("resolve variable %q: %w", name.Value, err)
		}
		r.vars[name.Value] = value
	}
	for key, value := range pairs(root) {
		if value == vars {
			// The variables are already resolved. They must not be resolved again, because a value
			// that came from an environment variable may look like an expression.
			continue
		}
		if err := r.resolveAll(value); err != nil {
			return nil, fmt.Errorf("resolve %s: %w", key.Value, err)
		}
	}
	return root, nil
}

// resolveAll replaces the expressions in all scalars of a tree.
func (r resolver) resolveAll(node *yaml.Node) error {
	for _, child := range node.Content {
		if err := r.resolveAll(child); err != nil {
			return err
		}
	}
	if node.Kind != yaml.ScalarNode || !strings.Contains(node.Value, "${") {
		return nil
	}
	resolved, err := r.resolveScalar(node)
	if err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	*node = *resolved
	return nil
}

// resolveScalar returns the node that replaces a scalar that contains expressions.
func (r resolver) resolveScalar(node *yaml.Node) (*yaml.Node, error) {
	if match := choiceExpression.FindStringSubmatch(node.Value); match != nil {
		return r.choose(match[1], match[2])
	}
	text, err := r.expand(node.Value)
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Line: node.Line}, err
}

// choose evaluates an expression and returns the entry of a mapping variable that has this value as
// its key.
func (r resolver) choose(variable, expression string) (*yaml.Node, error) {
	key, err := r.value(expression)
	if err != nil {
		return nil, err
	}
	chosen := field(r.vars[variable], key)
	if chosen == nil {
		return nil, fmt.Errorf("choose from variable %q: it has no entry %q", variable, key)
	}
	return chosen, nil
}

// expand replaces the expressions in a string. If any of them cannot be resolved, it returns the
// first error.
func (r resolver) expand(text string) (string, error) {
	var failed error
	expanded := expression.ReplaceAllStringFunc(text, func(match string) string {
		value, err := r.value(match[2 : len(match)-1])
		if err != nil && failed == nil {
			failed = err
		}
		return value
	})
	return expanded, failed
}

// value returns the value of an expression, given the text between "${" and "}".
func (r resolver) value(text string) (string, error) {
	if match := varExpression.FindStringSubmatch(text); match != nil {
		value, found := r.vars[match[1]]
		if !found || value.Kind != yaml.ScalarNode {
			return "", fmt.Errorf("read variable %q: not defined above as text", match[1])
		}
		return value.Value, nil
	}
	match := envExpression.FindStringSubmatch(text)
	if match == nil {
		return "", fmt.Errorf("read expression %q: use vars.name, env('NAME') or env('NAME', 'default')", text)
	}
	if value, found := r.lookup(match[1]); found && value != "" {
		return value, nil // like Serverless Devs, treat an empty variable as unset
	}
	if match[2] == "" {
		return "", fmt.Errorf("read environment variable %q: not set, and it has no default", match[1])
	}
	return match[3], nil
}
