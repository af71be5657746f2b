package syaml

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const repository = "../../../s.yaml"

// secrets is a look-up that knows the two secrets and nothing else.
func secrets(name string) (string, bool) {
	return "secret", name == "WEBHOOK_TOKEN" || name == "QUERY_TOKEN"
}

func repositoryFile(t *testing.T) string {
	data, err := os.ReadFile(repository)
	require.NoError(t, err)
	return string(data)
}

func TestRepositoryFileHasNoViolation(t *testing.T) {
	document, err := Parse([]byte(repositoryFile(t)), secrets)
	require.NoError(t, err)
	require.Empty(t, document.Check())
}

func TestRepositoryFileNeedsTheSecretsOnly(t *testing.T) {
	references, err := References([]byte(repositoryFile(t)))
	require.NoError(t, err)
	var bare []string
	for _, reference := range references {
		if !reference.HasDefault {
			bare = append(bare, reference.Name)
		}
	}
	require.Equal(t, []string{"WEBHOOK_TOKEN", "QUERY_TOKEN"}, bare)

	_, err = Parse([]byte(repositoryFile(t)), func(string) (string, bool) { return "", false })
	require.ErrorContains(t, err, `"WEBHOOK_TOKEN": not set`)
}

func TestRepositoryFileDescribesThreeFunctions(t *testing.T) {
	document, err := Parse([]byte(repositoryFile(t)), secrets)
	require.NoError(t, err)
	functions, err := document.Functions()
	require.NoError(t, err)
	require.Len(t, functions, 3)

	routes := map[string]string{}
	for _, f := range functions {
		require.Equal(t, f.Resource, f.Handler)
		require.Equal(t, "./.build/"+f.Resource, f.Code)
		require.Equal(t, "https://oss-cn-hangzhou-internal.aliyuncs.com", f.Environment["OSS_ENDPOINT"])
		require.Nil(t, f.Lifecycle.Initializer)
		require.NotNil(t, f.Lifecycle.PreStop)
		if f.Domain != nil {
			routes[f.Domain.Route.Path] = f.Resource
		}
	}
	require.Equal(t, map[string]string{"/webhooks/*": "recorder", "/*": "query"}, routes)
	require.Equal(t, "secret", functions[0].Environment["WEBHOOK_TOKEN"])
	require.Equal(t, "secret", functions[1].Environment["QUERY_TOKEN"])
	require.NotContains(t, functions[2].Environment, "QUERY_TOKEN")
	require.Equal(t, "@every 5m", functions[2].Trigger("timer").Config.Schedule)
	require.Equal(t, 1, functions[2].Retries())
	require.Equal(t, 300*time.Second, functions[2].Timeout())
}

// TestRepositoryFileBuildsWhatItDeploys: each action makes the handler's file in the
// code's folder, for the runtime's machine.
func TestRepositoryFileBuildsWhatItDeploys(t *testing.T) {
	document, err := Parse([]byte(repositoryFile(t)), secrets)
	require.NoError(t, err)
	for name, resource := range pairs(field(document.root, "resources")) {
		props, actions := field(resource, "props"), field(field(resource, "actions"), "pre-deploy")
		require.NotNil(t, actions, name.Value)
		run := valueOf(actions.Content[0], "run")
		require.Contains(t, run, "CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build")
		target := strings.TrimPrefix(valueOf(props, "code"), "./") + "/" + valueOf(props, "handler")
		require.Contains(t, run, " -o "+target+" ")
		require.True(t, strings.HasSuffix(run, " ./functions/"+name.Value), run)
	}
}

