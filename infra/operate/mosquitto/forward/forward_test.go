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

	"devicetrace/infra/operate/mosquitto/follow"
)

// bench is a log, a forwarder that follows it, and a recorder.
type bench struct {
	t       *testing.T
	log     string
	place   string
	config  Config
	written int
	*recorder
	running running
}

// inBench runs a test in a time of its own: hours pass at once.
func inBench(t *testing.T, test func(b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, log: filepath.Join(t.TempDir(), "mosquitto.log"), place: filepath.Join(t.TempDir(), "place.json"), recorder: newRecorder(t)}
		b.config = Config{URL: "http://recorder.test/webhooks/mosquitto/i", Token: token, Client: &http.Client{Transport: b.recorder, CheckRedirect: noRedirect}}
		test(b)
		if b.running.cancel != nil {
			b.running.stop()
		}
	})
}

// start starts a forwarder on what is on disk.
func (b *bench) start() {
	b.t.Helper()
	f, err := follow.Open(follow.Config{Path: b.log, Place: b.place, MaxBytes: 4 << 10})
	require.NoError(b.t, err)
	ctx, cancel := context.WithCancel(b.t.Context())
	b.running = running{cancel, make(chan struct{})}
	go func() {
		defer close(b.running.ended)
		defer f.Close()
		New(f, b.config).Run(ctx)
	}()
}

// write appends the ends of n more clients to the log.
func (b *bench) write(n int) {
	b.t.Helper()
	var lines strings.Builder
	for range n {
		b.written++
		fmt.Fprintf(&lines, "%d: Client %s disconnected.\n", time.Now().Unix(), client(b.written))
	}
	b.append(lines.String())
}

