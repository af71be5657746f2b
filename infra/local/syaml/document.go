// Package syaml reads s.yaml, the description of the functions for Serverless Devs'
// fc3 component, and says all that is wrong with it.
//
// A Document is always resolved: every ${…} in it was replaced, so what Check and
// Functions see is what would be deployed. The component itself never refuses a wrong
// file; Check is strict instead: a property that it does not know is a violation.
package syaml

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Document is a resolved s.yaml.
type Document struct{ root *yaml.Node }

// Lookup finds an environment variable; false means that it is not set.
type Lookup func(name string) (value string, found bool)

// Parse reads and resolves an s.yaml. A variable without a default that lookup does
// not find is an error that names it.
func Parse(data []byte, lookup Lookup) (*Document, error) {
	root, err := parseTree(data)
	if err != nil {
		return nil, err
	}
	if err := resolveDocument(root, lookup); err != nil {
		return nil, err
	}
	return &Document{root}, nil
}

func parseTree(data []byte) (*yaml.Node, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, fmt.Errorf("parse s.yaml: %w", err)
	}
	if document.Kind != yaml.DocumentNode || document.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("parse s.yaml: the file is not a mapping")
	}
	return document.Content[0], nil
}

// field is the value of a key of a mapping, or nil.
func field(node *yaml.Node, key string) *yaml.Node {
	for name, value := range pairs(node) {
		if name.Value == key {
			return value
		}
	}
	return nil
}

// pairs yields the keys and values of a mapping in order; none for any other node.
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
