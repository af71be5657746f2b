package agent

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// tool defines an MCP tool. Each tool uses one path of the API.
type tool struct {
	name, title, description string
	// arguments lists the names of the tool's arguments, which are also parameters of the path.
	// required is the number of required arguments, which come first.
	arguments []string
	required  int
	path      string
	// fixed holds the parameters that all requests of the tool have in common.
	fixed url.Values
	// answer converts the body of a response with status 200.
	answer func(q question, body []byte) (*answer, error)
}

// question is a tool call with valid arguments.
type question struct {
	request *http.Request
	values  url.Values // the arguments
}

var tools = []tool{whyTool, traceTool, statusTool, scopeTool, fleetTool}

func isTool(name string) bool {
	return slices.ContainsFunc(tools, func(t tool) bool { return t.name == name })
}

func toolNames() string {
	var names []string
	for _, t := range tools {
		names = append(names, t.name)
	}
	return strings.Join(names, ", ")
}

// argumentTexts describes each argument to the model.
var argumentTexts = map[string]string{
	"instance": "The broker instance, such as prod. If you do not know it, omit it: if the token covers several instances, the error lists them.",
	"client":   "The MQTT client identifier of the device, exactly as recorded. Case matters.",
	"from":     "Start of the range: RFC 3339 (2026-11-22T08:00:00Z) or Unix milliseconds.",
	"to":       "End of the range: RFC 3339 or Unix milliseconds. At most 24 hours after from.",
	"of":       "What to count: drops or refusals (refused logins). Default: refusals if client's event nearest to at is a refused login, otherwise drops.",
	"at":       "An instant: RFC 3339 (2026-11-22T08:00:00Z) or Unix milliseconds.",
}

// definition converts the tool to the SDK's type.
func (t tool) definition() *mcp.Tool {
	properties := map[string]any{}
	for _, name := range t.arguments {
		properties[name] = map[string]any{"type": "string", "description": argumentTexts[name]}
	}
	closed := false
	return &mcp.Tool{
		Name: t.name, Title: t.title, Description: t.description,
		Annotations: &mcp.ToolAnnotations{Title: t.title, ReadOnlyHint: true, IdempotentHint: true, OpenWorldHint: &closed},
		InputSchema: map[string]any{
			"type": "object", "properties": properties, "required": t.arguments[:t.required], "additionalProperties": false,
		},
	}
}
