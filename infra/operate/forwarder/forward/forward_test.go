package forward

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/operate/forwarder/brokerlog"
	"devicetrace/infra/operate/forwarder/follow"
)

// harness holds a forwarder, the log that it reads and the fake recorder that it sends to.
type harness struct {
	t         *testing.T
	log       string
	stateFile string
	broker    string // the broker that writes the log
	maxBytes  int    // the maximum size of the parts in which the log is read
	config    Config
	written   int
	*recorder
	running running
}

// inHarness runs the given test with a new harness on a fake clock, so that hours pass instantly.
func inHarness(t *testing.T, test func(h *harness)) {
	synctest.Test(t, func(t *testing.T) {
		h := &harness{t: t, log: filepath.Join(t.TempDir(), "mosquitto.log"), stateFile: filepath.Join(t.TempDir(), "position.json"), broker: brokerlog.Mosquitto, maxBytes: 4 << 10, recorder: newRecorder(t)}
		h.config = Config{LinesURL: "http://recorder.test/webhooks/mosquitto/i", EventsURL: "http://recorder.test/webhooks/events/i", Token: token, MaxAge: time.Second, Client: &http.Client{Transport: h.recorder, CheckRedirect: noRedirect}}
		test(h)
		if h.running.cancel != nil {
			h.running.stop()
		}
	})
}

// start starts a forwarder that continues from the position saved on disk.
func (h *harness) start() {
	h.t.Helper()
	reader, err := brokerlog.New(h.broker)
	require.NoError(h.t, err)
	f, err := follow.Open(follow.Config{Path: h.log, StateFile: h.stateFile, MaxBytes: h.maxBytes, State: reader})
	require.NoError(h.t, err)
	ctx, cancel := context.WithCancel(h.t.Context())
	h.running = running{cancel, make(chan struct{})}
	go func() {
		defer close(h.running.ended)
		defer f.Close()
		New(f, reader, h.config).Run(ctx)
	}()
}

// write appends n lines to the log. Each line reports the disconnection of a different client.
func (h *harness) write(n int) {
	h.t.Helper()
	var lines strings.Builder
	for range n {
		h.written++
		fmt.Fprintf(&lines, "%d: Client %s disconnected.\n", time.Now().Unix(), client(h.written))
	}
	h.append(lines.String())
}