func (b *bench) append(text string) {
	b.t.Helper()
	file, err := os.OpenFile(b.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	require.NoError(b.t, err)
	_, err = file.WriteString(text)
	require.NoError(b.t, err)
	require.NoError(b.t, file.Close())
}

// pass lets time pass.
func (b *bench) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestLinesGoTogether(t *testing.T) {
	inBench(t, func(b *bench) {
		b.start()
		b.pass(time.Hour)
		require.Zero(t, b.count(), "there is no log yet")
		b.write(3)
		b.pass(500 * time.Millisecond)
		require.Zero(t, b.count())
		b.write(2)
		b.pass(time.Second)
		require.Equal(t, 1, b.count(), "both writes in one request, when the first line is a second old")
		b.requireOnce(5)
		b.write(1_000)
		b.pass(400 * time.Millisecond)
		require.Greater(t, b.count(), 8, "full batches do not wait")
		b.pass(2 * time.Second)
		b.requireOnce(1_005)
		require.True(t, strings.HasSuffix(b.requests[0].position, ":0"))
	})
}

// TestFaults: whatever fails for an hour, all is delivered in the end, once.
func TestFaults(t *testing.T) {
	for name, fault := range map[string]func(int, http.ResponseWriter, *http.Request) bool{
		"503":           answer(http.StatusServiceUnavailable),
		"429":           answer(http.StatusTooManyRequests, "Retry-After", "5"),
		"500":           answer(http.StatusInternalServerError),
		"502":           answer(http.StatusBadGateway),
		"401":           answer(http.StatusUnauthorized),
		"403":           answer(http.StatusForbidden),
		"404":           answer(http.StatusNotFound),
		"302":           answer(http.StatusFound, "Location", "http://elsewhere.test/"),
		"a page's 200":  answer(http.StatusOK),
		"a proxy's 400": answer(http.StatusBadRequest),
		"a wrong instance's 400": func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"code":"InvalidInstance","error":"the instance in the path must be …"}`))
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBench(t, func(b *bench) {
				b.before = until(time.Now().Add(time.Hour), fault)
				b.start()
				for range 60 {
					b.write(5)
					b.pass(time.Minute)
				}
				require.Empty(t, b.rows)
				require.Less(t, b.count(), 150, "it waits longer and longer")
				require.Greater(t, b.count(), 50, "and no longer than a minute")
				b.pass(2 * time.Minute)
				b.requireOnce(300)
			})
		})
	}
}

func TestNetworkFaults(t *testing.T) {
	inBench(t, func(b *bench) {
		b.loseAnswers = func(n int) bool { return n%3 != 0 }
		b.start()
		for range 100 {
			b.write(7)
			b.pass(3 * time.Second)
		}
		b.pass(time.Minute)
		b.requireOnce(700)
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
			inBench(t, func(b *bench) {
				b.before = func(n int, w http.ResponseWriter, r *http.Request) bool {
					return n == 1 && answer(http.StatusServiceUnavailable, "Retry-After", c.header)(n, w, r)
				}
				b.write(1)
				b.start()
				b.pass(time.Hour)
				b.requireOnce(1)
				require.Len(t, b.requests, 2)
				waited := b.requests[1].at.Sub(b.requests[0].at)
				require.GreaterOrEqual(t, waited, c.want)
				require.Less(t, waited, c.want+5*time.Second)
			})
		})
	}
}

// TestQuarantine: what the recorder keeps in quarantine is done with.
func TestQuarantine(t *testing.T) {
	inBench(t, func(b *bench) {
		b.start()
		b.write(1)
		b.append("1: Client x disconnected due to\n\xff\n")
		b.write(1)
		b.pass(2 * time.Second)
		b.write(1)
		b.pass(2 * time.Second)
		b.requireOnce(3)
		require.Equal(t, 2, b.count())
	})
}

// TestTooLarge: a proxy takes no more than so much.
func TestTooLarge(t *testing.T) {
	inBench(t, func(b *bench) {
		b.before = func(n int, w http.ResponseWriter, r *http.Request) bool {
			return len(b.requests[n-1].body) > 300 && answer(http.StatusRequestEntityTooLarge)(n, w, r)
		}
		b.write(500)
		b.start()
		b.pass(10 * time.Minute)
		b.requireOnce(500)
		refused := b.count()
		b.write(500)
		b.pass(10 * time.Minute)
		b.requireOnce(1_000)
		for _, request := range b.requests[refused:] {
			require.LessOrEqual(t, len(request.body), 300, "it remembers")
		}
	})
}

// TestOneLineThatIsTooLarge waits for somebody to mend what is in between.
func TestOneLineThatIsTooLarge(t *testing.T) {
	inBench(t, func(b *bench) {
		b.before = until(time.Now().Add(time.Hour), answer(http.StatusRequestEntityTooLarge))
		b.write(4)
		b.start()
		b.pass(59 * time.Minute)
		require.Less(t, b.count(), 100)
		b.pass(5 * time.Minute)
		b.requireOnce(4)
	})
}

func TestGzip(t *testing.T) {
	inBench(t, func(b *bench) {
		b.config.Gzip = true
		packed := false
		b.before = func(_ int, _ http.ResponseWriter, r *http.Request) bool {
			packed = r.Header.Get("Content-Encoding") == "gzip"
			return false
		}
		b.write(10)
		b.start()
		b.pass(2 * time.Second)
		b.requireOnce(10)
		require.True(t, packed)
	})
}

// TestRestartsAndRotations stops the forwarder again and again, while answers are
// lost and the log is rotated in both ways.
func TestRestartsAndRotations(t *testing.T) {
	inBench(t, func(b *bench) {
		b.loseAnswers = func(n int) bool { return n%4 == 1 }
		for i := range 40 {
			b.start()
			b.write(11)
			b.pass(time.Duration(i%7) * 300 * time.Millisecond)
			switch i % 5 {
			case 1:
				require.NoError(t, os.Rename(b.log, fmt.Sprintf("%s.%02d", b.log, i)))
			case 3:
				copyTruncate(t, b.log, fmt.Sprintf("%s.%02d", b.log, i))
			}
			b.write(3)
			b.pass(time.Duration(i%3) * 500 * time.Millisecond)
			b.running.stop()
		}
		b.start()
		b.pass(5 * time.Minute)
		b.requireOnce(40 * 14)
	})
}

func copyTruncate(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, data, 0o644))
	require.NoError(t, os.Truncate(from, 0))
}

// TestThePlaceCannotBeSaved: it goes on, and a restart then sends again what the
// recorder knows already.
func TestThePlaceCannotBeSaved(t *testing.T) {
	inBench(t, func(b *bench) {
		b.write(1)
		b.start()
		b.pass(2 * time.Second)
		require.NoError(t, os.Mkdir(b.place+".new", 0o700))
		b.write(2)
		b.pass(2 * time.Second)
		b.requireOnce(3)
		b.running.stop()
		require.NoError(t, os.Remove(b.place+".new"))
		b.start()
		b.pass(2 * time.Second)
		require.Equal(t, b.requests[1], sentRequest{b.requests[2].position, b.requests[2].body, b.requests[1].at})
		b.requireOnce(3)
	})
}

// TestStop: the end does not wait for a recorder that does not answer.
func TestStop(t *testing.T) {
	inBench(t, func(b *bench) {
		hanging := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		client := b.config.Client
		b.config.Client = hanging
		b.write(1)
		b.start()
		b.pass(2 * time.Second)
		began := time.Now()
		b.running.stop()
		require.Zero(t, time.Since(began))
		b.config.Client = client
		b.start()
		b.pass(2 * time.Second)
		b.requireOnce(1)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestTroubleIsSaidOnce counts what is said of a wrong token.
func TestTroubleIsSaidOnce(t *testing.T) {
	said := captureLog(t)
	var p progress
	for range 100 {
		p.trouble("deliver", errors.New("401"))
	}
	p.trouble("deliver", errors.New("503"))
	p.trouble("save the place", nil)
	p.report(0, 77)
	p.trouble("deliver", nil)
	require.Equal(t, 1, strings.Count(said.String(), "error=401"))
	require.Equal(t, 1, strings.Count(said.String(), "error=503"))
	require.Equal(t, 1, strings.Count(said.String(), `bytes_behind=77 error="deliver: 503"`))
	require.Equal(t, 1, strings.Count(said.String(), "can deliver again"))
	require.Equal(t, 4, strings.Count(said.String(), "\n"))
}
