package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestHiveMQ has the forwarder follow an event log in the form in which HiveMQ writes it, and checks
// which rows are recorded. HiveMQ's times have no zone, so the rows have the times of receipt. They
// must be in the order of the lines all the same.
func TestHiveMQ(t *testing.T) {
	t.Parallel()
	s, began := newStack(t), time.Now()
	log := filepath.Join(t.TempDir(), "event.log")
	var lines string
	for _, sentence := range []string{
		"Client ID: pump, 7, IP: 192.0.2.7, Clean Start: false, Session Expiry: 3600 connected.",
		"Client ID: pump, 7, IP: 192.0.2.7 was disconnected. reason: Client was idle for too long.",
		"Client ID: UNKNOWN, IP: 192.0.2.9 was disconnected. reason: No CONNECT sent in time.",
		"Client ID: pump, 7, IP: 192.0.2.8, Clean Start: false, Session Expiry: 3600 connected.",
		"Client ID: pump, 7, IP: 192.0.2.8 disconnected gracefully.",
	} {
		lines += fmt.Sprintf("%-24s- %s\n", began.UTC().Format("2006-01-02 15:04:05,000"), sentence)
	}
	require.NoError(t, os.WriteFile(log, []byte(lines), 0o600))
	newForwarder(t, newProxy(t, s), "hivemq/plant", "-log", log).start(t, "following")

	var got []string
	for _, e := range s.await(t, question("plant", "pump, 7", began.Add(-time.Minute), time.Now().Add(time.Minute)), 4).rows(t) {
		got = append(got, e.Action+" "+e.ActionInfo+" "+e.PeerAddress)
	}
	require.Equal(t, []string{
		"connect accepted 192.0.2.7", "close no heart 192.0.2.7", "connect accepted 192.0.2.8", "disconnect disconnected by client 192.0.2.8",
	}, got)
}