func (h *harness) append(text string) {
	h.t.Helper()
	file, err := os.OpenFile(h.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	require.NoError(h.t, err)
	_, err = file.WriteString(text)
	require.NoError(h.t, err)
	require.NoError(h.t, file.Close())
}

// pass advances the fake clock and waits until all goroutines are idle again.
func (h *harness) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestLinesGoTogether(t *testing.T) {
	inHarness(t, func(h *harness) {
		h.start()
		h.pass(time.Hour)
		require.Zero(t, h.count(), "the log does not exist yet")
		h.write(3)
		h.pass(500 * time.Millisecond)
		require.Zero(t, h.count())
		h.write(2)
		h.pass(time.Second)
		require.Equal(t, 1, h.count(), "one request carries both writes when the first line is a second old")
		h.requireOnce(5)
		h.write(1_000)
		h.pass(400 * time.Millisecond)
		require.Greater(t, h.count(), 8, "full batches do not wait")
		h.pass(2 * time.Second)
		h.requireOnce(1_005)
		require.True(t, strings.HasSuffix(h.requests[0].position, ":0"))
	})
}

// Every line must be recorded exactly once, even after a fault that lasts an hour.
func TestFaults(t *testing.T) {
	for name, fault := range map[string]func(int, http.ResponseWriter, *http.Request) bool{
		"503":           respond(http.StatusServiceUnavailable),
		"429":           respond(http.StatusTooManyRequests, "Retry-After", "5"),
		"500":           respond(http.StatusInternalServerError),
		"502":           respond(http.StatusBadGateway),
		"401":           respond(http.StatusUnauthorized),
		"403":           respond(http.StatusForbidden),
		"404":           respond(http.StatusNotFound),
		"302":           respond(http.StatusFound, "Location", "http://elsewhere.test/"),
		"a page's 200":  respond(http.StatusOK),
		"a proxy's 400": respond(http.StatusBadRequest),
		"a wrong instance's 400": func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"code":"InvalidInstance","error":"the instance in the path must be …"}`))
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			inHarness(t, func(h *harness) {
				h.before = until(time.Now().Add(time.Hour), fault)
				h.start()
				for range 60 {
					h.write(5)
					h.pass(time.Minute)
				}
				require.Empty(t, h.rows)
				require.Less(t, h.count(), 150, "pauses must grow")
				require.Greater(t, h.count(), 50, "pauses must not exceed a minute")
				h.pass(2 * time.Minute)
				h.requireOnce(300)
			})
		})
	}
}

func TestNetworkFaults(t *testing.T) {
	inHarness(t, func(h *harness) {
		h.loseResponses = func(n int) bool { return n%3 != 0 }
		h.start()
		for range 100 {
			h.write(7)
			h.pass(3 * time.Second)
		}
		h.pass(time.Minute)
		h.requireOnce(700)
	})
}

func TestRetryAfter(t *testing.T) {
	for name, c := range map[string]struct {
		header string
		want   time.Duration
	}{
		"seconds": {"120", 120 * time.Second},
		"a date":  {time.Date(2000, 1, 1, 0, 5, 0, 0, time.UTC).Format(http.TimeFormat), 4*time.Minute + 56*time.Second},
		"a year":  {"31536000", 10 * time.Minute},
		"a text":  {"soon", 0},
		"none":    {"", 0},
	} {
		t.Run(name, func(t *testing.T) {
			inHarness(t, func(h *harness) {
				h.before = func(n int, w http.ResponseWriter, r *http.Request) bool {
					return n == 1 && respond(http.StatusServiceUnavailable, "Retry-After", c.header)(n, w, r)
				}
				h.write(1)
				h.start()
				h.pass(time.Hour)
				h.requireOnce(1)
				require.Len(t, h.requests, 2)
				waited := h.requests[1].at.Sub(h.requests[0].at)
				require.GreaterOrEqual(t, waited, c.want)
				require.Less(t, waited, c.want+5*time.Second)
			})
		})
	}
}

// Lines that the recorder has quarantined must not be sent again.
func TestQuarantine(t *testing.T) {
	inHarness(t, func(h *harness) {
		h.start()
		h.write(1)
		h.append("1: Client x disconnected due to\n\xff\n")
		h.write(1)
		h.pass(2 * time.Second)
		h.write(1)
		h.pass(2 * time.Second)
		h.requireOnce(3)
		require.Equal(t, 2, h.count())
	})
}

// The forwarder must shrink its requests until a proxy accepts them. From then on, few requests may
// be larger.
func TestTooLarge(t *testing.T) {
	inHarness(t, func(h *harness) {
		h.before = func(n int, w http.ResponseWriter, r *http.Request) bool {
			return len(h.requests[n-1].body) > 300 && respond(http.StatusRequestEntityTooLarge)(n, w, r)
		}
		h.write(500)
		h.start()
		h.pass(10 * time.Minute)
		h.requireOnce(500)
		before := h.count()
		h.write(500)
		h.pass(10 * time.Minute)
		h.requireOnce(1_000)
		refused := 0
		for _, request := range h.requests[before:] {
			require.LessOrEqual(t, len(request.body), 600)
			if len(request.body) > 300 {
				refused++
			}
		}
		require.Less(t, refused, (h.count()-before)/growAfter+1)
	})
}

// Once a proxy no longer refuses requests, they must become as large as before.
func TestRequestsGrowAgain(t *testing.T) {
	inHarness(t, func(h *harness) {
		h.before = until(time.Now().Add(10*time.Minute), respond(http.StatusRequestEntityTooLarge))
		h.write(2_000)
		h.start()
		h.pass(9 * time.Minute)
		require.Less(t, h.count(), 30, "repeated refusals must pause")
		h.pass(10 * time.Minute)
		h.requireOnce(2_000)
		before := h.count()
		h.write(2_000)
		h.pass(10 * time.Minute)
		h.requireOnce(4_000)
		require.Greater(t, len(h.requests[before+1].body), h.maxBytes*9/10)
	})
}

// While a request is pending, the forwarder must open each log before it is removed.
func TestRotationsWhileARequestIsPending(t *testing.T) {
	for name, fault := range map[string]func(int, http.ResponseWriter, *http.Request) bool{
		"refused": respond(http.StatusServiceUnavailable, "Retry-After", "600"),
		"hanging": func(_ int, _ http.ResponseWriter, r *http.Request) bool { time.Sleep(10 * time.Minute); return false },
	} {
		t.Run(name, func(t *testing.T) {
			inHarness(t, func(h *harness) {
				h.before = until(time.Now().Add(5*time.Minute), fault)
				h.start()
				for range 4 {
					h.write(3)
					h.pass(time.Minute)
					require.NoError(t, os.Remove(h.log))
				}
				h.write(1)
				h.pass(time.Hour)
				h.requireOnce(13)
			})
		})
	}
}

// If a proxy refuses even a single line as too large, the forwarder must keep retrying until the
// proxy accepts the line.
func TestOneLineThatIsTooLarge(t *testing.T) {
	inHarness(t, func(h *harness) {
		h.before = until(time.Now().Add(time.Hour), respond(http.StatusRequestEntityTooLarge))
		h.write(4)
		h.start()
		h.pass(59 * time.Minute)
		require.Less(t, h.count(), 100)
		h.pass(5 * time.Minute)
		h.requireOnce(4)
	})
}

func TestGzip(t *testing.T) {
	inHarness(t, func(h *harness) {
		h.config.Gzip = true
		isCompressed := false
		h.before = func(_ int, _ http.ResponseWriter, r *http.Request) bool {
			isCompressed = r.Header.Get("Content-Encoding") == "gzip"
			return false
		}
		h.write(10)
		h.start()
		h.pass(2 * time.Second)
		h.requireOnce(10)
		require.True(t, isCompressed)
	})
}

// Restarts must neither lose nor duplicate a line. This must hold even if responses are lost and
// the log is rotated by renaming and by copying.
func TestRestartsAndRotations(t *testing.T) {
	inHarness(t, func(h *harness) {
		h.loseResponses = func(n int) bool { return n%4 == 1 }
		for i := range 40 {
			h.start()
			h.write(11)
			h.pass(time.Duration(i%7) * 300 * time.Millisecond)
			switch i % 5 {
			case 1:
				require.NoError(t, os.Rename(h.log, fmt.Sprintf("%s.%02d", h.log, i)))
			case 3:
				copyTruncate(t, h.log, fmt.Sprintf("%s.%02d", h.log, i))
			}
			h.write(3)
			h.pass(time.Duration(i%3) * 500 * time.Millisecond)
			h.running.stop()
		}
		h.start()
		h.pass(5 * time.Minute)
		h.requireOnce(40 * 14)
	})
}

func copyTruncate(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, data, 0o644))
	require.NoError(t, os.Truncate(from, 0))
}

// A forwarder that cannot save its position must continue. After a restart it sends some lines a
// second time. These lines must not add any rows.
func TestThePositionCannotBeSaved(t *testing.T) {
	inHarness(t, func(h *harness) {
		h.write(1)
		h.start()
		h.pass(2 * time.Second)
		require.NoError(t, os.Mkdir(h.stateFile+".new", 0o700))
		h.write(2)
		h.pass(2 * time.Second)
		h.requireOnce(3)
		h.running.stop()
		require.NoError(t, os.Remove(h.stateFile+".new"))
		h.start()
		h.pass(2 * time.Second)
		require.Equal(t, h.requests[1], sentRequest{h.requests[2].route, h.requests[2].position, h.requests[2].body, h.requests[1].at})
		h.requireOnce(3)
	})
}

// A forwarder that is stopped must not wait for a recorder that does not respond.
func TestStop(t *testing.T) {
	inHarness(t, func(h *harness) {
		hanging := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		client := h.config.Client
		h.config.Client = hanging
		h.write(1)
		h.start()
		h.pass(2 * time.Second)
		began := time.Now()
		h.running.stop()
		require.Zero(t, time.Since(began))
		h.config.Client = client
		h.start()
		h.pass(2 * time.Second)
		h.requireOnce(1)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A problem must be logged only once until it changes or ends.
func TestAProblemIsLoggedOnce(t *testing.T) {
	logged := captureLog(t)
	p := newProgress()
	for range 100 {
		p.note("deliver", errors.New("401"))
	}
	p.note("deliver", errors.New("503"))
	p.note("save the position", nil)
	p.report(0, 77, nil)
	p.note("deliver", nil)
	require.Equal(t, 1, strings.Count(logged.String(), "error=401"))
	require.Equal(t, 1, strings.Count(logged.String(), "error=503"))
	require.Equal(t, 1, strings.Count(logged.String(), `bytes_behind=77 error="deliver: 503"`))
	require.Equal(t, 1, strings.Count(logged.String(), "can deliver again"))
	require.Equal(t, 4, strings.Count(logged.String(), "\n"))
}

// The first successful delivery after each start must be logged, even if failures preceded it. The
// end of later failures must be logged, too.
func TestTheFirstSuccessIsLogged(t *testing.T) {
	logged := captureLog(t)
	inHarness(t, func(h *harness) {
		const first = `msg="first delivery succeeded: the recorder has stored it" lines=`
		h.before = until(time.Now().Add(time.Minute), respond(http.StatusUnauthorized))
		h.write(3)
		h.start()
		h.pass(30 * time.Second)
		require.NotContains(t, logged.String(), first)
		h.pass(5 * time.Minute)
		require.Equal(t, 1, strings.Count(logged.String(), first+"3\n"))
		require.Equal(t, 1, strings.Count(logged.String(), "can deliver again"))

		h.write(1)
		h.pass(time.Minute)
		require.Equal(t, 1, strings.Count(logged.String(), first), "later deliveries are not logged")
		h.before = until(time.Now().Add(time.Minute), respond(http.StatusServiceUnavailable))
		h.write(1)
		h.pass(5 * time.Minute)
		require.Equal(t, 2, strings.Count(logged.String(), "can deliver again"))
		require.Equal(t, 1, strings.Count(logged.String(), first))

		h.running.stop()
		h.write(1)
		h.start()
		h.pass(time.Minute)
		require.Equal(t, 2, strings.Count(logged.String(), first))
	})
}