// TestCheckCatches breaks the repository's file in one place at a time.
func TestCheckCatches(t *testing.T) {
	tests := []struct{ name, old, new, want string }{
		{"no name", "functionName: device-trace-recorder", "description: x", "functionName: is missing"},
		{"no region", "      region: ${vars.region}\n", "", "region: is missing"},
		{"region", "'cn-hangzhou'", "'cn-nowhere'", "want one of cn-hangzhou"},
		{"no runtime", "      runtime: go1\n", "", "runtime: is missing"},
		{"runtime", "runtime: go1", "runtime: go2", `runtime: is "go2"`},
		{"no handler", "      handler: recorder # go1: the executable's file name\n", "", "handler: is missing"},
		{"handler is a path", "handler: recorder #", "handler: bin/recorder #", "not a path"},
		{"no code", "      code: ./.build/recorder\n", "", "code: is missing"},
		{"code without bucket", "code: ./.build/recorder", "code: {ossObjectName: a}", "ossBucketName: is missing"},
		{"component", "component: fc3", "component: fc", `want one of fc3`},
		{"edition", "edition: 3.0.0", "edition: 1.0.0", "want one of 3.0.0"},
		{"no access", "access: ${env('S_ACCESS', 'default')}", "", "access: is missing"},
		{"unknown key at the top", "name: device-trace\n", "name: device-trace\nservices: {}\n", "services: unknown key"},
		{"cpu", "cpu: 0.5", "cpu: 0.01", "want 0.05 to 16"},
		{"cpu is text", "cpu: 0.5", "cpu: '0.5'", "want a number"},
		{"cpu from the environment is text", "cpu: 0.5", "cpu: ${env('CPU', '0.5')}", "cpu: want a number"},
		{"cpu not a number", "cpu: 0.5", "cpu: .nan", "want a number"},
		{"memory step", "memorySize: 512", "memorySize: 513", "want a multiple of 64"},
		{"memory range", "memorySize: 512", "memorySize: 64", "want 128 to 32768"},
		{"memory per cpu", "memorySize: 512", "memorySize: 3072", "6.00 GB a vCPU"},
		{"disk", "diskSize: 512", "diskSize: 1024", "want 512 or 10240"},
		{"no disk", "      diskSize: 512\n", "", "diskSize: is missing"},
		{"timeout", "timeout: 15", "timeout: 0", "want 1 to 86400"},
		{"timeout with a fraction", "timeout: 15", "timeout: 1.5", "want a multiple of 1"},
		{"instance concurrency", "timeout: 15", "timeout: 15\n      instanceConcurrency: 10", "one call at a time"},
		{"internet access", "internetAccess: true", "internetAccess: 'yes'", "want true or false"},
		{"number in the environment", "SHARDS: ${env('SHARDS', '16')}", "SHARDS: 16", "quote numbers"},
		{"reserved name", "SHARDS:", "FC_SHARDS:", "the platform's"},
		{"name of a variable", "SHARDS:", "1SHARDS:", "begins with a letter"},
		{"large environment", "SHARDS: ${env('SHARDS', '16')}", "SHARDS: '" + strings.Repeat("1", 4096) + "'", "want at most 4096"},
		{"log without store", "logConfig: auto", "logConfig: {project: p}", "logstore: is missing"},
		{"log rule", "logConfig: auto", "logConfig: {project: p, logstore: l, logBeginRule: x}", "want one of DefaultRegex, None"},
		{"vpc", "logConfig: auto", "logConfig: auto\n      vpcConfig: {vpcId: v}", "securityGroupId: is missing"},
		{"provision", "logConfig: auto", "logConfig: auto\n      provisionConfig: {defaultTarget: 1}", "alwaysAllocateCPU: is missing"},
		{"unknown key", "logConfig: auto", "logsConfig: auto", "logsConfig: unknown key"},
		{"pre-freeze", "        preStop:", "        preFreeze:", "preFreeze: unknown key"},
		{"initializer", "        preStop:", "        initializer: {handler: x}\n        preStop:", "initializer: its failure is answered with 200"},
		{"hook without handler", "          handler: preStop\n", "", "handler: is missing"},
		{"long pre-stop", "handler: preStop\n          timeout: 10", "handler: preStop\n          timeout: 91", "want 1 to 90"},
		{"retries", "maxAsyncRetryAttempts: 3", "maxAsyncRetryAttempts: 9", "want 0 to 8"},
		{"age", "maxAsyncEventAgeInSeconds: 3600", "maxAsyncEventAgeInSeconds: 0", "want 1 to 2592000"},
		{"concurrency", "reservedConcurrency: 60", "reserved: 60", "reserved: unknown key"},
		{"trigger type", "triggerType: http", "triggerType: https", `is "https"`},
		{"trigger without config", "triggerConfig:\n            cronExpression: \"@every 5m\"\n            enable: true\n            payload: \"\"", "description: x", "triggerConfig: is missing"},
		{"auth type", "authType: anonymous", "authType: nonsense", "want one of anonymous"},
		{"no methods", "            methods: [GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE]\n", "", "methods: is missing"},
		{"empty methods", "methods: [GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE]", "methods: []", "methods: is empty"},
		{"method", "methods: [GET,", "methods: [get,", `is "get"`},
		{"trigger's name twice", "      triggers:\n        - triggerName: webhooks\n", "      triggers:\n        - {triggerName: webhooks, triggerType: timer, triggerConfig: {cronExpression: '@every 1m', enable: true}}\n        - triggerName: webhooks\n", "is used twice"},
		{"two http triggers", "      triggers:\n        - triggerName: webhooks\n", "      triggers:\n        - {triggerName: x, triggerType: http, triggerConfig: {authType: anonymous, methods: [GET]}}\n        - triggerName: webhooks\n", "2 http triggers"},
		{"five fields", `"@every 5m"`, `"*/5 * * * *"`, "cronExpression: parse schedule"},
		{"seconds", `"@every 5m"`, `"@every 90s"`, "want whole minutes"},
		{"descriptor", `"@every 5m"`, `"@daily"`, "cronExpression: parse schedule"},
		{"timer without enable", "            enable: true\n", "", "enable: is missing"},
		{"payload", `payload: ""`, `payload: 5`, "payload: want text"},
		{"eventbridge", "triggerType: timer", "triggerType: eventbridge", "runOptions: is missing"},
		{"domain without name", "        domainName: ${vars.domain}\n", "", "domainName: is missing"},
		{"protocol", "protocol: HTTP", "protocol: http", "want one of HTTP, HTTPS"},
		{"routes", "        route:\n", "        routes:\n", "routes: unknown key"},
		{"route's path", "path: /webhooks/*", "path: webhooks/*", "begins with /"},
		{"route twice", "path: /webhooks/*", "path: /*", "is that of recorder too"},
		{"function twice", "functionName: device-trace-query", "functionName: device-trace-recorder", "is that of recorder too"},
		{"domain without http", "triggerType: http\n          triggerConfig:\n            authType: anonymous # the function checks WEBHOOK_TOKEN itself\n            disableURLInternet: false\n            methods: [GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE]", "triggerType: oss\n          triggerConfig: {}", "wants an http trigger"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := repositoryFile(t)
			require.Contains(t, file, test.old, "the table is out of date")
			document, err := Parse([]byte(strings.Replace(file, test.old, test.new, 1)), secrets)
			require.NoError(t, err)
			require.Contains(t, joined(document.Check()), test.want)
		})
	}
}

