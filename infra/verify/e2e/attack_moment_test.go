package e2e

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAttackMoment sends many equal events of one client at the same time. They come from a broker
// whose events have neither a time nor an identifier. Every acknowledged event must be shown, even
// if the recorder received several of them in one millisecond.
func TestAttackMoment(t *testing.T) {
	t.Parallel()
	const senders, each = 50, 8
	p := newPlainServers(t)
	refused := []byte(`{"action":"client_connack","clientid":"nano","username":"u","conn_ack":"fail","proto_ver":4,"keepalive":60}`)
	began := time.Now()
	statuses := make([][each]int, senders)
	var running sync.WaitGroup
	start := make(chan struct{})
	for i := range senders {
		running.Go(func() {
			<-start
			for j := range each {
				r, err := do(t.Context(), http.MethodPost, "http://"+p.recorder+"/webhooks/nanomq/moment", webhookToken, nil, refused)
				if err == nil {
					statuses[i][j] = r.status
				}
			}
		})
	}
	close(start)
	running.Wait()
	for _, of := range statuses {
		require.Equal(t, [each]int{200, 200, 200, 200, 200, 200, 200, 200}, of)
	}

	q := with(question("moment", "nano", began.Add(-time.Minute), time.Now().Add(time.Minute)), "limit", "5000")
	r, err := do(t.Context(), http.MethodGet, "http://"+p.query+"/api/v1/trace?"+q.Encode(), queryToken, nil, nil)
	require.NoError(t, err)
	page := requireCompletePage(t, r)
	require.Equal(t, senders*each, len(page.Events))
	moments := map[time.Time]int{}
	for _, row := range page.rows(t) {
		moments[row.Time]++
	}
	require.Less(t, len(moments), senders*each, "some events must share a millisecond")
}
