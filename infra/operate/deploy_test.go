package operate

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A reader of either edition must be able to paste the same commands. The Chinese one also sets a
// proxy for Go modules.
func TestBothEditionsHaveTheSameCommands(t *testing.T) {
	steps, translated := stepsOf(t, english), stepsOf(t, chinese)
	require.GreaterOrEqual(t, len(steps), len(translated))
	require.Len(t, translated, 8, "from what you need to the smoke test")
	require.Equal(t, "go env -w GOPROXY=https://goproxy.cn,direct\n", translated[0].commands[0])
	translated[0].commands = translated[0].commands[1:]
	for i, step := range translated {
		require.Equal(t, steps[i].commands, step.commands, step.title)
	}
}

// customCommands lists the commands of s that the pages may use. Some belong to the tool itself,
// the others to its component fc3. The latter may follow the name of a resource.
var customCommands = []string{"config add", "preview", "deploy", "remove", "logs", "invoke"}

// Each command of s must be known, and each file that a command reads must exist.
func TestCommandsNameWhatExists(t *testing.T) {
	for _, page := range []string{english, chinese} {
		for _, s := range sectionsOf(readFile(t, page)) {
			for _, block := range s.commands {
				if !strings.HasPrefix(block, "__topic__") { // a query for the console
					requireShell(t, page, block)
					require.NotRegexp(t, `(?m)\s# |\[-`, block, "zsh passes a comment on as arguments, and takes brackets for a pattern")
				}
				for _, match := range regexp.MustCompile(`(?m)^(?:[A-Z]+=\S+ )*s (?:recorder |query |compactor )?((?:config )?[a-z]+)`).FindAllStringSubmatch(block, -1) {
					require.Contains(t, customCommands, match[1], block)
				}
				for _, path := range regexp.MustCompile(`infra/[\w./-]*\w`).FindAllString(block, -1) {
					_, err := os.Stat(filepath.Join(root, path))
					require.NoError(t, err, block)
				}
			}
		}
	}
}

// TestFollowingThePage runs the commands of steps 3 to 7 in order, as a reader would. Stand-ins take
// the place of `aliyun` and `s`. They record their arguments and check what they are given.
func TestFollowingThePage(t *testing.T) {
	for _, prefix := range []string{"", "trace/"} {
		r := newReader(t)
		r.follow(t, prefix)

		settings := filepath.Join(r.home, ".device-trace", "settings")
		info, err := os.Stat(settings)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		bucket := regexp.MustCompile(`OSS_BUCKET=(device-trace-[0-9a-f]{8}) `).FindStringSubmatch(readFile(t, settings))
		require.NotNil(t, bucket)
		for _, name := range requiredVariables(t) {
			require.Regexp(t, `export (.* )?`+name+`=\S`, readFile(t, settings))
		}

		calls := readFile(t, filepath.Join(r.home, "calls"))
		require.Contains(t, calls, "aliyun ossutil mb oss://"+bucket[1]+" --acl private")
		require.Contains(t, calls, "--lifecycle-configuration file://.build/bucket/lifecycle.xml")
		require.Contains(t, calls, "aliyun alidns AddDomainRecord --DomainName example.com --RR trace --Type CNAME --Value 1234567890.cn-hangzhou.fc.aliyuncs.com")
		require.Contains(t, calls, "s deploy -y "+strings.Repeat("set ", len(requiredVariables(t))))
		for _, function := range []string{"recorder", "query", "compactor"} {
			require.Contains(t, calls, "aliyun ram CreateRole --RoleName device-trace-"+function+" --AssumeRolePolicyDocument {")
			require.Contains(t, calls, "--PolicyName device-trace-log --RoleName device-trace-"+function)
			r.requirePolicy(t, function, bucket[1], prefix)
		}
		r.requireLifecycle(t, prefix, "30")
	}
}

// TestChangingAToken runs the commands that replace a token. The recorder must accept both tokens
// after the first deployment, and only the new one after the second.
func TestChangingAToken(t *testing.T) {
	r := newReader(t)
	r.run(t, `mkdir ~/.device-trace && echo "export WEBHOOK_TOKEN=first" > ~/.device-trace/settings && chmod 600 ~/.device-trace/settings`)
	for _, s := range sectionsOf(readFile(t, english)) {
		if s.title != "Change a token" {
			continue
		}
		require.Len(t, s.commands, 2)
		const show = "echo tokens: $WEBHOOK_TOKEN ${WEBHOOK_TOKENS:-none} >> ~/calls\n"
		r.run(t, ". ~/.device-trace/settings\n"+s.commands[0]+show+s.commands[1]+show)
	}
	calls := readFile(t, filepath.Join(r.home, "calls"))
	changed := regexp.MustCompile(`tokens: ([0-9a-f]{64}) first=\*\ns deploy -y .*\ntokens: ([0-9a-f]{64}) none`).FindStringSubmatch(calls)
	require.NotNil(t, changed, calls)
	require.Equal(t, changed[1], changed[2])
	settings := filepath.Join(r.home, ".device-trace", "settings")
	require.Equal(t, "export WEBHOOK_TOKEN="+changed[1]+"\n", readFile(t, settings))
	info, err := os.Stat(settings)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoFileExists(t, settings+".old")
}