func joined(violations []Violation) string {
	var lines []string
	for _, violation := range violations {
		lines = append(lines, violation.String())
	}
	return strings.Join(lines, "\n")
}

func TestParseResolves(t *testing.T) {
	lookup := func(name string) (string, bool) { return "from env", name == "SET" }
	document, err := Parse([]byte(`
vars:
  n: 5
  a: ${env('UNSET', 'default')}
  b: "<${vars.a}>"
resources:
  x:
    props: {handler: "${vars.b}", timeout: "${vars.n}", description: "${env('SET', 'x')}", region: "r-${vars.n}"}
`), lookup)
	require.NoError(t, err)
	functions, err := document.Functions()
	require.NoError(t, err)
	require.Equal(t, "<default>", functions[0].Handler)
	require.Equal(t, 5, functions[0].Seconds, "a whole variable keeps its type")
	require.Equal(t, "r-5", functions[0].Region)
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"not YAML", "a: [", "parse s.yaml"},
		{"a list", "- a", "not a mapping"},
		{"nothing", "", "not a mapping"},
		{"unknown variable", "name: ${vars.x}", `"x": not defined above`},
		{"a variable that is not above", "vars: {a: '${vars.b}', b: c}", `"b": not defined above`},
		{"unknown expression", "name: ${config('AccountID')}", "understand expression"},
		{"no default", "name: ${env('X')}", `"X": not set`},
		{"alias", "vars: &v {a: b}\nname: *v", "aliases"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.file), secrets)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestScheduleIsUTCUnlessItSaysOtherwise(t *testing.T) {
	start := time.Date(2026, 11, 22, 3, 59, 0, 0, time.UTC)
	tests := []struct {
		text string
		want time.Time
	}{
		{"@every 5m", start.Add(5 * time.Minute)},
		{"0 0 4 * * *", start.Add(time.Minute)},
		{"CRON_TZ=Asia/Shanghai 0 0 12 * * *", start.Add(time.Minute)},
	}
	for _, test := range tests {
		schedule, err := ParseSchedule(test.text)
		require.NoError(t, err)
		require.True(t, test.want.Equal(schedule.Next(start)), "%s: got %s", test.text, schedule.Next(start))
	}
}

func FuzzParse(f *testing.F) {
	f.Add("vars: {a: b}\nname: ${vars.a}")
	f.Add("resources: {x: {props: {triggers: [{triggerType: timer}]}}}")
	f.Add("resources: {x: {props: {customDomain: 5}}}")
	f.Add("CRON_TZ=UTC")
	f.Fuzz(func(t *testing.T, file string) {
		ParseSchedule(file)
		if document, err := Parse([]byte(file), secrets); err == nil {
			document.Check()
			document.Functions()
		}
	})
}
