package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/demo/ends"
)

// rabbitMQ is a RabbitMQ broker that writes a log file. The user "device" may use the topics under
// open/.
type rabbitMQ struct {
	folder   string
	packages string // the folder to which `make rabbitmq` unpacks the packages
	log      string // path of the log file
	address  string
	epmdPort string
	distPort string
	amqpPort string
	*daemon
}

// newRabbitMQ configures a broker without starting it. It starts the broker's name server.
// Otherwise, the broker would start one that outlives the test.
func newRabbitMQ(t *testing.T) *rabbitMQ {
	t.Helper()
	packages, err := filepath.Abs(root + "/.build/rabbitmq")
	require.NoError(t, err)
	require.DirExists(t, packages, "RabbitMQ is not unpacked: run make rabbitmq")
	folder := t.TempDir()
	mqttPort := freePort(t)
	r := &rabbitMQ{
		folder: folder, packages: packages, log: filepath.Join(folder, "log", "rabbit@localhost.log"), address: "127.0.0.1:" + mqttPort,
		epmdPort: freePort(t), distPort: freePort(t), amqpPort: freePort(t),
	}
	r.write(t, "rabbitmq.conf", "listeners.tcp.1 = 127.0.0.1:"+r.amqpPort, "mqtt.listeners.tcp.1 = "+r.address,
		"mqtt.allow_anonymous = false", "load_definitions = "+filepath.Join(folder, "definitions.json"))
	r.write(t, "plugins", "[rabbitmq_mqtt].")
	r.write(t, "environment")
	r.write(t, "definitions.json", definitions(t))
	startDaemon(t, r.command("erlang/bin/epmd"), nil)
	return r
}

func (r *rabbitMQ) write(t *testing.T, name string, lines ...string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(r.folder, name), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
}

// command returns a command for a program in the packages. The program uses only files and ports of
// the test.
func (r *rabbitMQ) command(program string, arguments ...string) *exec.Cmd {
	lib := filepath.Join(r.packages, "usr", "lib")
	cmd := exec.Command(filepath.Join(lib, program), arguments...)
	cmd.Dir = r.folder
	cmd.Env = append(os.Environ(),
		"PATH="+filepath.Join(lib, "erlang", "bin")+":"+os.Getenv("PATH"), "HOME="+r.folder, "LANG=C.UTF-8",
		"ERL_ROOTDIR="+filepath.Join(lib, "erlang"), "ERL_EPMD_ADDRESS=127.0.0.1", "ERL_EPMD_PORT="+r.epmdPort,
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}", "RABBITMQ_DIST_PORT="+r.distPort,
		"RABBITMQ_NODENAME=rabbit@localhost", "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1", "RABBITMQ_NODE_PORT="+r.amqpPort,
		"RABBITMQ_CONFIG_FILE="+filepath.Join(r.folder, "rabbitmq.conf"), "RABBITMQ_CONF_ENV_FILE="+filepath.Join(r.folder, "environment"),
		"RABBITMQ_ENABLED_PLUGINS_FILE="+filepath.Join(r.folder, "plugins"), "RABBITMQ_MNESIA_BASE="+filepath.Join(r.folder, "mnesia"),
		"RABBITMQ_LOG_BASE="+filepath.Join(r.folder, "log"), "RABBITMQ_GENERATED_CONFIG_DIR="+filepath.Join(r.folder, "generated"),
		"RABBITMQ_ALLOW_INPUT=1", // makes the script replace itself with the broker
	)
	return cmd
}

// start starts the broker and waits until it accepts clients.
func (r *rabbitMQ) start(t *testing.T) {
	t.Helper()
	scripts, err := filepath.Glob(filepath.Join(r.packages, "usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server"))
	require.NoError(t, err)
	require.Len(t, scripts, 1)
	script, err := filepath.Rel(filepath.Join(r.packages, "usr", "lib"), scripts[0])
	require.NoError(t, err)
	r.daemon, _ = startDaemon(t, r.command(script, "-noinput"), regexp.MustCompile(`completed with \d+ plugins`))
}

func (r *rabbitMQ) target() ends.Target {
	return ends.Target{Address: r.address, User: "device", Password: "devpass"}
}

// definitions returns the broker's users and their permissions.
func definitions(t *testing.T) string {
	t.Helper()
	const salt = "salt"
	hash := sha256.Sum256([]byte(salt + "devpass"))
	type object map[string]any
	text, err := json.Marshal(object{
		"vhosts": []object{{"name": "/"}},
		"users": []object{{"name": "device", "tags": "", "hashing_algorithm": "rabbit_password_hashing_sha256",
			"password_hash": base64.StdEncoding.EncodeToString(append([]byte(salt), hash[:]...))}},
		"permissions":       []object{{"user": "device", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}},
		"topic_permissions": []object{{"user": "device", "vhost": "/", "exchange": "amq.topic", "write": `^open\.`, "read": `^open\.`}},
	})
	require.NoError(t, err)
	return string(text)
}
