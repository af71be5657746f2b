// Package syaml reads s.yaml, the file from which Serverless Devs deploys the functions, using its
// component fc3. A file with another name, such as s.concurrent.yaml, has the same format.
//
// The component never rejects an invalid file, so this package is strict: it returns an error for
// every key that the project does not use. It resolves expressions such as ${vars.region} before it
// checks any value.
package syaml

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Lookup returns the value of an environment variable and reports whether it is set.
type Lookup func(name string) (value string, found bool)

// Parse returns the functions in an s.yaml, in the order of the file. It checks the file in three
// steps and returns the error of the first step that fails:
//
//   - The first step lists all unknown keys and values of a wrong type.
//   - The second step names an expression that cannot be resolved.
//   - The third step lists all other problems.
func Parse(data []byte, lookup Lookup) ([]Function, error) {
	if err := checkKeys(data); err != nil {
		return nil, err
	}
	root, err := resolve(data, lookup)
	if err != nil {
		return nil, err
	}
	var d document
	if err := root.Decode(&d); err != nil {
		return nil, fmt.Errorf("parse YAML: %w", err)
	}
	for name := range pairs(field(root, "resources")) {
		d.order = append(d.order, name.Value)
	}
	if problems := d.check(); len(problems) > 0 {
		return nil, fmt.Errorf("check properties:\n  %s", strings.Join(problems, "\n  "))
	}
	return d.functions(), nil
}

// checkKeys returns an error that lists unknown keys and values of a wrong type. It decodes the
// text of the file, because the YAML library cannot detect unknown keys when it decodes a parsed
// tree, such as the one that resolve returns.
func checkKeys(data []byte) error {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&document{}); err != nil {
		return fmt.Errorf("parse YAML: %w", err)
	}
	return nil
}

type document struct {
	Edition   string              `yaml:"edition"`
	Name      string              `yaml:"name"`
	Access    string              `yaml:"access"`
	Vars      map[string]any      `yaml:"vars"`
	Resources map[string]resource `yaml:"resources"`

	order []string // the names of the resources, in the order of the file
}

type resource struct {
	Component string   `yaml:"component"`
	Actions   actions  `yaml:"actions"`
	Function  Function `yaml:"props"`
}

type actions struct {
	PreDeploy []command `yaml:"pre-deploy"`
}

type command struct {
	Run  string `yaml:"run"`
	Path string `yaml:"path"`
}

func (d *document) functions() []Function {
	functions := make([]Function, len(d.order))
	for i, name := range d.order {
		functions[i] = d.Resources[name].Function
		functions[i].Resource = name
	}
	return functions
}

// field returns the value of the given key in a mapping, or nil if there is none.
func field(node *yaml.Node, key string) *yaml.Node {
	for name, value := range pairs(node) {
		if name.Value == key {
			return value
		}
	}
	return nil
}

// pairs yields the keys and values of a mapping in order. For any other node it yields nothing.
func pairs(node *yaml.Node) func(yield func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		if node == nil || node.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(node.Content); i += 2 {
			if !yield(node.Content[i], node.Content[i+1]) {
				return
			}
		}
	}
}