// reader is a person who follows the page. It has a home folder and a copy of the files that the
// steps read.
type reader struct{ home, repository string }

// standIn is the body of both stand-ins. It appends a line with the command, and for `s` also says
// whether each required variable is set.
const standIn = `#!/bin/bash
line="$(basename $0) $*"
if [ $1 = sts ]; then echo '{ "AccountId": "1234567890", "Arn": "acs:ram::1234567890:user/me" }'; fi
if [ $(basename $0) = s ]; then for name in REQUIRED; do line="$line ${!name:+set}"; done; fi
echo "$line " >> ~/calls
`

func newReader(t *testing.T) reader {
	t.Helper()
	r := reader{home: t.TempDir(), repository: t.TempDir()}
	script := strings.Replace(standIn, "REQUIRED", strings.Join(requiredVariables(t), " "), 1)
	require.NoError(t, os.MkdirAll(filepath.Join(r.home, "bin"), 0o755))
	for _, tool := range []string{"aliyun", "s"} {
		require.NoError(t, os.WriteFile(filepath.Join(r.home, "bin", tool), []byte(script), 0o755))
	}
	require.NoError(t, os.CopyFS(filepath.Join(r.repository, "infra/operate/bucket"), os.DirFS("bucket")))
	r.run(t, `mkdir ~/Downloads && openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=trace.example.com \
		-addext subjectAltName=DNS:trace.example.com -keyout ~/Downloads/trace.example.com.key -out ~/Downloads/trace.example.com.pem`)
	return r
}

// follow runs the commands of steps 3 to 7. Between steps 3 and 4, it sets OSS_PREFIX as a reader
// with a shared bucket would.
func (r reader) follow(t *testing.T, prefix string) {
	t.Helper()
	var script strings.Builder
	for i, step := range stepsOf(t, english)[2:7] {
		for _, block := range step.commands {
			script.WriteString(block)
		}
		if i == 0 {
			script.WriteString("OSS_PREFIX=" + prefix + "\n")
		}
	}
	r.run(t, script.String())
}

func (r reader) run(t *testing.T, script string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-euc", script)
	cmd.Dir = r.repository
	cmd.Env = []string{"HOME=" + r.home, "PATH=" + filepath.Join(r.home, "bin") + ":" + os.Getenv("PATH")}
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", script, output)
}

// requirePolicy checks that a function's policy is valid JSON in which every resource and every
// prefix belongs to the reader's bucket.
func (r reader) requirePolicy(t *testing.T, function, bucket, prefix string) {
	t.Helper()
	var policy struct {
		Statement []struct {
			Resource  []string
			Condition struct{ StringLike map[string][]string }
		}
	}
	text := readFile(t, filepath.Join(r.repository, ".build/bucket", function+"-policy.json"))
	require.NoError(t, json.Unmarshal([]byte(text), &policy))
	require.NotEmpty(t, policy.Statement)
	folder := regexp.MustCompile(`^` + prefix + `(layout|events|quarantine)/\*$`)
	for _, statement := range policy.Statement {
		for _, resource := range statement.Resource {
			key, found := strings.CutPrefix(resource, "acs:oss:*:*:"+bucket)
			require.True(t, found, resource)
			if key != "" {
				require.Regexp(t, folder, strings.TrimPrefix(key, "/"))
			}
		}
		for _, allowed := range statement.Condition.StringLike["oss:Prefix"] {
			require.Regexp(t, folder, allowed)
		}
	}
}

func (r reader) requireLifecycle(t *testing.T, prefix, days string) {
	t.Helper()
	var rules struct {
		Rule []struct {
			Prefix     string
			Expiration struct{ Days string }
		}
	}
	require.NoError(t, xml.Unmarshal([]byte(readFile(t, filepath.Join(r.repository, ".build/bucket/lifecycle.xml"))), &rules))
	require.Len(t, rules.Rule, 2)
	for i, folder := range []string{"events/", "quarantine/"} {
		require.Equal(t, prefix+folder, rules.Rule[i].Prefix)
		require.Equal(t, days, rules.Rule[i].Expiration.Days)
	}
}
