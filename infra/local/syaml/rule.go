package syaml

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Violation is one thing wrong with an s.yaml.
type Violation struct {
	// Path leads to it: "resources.recorder.props.cpu".
	Path string
	// Fault says what is wrong there.
	Fault string
}

func (v Violation) String() string { return v.Path + ": " + v.Fault }

// A rule says what is wrong with the value at a path.
type rule func(path string, node *yaml.Node) []Violation

func fault(path, format string, args ...any) []Violation {
	return []Violation{{path, fmt.Sprintf(format, args...)}}
}

// object is a mapping with these keys and no others.
func object(required []string, fields map[string]rule) rule {
	return func(path string, node *yaml.Node) []Violation {
		if node.Kind != yaml.MappingNode {
			return fault(path, "want a mapping")
		}
		violations := missing(path, node, required)
		for key, value := range pairs(node) {
			at := path + "." + key.Value
			if check, known := fields[key.Value]; known {
				violations = append(violations, check(at, value)...)
			} else {
				violations = append(violations, fault(at, "unknown key")...)
			}
		}
		return violations
	}
}

func missing(path string, node *yaml.Node, required []string) []Violation {
	var violations []Violation
	for _, key := range required {
		if field(node, key) == nil {
			violations = append(violations, fault(path+"."+key, "is missing")...)
		}
	}
	return violations
}

func list(each rule) rule {
	return func(path string, node *yaml.Node) []Violation {
		if node.Kind != yaml.SequenceNode {
			return fault(path, "want a list")
		}
		var violations []Violation
		for i, item := range node.Content {
			violations = append(violations, each(path+"["+strconv.Itoa(i)+"]", item)...)
		}
		return violations
	}
}

func nonEmpty(next rule) rule {
	return func(path string, node *yaml.Node) []Violation {
		if len(node.Content) == 0 && node.Value == "" {
			return fault(path, "is empty")
		}
		return next(path, node)
	}
}

// either is satisfied by the word, or by the other rule.
func either(word string, other rule) rule {
	return func(path string, node *yaml.Node) []Violation {
		if isText(node) && node.Value == word {
			return nil
		}
		return other(path, node)
	}
}

func isText(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!str" }

func text(path string, node *yaml.Node) []Violation {
	if !isText(node) {
		return fault(path, "want text; quote numbers and booleans")
	}
	return nil
}

func boolean(path string, node *yaml.Node) []Violation {
	if node.ShortTag() != "!!bool" {
		return fault(path, "want true or false")
	}
	return nil
}

func anything(string, *yaml.Node) []Violation { return nil }

func mapping(path string, node *yaml.Node) []Violation {
	if node.Kind != yaml.MappingNode {
		return fault(path, "want a mapping")
	}
	return nil
}

func oneOf(words ...string) rule {
	return func(path string, node *yaml.Node) []Violation {
		if !isText(node) || !slices.Contains(words, node.Value) {
			return fault(path, "is %q, want one of %s", node.Value, strings.Join(words, ", "))
		}
		return nil
	}
}

func number(least, most float64) rule {
	return func(path string, node *yaml.Node) []Violation {
		value, ok := numberOf(node)
		if !ok {
			return fault(path, "want a number")
		}
		if value < least || value > most {
			return fault(path, "is %s, want %s to %s", plain(value), plain(least), plain(most))
		}
		return nil
	}
}

// whole is a whole number, a multiple of step.
func whole(least, most, step int) rule {
	bounds := number(float64(least), float64(most))
	return func(path string, node *yaml.Node) []Violation {
		value, ok := numberOf(node)
		if ok && math.Mod(value, float64(step)) != 0 {
			return fault(path, "is %s, want a multiple of %d", plain(value), step)
		}
		return bounds(path, node)
	}
}

func plain(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }

func numberOf(node *yaml.Node) (float64, bool) {
	if node == nil || node.ShortTag() != "!!int" && node.ShortTag() != "!!float" {
		return 0, false
	}
	var value float64
	if err := node.Decode(&value); err != nil || math.IsNaN(value) {
		return 0, false
	}
	return value, true
}
