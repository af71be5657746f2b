package syaml

// The rules follow the component's schema (devsapp/fc3, src/schema.json) and are
// stricter where the platform is: unknown keys, triggers and custom domains, which
// the schema lets pass.

var regions = []string{
	"cn-hangzhou", "cn-shanghai", "cn-qingdao", "cn-beijing", "cn-zhangjiakou", "cn-huhehaote",
	"cn-shenzhen", "cn-chengdu", "cn-hongkong", "ap-northeast-1", "ap-northeast-2", "ap-south-1",
	"ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-5", "ap-southeast-7",
	"eu-central-1", "eu-west-1", "us-east-1", "us-west-1",
}

var runtimes = []string{
	"go1", "custom", "custom.debian10", "custom.debian11", "custom.debian12", "custom-container",
	"micro-sandbox", "nodejs10", "nodejs12", "nodejs14", "nodejs16", "nodejs18", "nodejs20",
	"python2.7", "python3", "python3.9", "python3.10", "python3.12", "php7.2", "java8", "java11",
	"dotnetcore2.1", "dotnetcore3.1",
}

var documentRule = object([]string{"edition", "name", "access", "resources"}, map[string]rule{
	"edition":   oneOf("3.0.0"),
	"name":      nonEmpty(text),
	"access":    nonEmpty(text),
	"vars":      mapping,
	"resources": mapping,
})

var resourceRule = object([]string{"component", "props"}, map[string]rule{
	"component": oneOf("fc3"),
	"actions":   object(nil, map[string]rule{"pre-deploy": list(actionRule)}),
	"props":     propsRule,
})

var actionRule = object([]string{"run"}, map[string]rule{"run": nonEmpty(text), "path": text})

var propsRule = object([]string{"functionName", "region", "runtime"}, map[string]rule{
	"functionName":    nonEmpty(text),
	"description":     text,
	"handler":         nonEmpty(text),
	"role":            nonEmpty(text),
	"resourceGroupId": text,
	"endpoint":        text,
	"region":          oneOf(regions...),
	"runtime":         oneOf(runtimes...),
	"code":            codeRule,

	"cpu":                 number(0.05, 16),
	"memorySize":          whole(128, 32768, 64),
	"diskSize":            diskRule,
	"timeout":             whole(1, 86400, 1),
	"instanceConcurrency": whole(1, 200, 1),
	"internetAccess":      boolean,

	"environmentVariables":    environmentRule,
	"logConfig":               either("auto", logRule),
	"vpcConfig":               either("auto", vpcRule),
	"vpcBinding":              object([]string{"vpcIds"}, map[string]rule{"vpcIds": list(text)}),
	"nasConfig":               either("auto", mapping),
	"ossMountConfig":          mapping,
	"layers":                  list(text),
	"tags":                    list(object([]string{"key", "value"}, map[string]rule{"key": text, "value": text})),
	"tracingConfig":           mapping,
	"customRuntimeConfig":     mapping,
	"instanceLifecycleConfig": object(nil, map[string]rule{"initializer": hookRule(300), "preStop": hookRule(90)}),

	"asyncInvokeConfig": asyncRule,
	"concurrencyConfig": object([]string{"reservedConcurrency"}, map[string]rule{"reservedConcurrency": whole(0, 100000, 1)}),
	"provisionConfig":   provisionRule,
	"scalingConfig":     scalingRule,
	"triggers":          list(triggerRule),
	"customDomain":      domainRule,
})

func hookRule(mostSeconds int) rule {
	return object([]string{"handler", "timeout"}, map[string]rule{
		"handler": nonEmpty(text),
		"timeout": whole(1, mostSeconds, 1),
		"command": list(text),
	})
}

var logRule = object([]string{"project", "logstore"}, map[string]rule{
	"project":               nonEmpty(text),
	"logstore":              nonEmpty(text),
	"enableRequestMetrics":  boolean,
	"enableInstanceMetrics": boolean,
	"enableLlmMetrics":      boolean,
	"logBeginRule":          oneOf("DefaultRegex", "None"),
})

var vpcRule = object([]string{"vpcId", "vSwitchIds", "securityGroupId"}, map[string]rule{
	"vpcId":           nonEmpty(text),
	"vSwitchIds":      either("auto", list(text)),
	"securityGroupId": nonEmpty(text),
})

var destinationRule = object([]string{"destination"}, map[string]rule{"destination": nonEmpty(text)})

var asyncRule = object(nil, map[string]rule{
	"maxAsyncRetryAttempts":     whole(0, 8, 1),
	"maxAsyncEventAgeInSeconds": whole(1, 2592000, 1),
	"destinationConfig":         object(nil, map[string]rule{"onSuccess": destinationRule, "onFailure": destinationRule}),
	"asyncTask":                 boolean,
	"qualifier":                 text,
})

var provisionKeys = []string{
	"defaultTarget", "alwaysAllocateCPU", "alwaysAllocateGPU", "scheduledActions", "targetTrackingPolicies",
}

var provisionRule = object(provisionKeys, map[string]rule{
	"defaultTarget":          whole(0, 100000, 1),
	"alwaysAllocateCPU":      boolean,
	"alwaysAllocateGPU":      boolean,
	"scheduledActions":       list(mapping),
	"targetTrackingPolicies": list(mapping),
})

var scalingRule = object(nil, map[string]rule{
	"minInstances":              whole(0, 100000, 1),
	"horizontalScalingPolicies": list(mapping),
	"scheduledPolicies":         list(mapping),
})
