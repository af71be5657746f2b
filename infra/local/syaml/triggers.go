package syaml

import "go.yaml.in/yaml/v3"

// triggerConfigs are the rules of each type of trigger. Those that the project does
// not use are known by name only.
var triggerConfigs = map[string]rule{
	"http":        httpTriggerRule,
	"timer":       timerTriggerRule,
	"eventbridge": eventBridgeRule,
	"oss":         mapping,
	"log":         mapping,
	"mns_topic":   mapping,
	"cdn_events":  mapping,
	"tablestore":  mapping,
}

var triggerShape = object([]string{"triggerName", "triggerType", "triggerConfig"}, map[string]rule{
	"triggerName":    nonEmpty(text),
	"triggerType":    oneOf("http", "timer", "eventbridge", "oss", "log", "mns_topic", "cdn_events", "tablestore"),
	"triggerConfig":  anything,
	"qualifier":      text,
	"description":    text,
	"sourceArn":      text,
	"invocationRole": text,
})

func triggerRule(path string, node *yaml.Node) []Violation {
	violations := triggerShape(path, node)
	kind, config := field(node, "triggerType"), field(node, "triggerConfig")
	if kind == nil || config == nil || triggerConfigs[kind.Value] == nil {
		return violations
	}
	return append(violations, triggerConfigs[kind.Value](path+".triggerConfig", config)...)
}

var methodsRule = nonEmpty(list(oneOf("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS")))

var httpTriggerRule = object([]string{"authType", "methods"}, map[string]rule{
	"authType":           oneOf("anonymous", "function", "jwt"),
	"authConfig":         text,
	"disableURLInternet": boolean,
	"methods":            methodsRule,
})

var timerTriggerRule = object([]string{"cronExpression", "enable"}, map[string]rule{
	"cronExpression": scheduleRule,
	"enable":         boolean,
	"payload":        payloadRule,
})

func scheduleRule(path string, node *yaml.Node) []Violation {
	if violations := text(path, node); violations != nil {
		return violations
	}
	if _, err := ParseSchedule(node.Value); err != nil {
		return fault(path, "%s", err)
	}
	return nil
}

// maxPayload is the longest payload of a timer, in bytes.
const maxPayload = 128 << 10

func payloadRule(path string, node *yaml.Node) []Violation {
	if len(node.Value) > maxPayload {
		return fault(path, "is %d bytes, want at most %d", len(node.Value), maxPayload)
	}
	return text(path, node)
}

var eventBridgeKeys = []string{
	"triggerEnable", "asyncInvocationType", "eventRuleFilterPattern", "eventSinkConfig", "eventSourceConfig", "runOptions",
}

var eventBridgeRule = object(eventBridgeKeys, map[string]rule{
	"triggerEnable":          boolean,
	"asyncInvocationType":    boolean,
	"eventRuleFilterPattern": text,
	"eventSinkConfig":        object([]string{"deliveryOption"}, map[string]rule{"deliveryOption": mapping}),
	"eventSourceConfig": object([]string{"eventSourceType", "eventSourceParameters"}, map[string]rule{
		"eventSourceType":       oneOf("Default", "MNS", "RocketMQ", "RabbitMQ", "Kafka", "DTS"),
		"eventSourceParameters": mapping,
	}),
	"runOptions": mapping,
})
