package syaml

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"devicetrace/pkg/record"
)

// The two files that deploy the functions.
const (
	repository = "../../../s.yaml"
	concurrent = "../../operate/s.concurrent.yaml"
)

// required lists the variables that have no default.
var required = []string{"WEBHOOK_TOKEN", "QUERY_TOKEN", "OSS_BUCKET", "DOMAIN", "CERT_NAME"}

// secrets is a Lookup that knows only the required variables. All of them have the value "secret".
func secrets(name string) (string, bool) {
	return "secret", slices.Contains(required, name)
}

// with returns a Lookup like secrets, in which the named variable has the given value.
func with(name, value string) Lookup {
	return func(other string) (string, bool) {
		if other == name {
			return value, true
		}
		return secrets(other)
	}
}

func repositoryFile(t *testing.T) string { return readFile(t, repository) }

func readFile(t *testing.T, path string) string {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func parseRepositoryFile(t *testing.T) []Function { return parseFile(t, repository) }

func parseFile(t *testing.T, path string) []Function {
	functions, err := Parse([]byte(readFile(t, path)), secrets)
	require.NoError(t, err)
	return functions
}

// A put must give up early enough for the recorder to respond before the platform kills the
// recorder. Two seconds must remain for decoding the body before the put, and for the response.
func TestPutsGiveUpBeforeTheRecorderIsKilled(t *testing.T) {
	for _, file := range []string{repository, concurrent} {
		recorder := parseFile(t, file)[0]
		require.Equal(t, "recorder", recorder.Resource)
		require.LessOrEqual(t, record.DefaultPutTimeout+2*time.Second, recorder.Timeout())
	}
}

// Parse must accept the repository's files if only the required variables are set. If one of these
// is empty, the error must name it.
func TestRepositoryFilesNeedOnlyTheRequiredVariables(t *testing.T) {
	for _, file := range []string{repository, concurrent} {
		parseFile(t, file)
		for _, name := range required {
			_, err := Parse([]byte(readFile(t, file)), with(name, ""))
			require.ErrorContains(t, err, `"`+name+`": not set`)
		}
	}
}

// Tokens must not cross the internet in clear unless the operator sets PROTOCOL=HTTP. Values other
// than HTTP and HTTPS must be rejected.
func TestRepositoryFilesUseHTTPS(t *testing.T) {
	certificate := Certificate{"certName": "secret", "certificate": ".cert/secret.pem", "privateKey": ".cert/secret.key"}
	for _, file := range []string{repository, concurrent} {
		for _, f := range parseFile(t, file) {
			if f.Domain != nil {
				require.Equal(t, "HTTPS", f.Domain.Protocol)
				require.Equal(t, certificate, f.Domain.Certificate)
			}
		}
		functions, err := Parse([]byte(readFile(t, file)), with("PROTOCOL", "HTTP"))
		require.NoError(t, err)
		require.Equal(t, "HTTP", functions[0].Domain.Protocol)
		require.Empty(t, functions[0].Domain.Certificate)
		_, err = Parse([]byte(readFile(t, file)), with("PROTOCOL", "HTTP,HTTPS"))
		require.ErrorContains(t, err, `choose from variable "certificates": it has no entry "HTTP,HTTPS"`)
	}
}

// Only the recorder opens connections to the internet: it confirms AWS IoT's destinations.
func TestOnlyTheRecorderReachesTheInternet(t *testing.T) {
	for _, file := range []string{repository, concurrent} {
		for _, f := range parseFile(t, file) {
			require.Equal(t, f.Resource == "recorder", f.InternetAccess, f.Resource)
		}
	}
}

func TestRepositoryFileDescribesThreeFunctions(t *testing.T) {
	functions := parseRepositoryFile(t)
	require.Len(t, functions, 3)

	routes := map[string]string{}
	for _, f := range functions {
		require.Equal(t, f.Resource, f.Handler)
		require.Equal(t, "./.build/"+f.Resource, f.Code)
		require.Equal(t, "https://oss-cn-hangzhou-internal.aliyuncs.com", f.Environment["OSS_ENDPOINT"])
		require.NotNil(t, f.Lifecycle.PreStop)
		require.Equal(t, 10*time.Second, f.Lifecycle.PreStop.Timeout())
		if f.Domain != nil {
			routes[f.Domain.Route.Path] = f.Resource
		}
	}
	require.Equal(t, map[string]string{"/webhooks/*": "recorder", "/*": "query"}, routes)
	require.Equal(t, "secret", functions[0].Environment["WEBHOOK_TOKEN"])
	require.Equal(t, "secret", functions[1].Environment["QUERY_TOKEN"])
	require.NotContains(t, functions[2].Environment, "QUERY_TOKEN")
	require.Equal(t, "@every 5m", functions[2].Trigger("timer").Config.Schedule)
	require.True(t, functions[2].Trigger("timer").Config.Enable)
	require.Equal(t, 1, functions[2].Retries())
	require.Equal(t, 300*time.Second, functions[2].Timeout())
}

// Each function's pre-deploy action must run in the repository's folder and build the executable
// into the code folder, for the platform of both runtimes. The file states both folders relative to
// itself.
func TestRepositoryFilesBuildWhatTheyDeploy(t *testing.T) {
	for _, file := range []string{repository, concurrent} {
		var d document
		require.NoError(t, yaml.Unmarshal([]byte(readFile(t, file)), &d))
		require.Len(t, d.Resources, 3)
		folder := filepath.Dir(file)
		for name, r := range d.Resources {
			require.Len(t, r.Actions.PreDeploy, 1, name)
			action := r.Actions.PreDeploy[0]
			require.Equal(t, filepath.Dir(repository), filepath.Join(folder, action.Path))
			require.Contains(t, action.Run, "CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build")
			target, err := filepath.Rel(filepath.Join(folder, action.Path), filepath.Join(folder, r.Function.Code, r.Function.Executable()))
			require.NoError(t, err)
			require.Contains(t, action.Run, " -o "+target+" ")
			require.True(t, strings.HasSuffix(action.Run, " ./functions/"+name), action.Run)
		}
	}
}

// Both files must deploy the same functions. They may differ only in the properties that a custom
// runtime needs, and in the number and memory of the instances.
func TestConcurrentFileDiffersOnlyInTheRuntime(t *testing.T) {
	one, many := parseFile(t, repository), parseFile(t, concurrent)
	require.Len(t, many, len(one))
	for i, f := range many {
		require.Equal(t, filepath.Join(filepath.Dir(repository), one[i].Code), filepath.Join(filepath.Dir(concurrent), f.Code))
		f.Code = one[i].Code
		if f.Resource != "compactor" {
			require.Equal(t, customRuntime, f.Runtime)
			require.Equal(t, "true", f.Environment["BEHIND_FUNCTION_COMPUTE"])
			require.Greater(t, f.PerInstance*f.Concurrency.Reserved, one[i].Concurrency.Reserved)
			require.Less(t, f.Concurrency.Reserved, one[i].Concurrency.Reserved)
			require.GreaterOrEqual(t, f.MemoryMB, one[i].MemoryMB)
			delete(f.Environment, "BEHIND_FUNCTION_COMPUTE")
			f.Runtime, f.Handler, f.Server, f.PerInstance = one[i].Runtime, f.Executable(), nil, 0
			f.Concurrency, f.MemoryMB = one[i].Concurrency, one[i].MemoryMB
		}
		require.Equal(t, one[i], f)
	}
}

// Parse must accept the recorder's trigger as the set-up page for ApsaraMQ shows it.
func TestDocumentedTriggerIsAccepted(t *testing.T) {
	page, err := os.ReadFile("../../operate/brokers/apsaramq.md")
	require.NoError(t, err)
	block := regexp.MustCompile(`(?m)^( +)- triggerName: .+\n(^ .*\n)+`).FindStringSubmatch(string(page))
	require.NotNil(t, block, "the page has no trigger")
	trigger := regexp.MustCompile("(?m)^"+block[1]).ReplaceAllString(block[0], "        ")
	functions, err := Parse([]byte(strings.Replace(repositoryFile(t), "      triggers:\n", "      triggers:\n"+trigger, 1)), secrets)
	require.NoError(t, err)
	require.NotNil(t, functions[0].Trigger("eventbridge"))
}

// Each case breaks the repository's s.yaml in one place, and Parse must report the problem.
func TestParseRefusesABrokenFile(t *testing.T) {
	const certificate = "        certConfig: ${vars.certificates[env('PROTOCOL', 'HTTPS')]}\n"
	tests := []struct{ name, old, new, want string }{
		{"no name", "functionName: device-trace-recorder", "functionName: ''", "functionName: is missing"},
		{"no region", "      region: ${vars.region}\n", "", "region: is missing"},
		{"runtime", "runtime: go1", "runtime: go2", `runtime: is "go2"; use go1`},
		{"no handler", "      handler: recorder # for go1, the executable's file name\n", "", "handler: is missing"},
		{"handler is a path", "handler: recorder #", "handler: bin/recorder #", "not a path"},
		{"no code", "      code: ./.build/recorder\n", "", "code: is missing"},
		{"component", "component: fc3", "component: fc", `component: is "fc"; use fc3`},
		{"edition", "edition: 3.0.0", "edition: 1.0.0", `edition: is "1.0.0"; use 3.0.0`},
		{"unknown key at the top", "name: device-trace\n", "name: device-trace\nservices: {}\n", "field services not found"},
		{"unknown key", "logConfig: auto", "logsConfig: auto", "field logsConfig not found"},
		{"key twice", "logConfig: auto", "logConfig: auto\n      logConfig: auto", "already defined"},
		{"initializer", "        preStop:", "        initializer: {handler: x}\n        preStop:", "field initializer not found"},
		{"concurrency", "reservedConcurrency: 60", "reserved: 60", "field reserved not found"},
		{"routes", "        route:\n", "        routes:\n", "field routes not found"},
		{"cpu is text", "cpu: 0.5", "cpu: '0.5'", "cannot unmarshal !!str `0.5` into float64"},
		{"cpu from the environment is text", "cpu: 0.5", "cpu: ${env('CPU', '0.5')}", "into float64"},
		{"no cpu", "cpu: 0.5", "cpu: 0", "cpu: is missing"},
		{"memory per cpu", "memorySize: 512", "memorySize: 3072", "6.00 GB a vCPU"},
		{"no disk", "      diskSize: 512\n", "", "diskSize: is missing"},
		{"timeout", "timeout: 15", "timeout: 0", "timeout: is missing"},
		{"number in the environment", "SHARDS: ${env('SHARDS', '16')}", "SHARDS: 16", "SHARDS is not text; quote its value"},
		{"trigger type", "triggerType: http", "triggerType: https", `is "https"; use http, timer, eventbridge`},
		{"trigger's name twice", "      triggers:\n        - triggerName: webhooks\n", "      triggers:\n        - {triggerName: webhooks, triggerType: timer, triggerConfig: {cronExpression: '@every 1m', enable: true}}\n        - triggerName: webhooks\n", "webhooks: is used twice"},
		{"five fields", `"@every 5m"`, `"*/5 * * * *"`, "cronExpression: parse schedule"},
		{"seconds", `"@every 5m"`, `"@every 90s"`, "use whole minutes"},
		{"descriptor", `"@every 5m"`, `"@daily"`, "cronExpression: parse schedule"},
		{"route's path", "path: /webhooks/*", "path: webhooks/*", "begins with /"},
		{"star inside a path", "path: /webhooks/*", "path: /webhooks*", "may end in /*"},
		{"function twice", "functionName: device-trace-query", "functionName: device-trace-recorder", `is "device-trace-recorder", as in recorder`},
		{"domain without http", "triggerType: http", "triggerType: eventbridge", "needs an http trigger"},
		{"protocol", "protocol: ${env('PROTOCOL', 'HTTPS')}", "protocol: FTP", `protocol: is "FTP"; use HTTP, HTTPS`},
		{"no certificate", certificate, "", "certConfig.certName: is missing"},
		{"empty certificate", certificate, "        certConfig: ''\n", "certConfig.privateKey: is missing"},
		{"certificate in clear", "protocol: ${env('PROTOCOL', 'HTTPS')}", "protocol: HTTP", "certConfig: is for protocol HTTPS only"},
		{"certificate's id", "certName: ${env('CERT_NAME')}", "certId: ${env('CERT_NAME')}", `certConfig: is "certId"; use certName, certificate, privateKey`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { requireRefused(t, repository, test.old, test.new, test.want) })
	}
}

// Each case breaks the properties of a custom runtime in s.concurrent.yaml, and Parse must report
// the problem.
func TestParseRefusesABrokenServer(t *testing.T) {
	const server = "      customRuntimeConfig:\n        command: [/code/query]\n        port: 9000\n"
	tests := []struct{ name, old, new, want string }{
		{"runtime", "runtime: custom.debian12", "runtime: custom", `runtime: is "custom"; use go1, custom.debian12`},
		{"handler", "runtime: custom.debian12", "runtime: custom.debian12\n      handler: recorder", "handler: is for runtime go1 only"},
		{"no concurrency", "      instanceConcurrency: 200\n", "", "instanceConcurrency: is 0; use 1 to 200"},
		{"too much concurrency", "instanceConcurrency: 200", "instanceConcurrency: 201", "instanceConcurrency: is 201; use 1 to 200"},
		{"negative concurrency", "instanceConcurrency: 200", "instanceConcurrency: -1", "instanceConcurrency: is -1; use 1 to 200"},
		{"no server", server, "", "query.props.customRuntimeConfig: is missing"},
		{"no port", "        port: 9000\n", "", "customRuntimeConfig.port: is 0; use 1 to 65535"},
		{"port", "port: 9000", "port: 65536", "customRuntimeConfig.port: is 65536; use 1 to 65535"},
		{"no command", "        command: [/code/query]\n", "", `customRuntimeConfig.command: is ""; use [/code/NAME]`},
		{"command elsewhere", "[/code/query]", "[./query]", `is "./query"; use [/code/NAME]`},
		{"command below", "[/code/query]", "[/code/bin/query]", `is "/code/bin/query"; use [/code/NAME]`},
		{"command with arguments", "[/code/query]", "[/code/query, -v]", `is "/code/query -v"; use [/code/NAME]`},
		{"unknown key", "        port: 9000\n", "        port: 9000\n        args: []\n", "field args not found"},
		{"handler of go1 is missing", "      handler: compactor\n", "", "compactor.props.handler: is missing"},
		{"concurrency with go1", "handler: compactor", "handler: compactor\n      instanceConcurrency: 1", "compactor.props.instanceConcurrency: is for runtime custom.debian12 only"},
		{"server with go1", "handler: compactor", "handler: compactor\n      customRuntimeConfig: {port: 9000}", "compactor.props.customRuntimeConfig: is for runtime custom.debian12 only"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { requireRefused(t, concurrent, test.old, test.new, test.want) })
	}
}

// requireRefused replaces a text in a file and checks that Parse reports the wanted problem.
func requireRefused(t *testing.T, path, old, replacement, want string) {
	t.Helper()
	file := readFile(t, path)
	require.Contains(t, file, old, "the table is out of date")
	_, err := Parse([]byte(strings.Replace(file, old, replacement, 1)), secrets)
	require.ErrorContains(t, err, want)
}

func TestParseListsAllProblems(t *testing.T) {
	_, err := Parse([]byte("resources: {x: {}}"), secrets)
	require.ErrorContains(t, err, "check properties:\n  edition: is \"\"; use 3.0.0\n  resources.x.component")
	require.ErrorContains(t, err, "resources.x.props.timeout: is missing")

	_, err = Parse([]byte("one: 1\ntwo: 2\n"), secrets)
	require.ErrorContains(t, err, "line 1: field one")
	require.ErrorContains(t, err, "line 2: field two")
}

func TestExpressionsAreResolved(t *testing.T) {
	lookup := func(name string) (string, bool) { return "${vars.b}", name == "SET" }
	root, err := resolve([]byte(`
vars:
  a: ${env('UNSET', 'default')}
  b: "<${vars.a}>"
  c: ${env('SET', 'x')}
  d: {one: {edition: "<${vars.a}>"}, two: ""}
name: "${vars.b} r-${vars.a}${env('EMPTY', '')}"
access: ${vars.c}
choice: ${vars.d[env('UNSET', 'one')]}
`), lookup)
	require.NoError(t, err)
	var d document
	require.NoError(t, root.Decode(&d))
	require.Equal(t, "<default> r-default", d.Name)
	require.Equal(t, "${vars.b}", d.Access, "a value from the environment is not resolved again")
	require.Equal(t, "<default>", field(field(root, "choice"), "edition").Value)
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"not YAML", "a: [", "parse YAML"},
		{"a list", "- a", "cannot unmarshal !!seq"},
		{"nothing", "", "parse YAML"},
		{"unknown variable", "name: ${vars.x}", `"x": not defined above`},
		{"a variable that is not above", "vars: {a: '${vars.b}', b: c}", `"b": not defined above`},
		{"unknown expression", "name: ${config('AccountID')}", "read expression"},
		{"no default", "name: ${env('X')}", `"X": not set`},
		{"a mapping as text", "vars: {a: {b: c}}\nname: ${vars.a}", `"a": not defined above as text`},
		{"choice from nothing", "name: ${vars.x[env('A', 'a')]}", `choose from variable "x": it has no entry "a"`},
		{"choice by nothing", "vars: {a: {b: c}}\nname: ${vars.a[env('X')]}", `"X": not set`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.file), secrets)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestScheduleIsInUTCUnlessItSaysOtherwise(t *testing.T) {
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
	f.Add("vars: {a: {b: c}}\nname: ${vars.a[env('X', 'b')]}")
	f.Add("resources: {x: {props: {triggers: [{triggerType: timer}]}}}")
	f.Add("resources: {x: {props: {customDomain: {}}}}")
	f.Add("vars: &a {b: c}\nresources: *a")
	f.Add("resources: {x: {props: {runtime: custom.debian12, customRuntimeConfig: {command: []}}}}")
	f.Add("CRON_TZ=UTC")
	f.Fuzz(func(_ *testing.T, file string) {
		_, _ = ParseSchedule(file)
		_, _ = Parse([]byte(file), secrets)
	})
}
