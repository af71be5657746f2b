package e2e

import (
	"crypto/pbkdf2"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/demo/ends"
)

// mosquitto is a running Eclipse Mosquitto broker that writes a log file.
type mosquitto struct {
	log     string // path of the log file
	address string
	version [3]int
	*daemon
}

// findMosquitto returns the path of the broker's binary, which `make mosquitto` installs.
func findMosquitto(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"mosquitto", "/usr/sbin/mosquitto", root + "/.build/mosquitto/usr/sbin/mosquitto"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	require.FailNow(t, "mosquitto is not installed: run make mosquitto")
	return ""
}

// startMosquitto starts a broker whose configuration includes the given lines. The user "device"
// may use the topics under open/. The user "operator" may send commands to the broker.
func startMosquitto(t *testing.T, configuration ...string) *mosquitto {
	t.Helper()
	folder, port := t.TempDir(), freePort(t)
	m := &mosquitto{log: filepath.Join(folder, "mosquitto.log"), address: "127.0.0.1:" + port}
	write := func(name string, lines ...string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
		return path
	}
	config := write("mosquitto.conf", append([]string{
		"listener " + port + " 127.0.0.1", "user root", "allow_anonymous false", "max_packet_size 2000", "max_qos 1",
		"password_file " + write("passwords", password("device", "devpass"), password("operator", "oppass")),
		"acl_file " + write("acl", "user device", "topic readwrite open/#", "user operator", "topic write $CONTROL/#"),
		"log_dest file " + m.log, "log_type error", "log_type warning", "log_type notice", "log_type information",
	}, configuration...)...)
	m.daemon, _ = startDaemon(t, exec.Command(findMosquitto(t), "-c", config), nil)
	m.awaitRunning(t)
	return m
}

// dynamicSecurity returns the configuration lines for Mosquitto's dynamic security plugin, which
// executes an operator's commands. The given user is the only one in the plugin's configuration.
func dynamicSecurity(t *testing.T, user string) []string {
	t.Helper()
	plugins, err := filepath.Glob(filepath.Join(filepath.Dir(findMosquitto(t)), "../lib/*/mosquitto_dynamic_security.so"))
	require.NoError(t, err)
	require.NotEmpty(t, plugins)
	users := filepath.Join(t.TempDir(), "users.json")
	require.NoError(t, os.WriteFile(users, []byte(`{"clients":[{"username":"`+user+`"}]}`), 0o600))
	return []string{"plugin " + plugins[0], "plugin_opt_config_file " + users}
}

// disable returns a PUBLISH packet with a command for the dynamic security plugin. The plugin
// disables the user and ends the user's connections.
func disable(user string) []byte {
	const topic = "$CONTROL/dynamic-security/v1"
	body := append(binary.BigEndian.AppendUint16(nil, uint16(len(topic))), topic...)
	return ends.Packet(0x30, append(body, `{"commands":[{"command":"disableClient","username":"`+user+`"}]}`...))
}

// running matches the line that a ready broker logs, and captures the broker's version.
var running = regexp.MustCompile(`mosquitto version (\d+)\.(\d+)\.(\d+) running`)

func (m *mosquitto) awaitRunning(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { return m.readVersion() || m.hasExited() }, patience, pollEvery,
		"mosquitto did not become ready in time")
	require.False(t, m.hasExited(), "mosquitto ended before it was ready: %s", m.output.tail())
}

// readVersion reads the broker's version from the log and reports whether the broker is ready.
func (m *mosquitto) readVersion() bool {
	log, _ := os.ReadFile(m.log)
	match := running.FindSubmatch(log)
	for i := range m.version {
		if match != nil {
			m.version[i], _ = strconv.Atoi(string(match[i+1]))
		}
	}
	return match != nil
}

func (m *mosquitto) hasExited() bool {
	select {
	case <-m.exited:
		return true
	default:
		return false
	}
}

// rotate renames the log file and makes the broker open a new one, as logrotate does.
func (m *mosquitto) rotate(t *testing.T) {
	t.Helper()
	require.NoError(t, os.Rename(m.log, m.log+".1"))
	require.NoError(t, m.cmd.Process.Signal(syscall.SIGHUP))
	require.Eventually(t, func() bool {
		_, err := os.Stat(m.log)
		return err == nil
	}, patience, pollEvery)
}

func (m *mosquitto) target() ends.Target {
	return ends.Target{Address: m.address, User: "device", Password: "devpass"}
}

// isBefore reports whether the broker is older than the given version.
func (m *mosquitto) isBefore(major, minor, patch int) bool {
	v := [3]int{major, minor, patch}
	for i := range v {
		if m.version[i] != v[i] {
			return m.version[i] < v[i]
		}
	}
	return false
}

// password returns a line of Mosquitto's password file, in the form user:$7$iterations$salt$hash.
func password(user, password string) string {
	const iterations = 101
	salt := []byte("salt of 12 b")
	hash, err := pbkdf2.Key(sha512.New, password, salt, iterations, sha512.Size)
	if err != nil {
		panic(err) // the iteration count and the key length are constant and valid
	}
	return fmt.Sprintf("%s:$7$%d$%s$%s", user, iterations, base64.StdEncoding.EncodeToString(salt), base64.StdEncoding.EncodeToString(hash))
}

// freePort returns a port that was free a moment ago, because the brokers cannot choose a free port
// themselves. The port is below the system's default range of ephemeral ports. Otherwise, the system
// might meanwhile assign the port to another process.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(10_000 + rand.IntN(20_000))
		if listener, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			require.NoError(t, listener.Close())
			return port
		}
	}
	require.FailNow(t, "no port is free")
	return ""
}

// appendLine appends a line to a log, as a broker does.
func appendLine(t *testing.T, path, line string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	_, err = file.WriteString(line + "\n")
	require.NoError(t, err)
	require.NoError(t, file.Close())
}
