package syaml

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// An expression is ${vars.name}, ${env('NAME')} or ${env('NAME', 'default')}.
var (
	expression    = regexp.MustCompile(`\$\{([^}]*)\}`)
	varExpression = regexp.MustCompile(`^vars\.([A-Za-z0-9_-]+)$`)
	envExpression = regexp.MustCompile(`^env\('([A-Za-z0-9_]+)'(?:\s*,\s*'([^']*)')?\)$`)
)

// Reference is one use of an environment variable in an s.yaml.
type Reference struct {
	Name       string
	Default    string
	HasDefault bool
}

// References lists the environment variables that an s.yaml uses, in order, repeated
// as they are there. Comments do not count.
func References(data []byte) ([]Reference, error) {
	root, err := parseTree(data)
	if err != nil {
		return nil, err
	}
	var found []Reference
	walk(root, func(scalar *yaml.Node) {
		for _, match := range expression.FindAllStringSubmatch(scalar.Value, -1) {
			if reference, ok := parseReference(match[1]); ok {
				found = append(found, reference)
			}
		}
	})
	return found, nil
}

func walk(node *yaml.Node, visit func(scalar *yaml.Node)) {
	if node.Kind == yaml.ScalarNode {
		visit(node)
	}
	for _, child := range node.Content {
		walk(child, visit)
	}
}

func parseReference(text string) (Reference, bool) {
	match := envExpression.FindStringSubmatchIndex(text)
	if match == nil {
		return Reference{}, false
	}
	reference := Reference{Name: text[match[2]:match[3]]}
	if match[4] >= 0 {
		reference.Default, reference.HasDefault = text[match[4]:match[5]], true
	}
	return reference, true
}

// resolver replaces expressions. A variable may use those above it.
type resolver struct {
	lookup Lookup
	vars   map[string]*yaml.Node
}

func resolveDocument(root *yaml.Node, lookup Lookup) error {
	r := resolver{lookup: lookup, vars: map[string]*yaml.Node{}}
	vars := field(root, "vars")
	for name, value := range pairs(vars) {
		if err := r.resolve(value); err != nil {
			return fmt.Errorf("resolve variable %q of s.yaml: %w", name.Value, err)
		}
		r.vars[name.Value] = value
	}
	for key, value := range pairs(root) {
		if value == vars {
			continue
		}
		if err := r.resolve(value); err != nil {
			return fmt.Errorf("resolve %s of s.yaml: %w", key.Value, err)
		}
	}
	return nil
}

func (r resolver) resolve(node *yaml.Node) error {
	if node.Kind == yaml.AliasNode {
		return fmt.Errorf("line %d: aliases are not supported", node.Line)
	}
	if node.Kind == yaml.ScalarNode {
		return r.resolveScalar(node)
	}
	for _, child := range node.Content {
		if err := r.resolve(child); err != nil {
			return err
		}
	}
	return nil
}

// resolveScalar keeps the type of a variable that is the whole value; everything
// else that an expression touches is text.
func (r resolver) resolveScalar(node *yaml.Node) error {
	if whole := expression.FindStringSubmatch(node.Value); whole != nil && whole[0] == node.Value {
		if name := varExpression.FindStringSubmatch(whole[1]); name != nil && r.vars[name[1]] != nil {
			line := node.Line
			*node = *r.vars[name[1]]
			node.Line = line
			return nil
		}
	}
	if !strings.Contains(node.Value, "${") {
		return nil
	}
	text, err := r.expand(node.Value)
	if err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	node.Value, node.Tag, node.Style = text, "!!str", 0
	return nil
}

func (r resolver) expand(text string) (string, error) {
	var fault error
	expanded := expression.ReplaceAllStringFunc(text, func(match string) string {
		value, err := r.value(match[2 : len(match)-1])
		if err != nil && fault == nil {
			fault = err
		}
		return value
	})
	return expanded, fault
}

func (r resolver) value(text string) (string, error) {
	if name := varExpression.FindStringSubmatch(text); name != nil {
		if value := r.vars[name[1]]; value != nil && value.Kind == yaml.ScalarNode {
			return value.Value, nil
		}
		return "", fmt.Errorf("read variable %q: not defined above", name[1])
	}
	reference, ok := parseReference(text)
	if !ok {
		return "", fmt.Errorf("understand expression %q", text)
	}
	if value, found := r.lookup(reference.Name); found {
		return value, nil
	}
	if !reference.HasDefault {
		return "", fmt.Errorf("read environment variable %q: not set, and it has no default", reference.Name)
	}
	return reference.Default, nil
}
