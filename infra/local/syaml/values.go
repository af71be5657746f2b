package syaml

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxEnvironment is the size of all of a function's own variables, in bytes.
const maxEnvironment = 4 << 10

var environmentName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// environmentRule is a map of texts, small, and none of them the platform's.
func environmentRule(path string, node *yaml.Node) []Violation {
	if node.Kind != yaml.MappingNode {
		return fault(path, "want a mapping")
	}
	var violations []Violation
	size := 0
	for key, value := range pairs(node) {
		size += len(key.Value) + len(value.Value)
		violations = append(violations, checkVariable(path+"."+key.Value, key.Value, value)...)
	}
	if size > maxEnvironment {
		violations = append(violations, fault(path, "is %d bytes in all, want at most %d", size, maxEnvironment)...)
	}
	return violations
}

func checkVariable(path, name string, value *yaml.Node) []Violation {
	violations := text(path, value)
	if !environmentName.MatchString(name) {
		violations = append(violations, fault(path, "want a name of letters, digits and underscores that begins with a letter")...)
	}
	if strings.HasPrefix(name, "FC_") {
		violations = append(violations, fault(path, "names that begin with FC_ are the platform's")...)
	}
	return violations
}

// codeRule is a path, or an object in a bucket.
func codeRule(path string, node *yaml.Node) []Violation {
	if isText(node) {
		return nonEmpty(text)(path, node)
	}
	return object([]string{"ossBucketName", "ossObjectName"}, map[string]rule{
		"ossBucketName": nonEmpty(text), "ossObjectName": nonEmpty(text), "src": text,
	})(path, node)
}

func diskRule(path string, node *yaml.Node) []Violation {
	if value, ok := numberOf(node); !ok || value != 512 && value != 10240 {
		return fault(path, "is %s, want 512 or 10240", node.Value)
	}
	return nil
}
