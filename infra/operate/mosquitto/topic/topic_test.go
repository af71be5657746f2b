package topic

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// fake is a message that counts its acknowledgements.
type fake struct {
	line  string
	id    uint16
	again bool
	acks  *int
}

func (m fake) Topic() string     { return "$SYS/broker/log/N" }
func (m fake) Payload() []byte   { return []byte(m.line) }
func (m fake) MessageID() uint16 { return m.id }
func (m fake) Duplicate() bool   { return m.again }
func (m fake) Ack()              { *m.acks++ }

// bench is a spool and the memory beside it.
type bench struct {
	t      *testing.T
	folder string
	spool  *Spool
	seen   *seen
	acks   int
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, folder: t.TempDir()}
	b.open()
	t.Cleanup(b.close)
	return b
}

func (b *bench) path() string { return filepath.Join(b.folder, "spool.log") }

func (b *bench) open() {
	var err error
	b.spool, err = OpenSpool(b.path())
	require.NoError(b.t, err)
	b.seen, err = openSeen(filepath.Join(b.folder, "seen"))
	require.NoError(b.t, err)
}

func (b *bench) close() {
	require.NoError(b.t, b.spool.Close())
	require.NoError(b.t, b.seen.close())
}

// restart forgets all but what is on disk.
func (b *bench) restart() {
	b.close()
	b.open()
}

func (b *bench) message(id uint16, line string) fake { return fake{line: line, id: id, acks: &b.acks} }

// append writes to the spool behind its back.
func (b *bench) append(text string) {
	b.t.Helper()
	file, err := os.OpenFile(b.path(), os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(b.t, err)
	_, err = file.WriteString(text)
	require.NoError(b.t, err)
	require.NoError(b.t, file.Close())
}

func (m fake) sentAgain() fake {
	m.again = true
	return m
}

func (b *bench) keep(messages ...message) {
	b.t.Helper()
	require.NoError(b.t, keep(messages, b.spool, b.seen))
}

// lines are those of the spool behind its first one.
func (b *bench) lines() string {
	b.t.Helper()
	data, err := os.ReadFile(b.path())
	require.NoError(b.t, err)
	first, lines, found := strings.Cut(string(data), "\n")
	require.True(b.t, found)
	require.Regexp(b.t, `^\d+: device trace spool [0-9a-f]{32} after \d+ bytes$`, first)
	return lines
}

func TestMessagesAreOnDiskBeforeTheyAreAcknowledged(t *testing.T) {
	b := newBench(t)
	b.keep(b.message(1, "1: a"), b.message(2, "2: b\n"), b.message(3, "3: two\nlines\n"))
	require.Equal(t, "1: a\n2: b\n3: two\nlines\n", b.lines())
	require.Equal(t, 3, b.acks)

	require.NoError(t, b.spool.file.Close())
	require.Error(t, keep([]message{b.message(4, "4: d")}, b.spool, b.seen))
	require.Equal(t, 3, b.acks, "what is not on disk is not acknowledged")
	require.NoError(t, b.spool.open())
	b.keep(b.message(4, "4: d"))
	require.Equal(t, "1: a\n2: b\n3: two\nlines\n4: d\n", b.lines())
}

// TestAMessageThatComesAgain: its acknowledgement was lost.
func TestAMessageThatComesAgain(t *testing.T) {
	b := newBench(t)
	first := b.message(1, "1: a")
	b.keep(first, b.message(2, "1: b"), b.message(2, "1: b").sentAgain())
	b.restart()
	b.keep(first.sentAgain())
	require.Equal(t, 4, b.acks)
	require.Equal(t, "1: a\n1: b\n", b.lines())

	b.keep(b.message(1, "1: a"))
	require.Equal(t, "1: a\n1: b\n1: a\n", b.lines(), "the same line another time, under an identifier used again")
	b.keep(b.message(7, "1: a").sentAgain())
	require.Equal(t, "1: a\n1: b\n1: a\n1: a\n", b.lines(), "it was sent, but never arrived")
	b.keep(b.message(1, "2: c").sentAgain())
	require.Equal(t, "1: a\n1: b\n1: a\n1: a\n2: c\n", b.lines())
}

// TestKilledBetweenTheWrites: the message is remembered and its line is not there, or
// only in part.
func TestKilledBetweenTheWrites(t *testing.T) {
	for _, written := range []string{"", "1:", "1: b"} {
		b := newBench(t)
		b.keep(b.message(1, "1: a"))
		require.NoError(t, b.seen.add(b.message(2, "1: b"), b.spool.written()+int64(len("1: b\n"))))
		b.append(written)
		b.restart()
		b.keep(b.message(1, "1: a").sentAgain(), b.message(2, "1: b").sentAgain())
		require.Equal(t, "1: a\n1: b\n", b.lines())

		b.restart()
		b.keep(b.message(1, "1: a").sentAgain(), b.message(2, "1: b").sentAgain())
		require.Equal(t, "1: a\n1: b\n", b.lines(), "now both are there")
	}
}

// TestKilledBetweenTheWritesAndBegunAnew: the spool is emptied before the broker is
// there again.
func TestKilledBetweenTheWritesAndBegunAnew(t *testing.T) {
	b := newBench(t)
	b.keep(b.message(1, "1: a"))
	require.NoError(t, b.seen.add(b.message(2, "1: b"), b.spool.written()+int64(len("1: b\n"))))
	b.restart()
	require.NoError(t, b.spool.Empty(0, func() int64 { return 0 }))
	b.keep(b.message(1, "1: a").sentAgain(), b.message(2, "1: b").sentAgain())
	require.Equal(t, "1: b\n", b.lines())
}

// TestKilledBeforeTheAcknowledgement: the line is there.
func TestKilledBeforeTheAcknowledgement(t *testing.T) {
	b := newBench(t)
	require.NoError(t, b.seen.add(b.message(2, "1: b"), b.spool.written()+int64(len("1: b\n"))))
	b.append("1: b\n")
	b.restart()
	b.keep(b.message(2, "1: b").sentAgain())
	require.Equal(t, "1: b\n", b.lines())
	require.Equal(t, 1, b.acks)
}

func TestANewSpoolGoesOnCounting(t *testing.T) {
	b := newBench(t)
	b.keep(b.message(1, "1: a"))
	before := b.spool.written()
	require.NoError(t, b.spool.Empty(0, func() int64 { return 0 }))
	require.Equal(t, before, b.spool.written())
	b.restart()
	require.Equal(t, before, b.spool.written())
	b.keep(b.message(1, "1: a").sentAgain())
	require.Empty(t, b.lines())
}

func TestWhatIsNoSpoolIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool.log")
	require.NoError(t, os.WriteFile(path, []byte("1795339800: mosquitto version 2.0.11 running\n"), 0o600))
	_, err := OpenSpool(path)
	require.ErrorContains(t, err, "is not a spool")
}

func TestSpoolIsBegunAnew(t *testing.T) {
	b := newBench(t)
	before, err := os.ReadFile(b.path())
	require.NoError(t, err)
	b.keep(b.message(1, "1: a"))
	behind := int64(1)
	require.NoError(t, b.spool.Empty(0, func() int64 { return behind }))
	require.Equal(t, "1: a\n", b.lines(), "not all is delivered")
	behind = 0
	require.NoError(t, b.spool.Empty(1<<20, func() int64 { return behind }))
	require.Equal(t, "1: a\n", b.lines(), "it is small")
	require.NoError(t, b.spool.Empty(0, func() int64 { return behind }))
	require.Empty(t, b.lines())
	after, err := os.ReadFile(b.path())
	require.NoError(t, err)
	require.NotEqual(t, before, after, "it is another log")

	b.keep(b.message(1, "1: a").sentAgain(), b.message(2, "2: b"))
	require.Equal(t, "2: b\n", b.lines(), "what was seen is still known")
	b.restart()
	b.keep(b.message(3, "3: c"))
	require.Equal(t, "2: b\n3: c\n", b.lines())
}

func TestHalfALineIsRemoved(t *testing.T) {
	for _, half := range []string{"", "2: ha", strings.Repeat("x", 200_000)} {
		b := newBench(t)
		b.keep(b.message(1, "1: a"))
		b.append(half)
		b.restart()
		b.keep(b.message(2, "2: b"))
		require.Equal(t, "1: a\n2: b\n", b.lines())
	}
}

// TestADiskThatIsFullForAWhile: nothing is lost, nothing acknowledged before its time.
func TestADiskThatIsFullForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		ctx, cancel := context.WithCancel(t.Context())
		messages := make(chan message, 10)
		ended := make(chan struct{})
		require.NoError(t, b.spool.Close())
		go func() {
			defer close(ended)
			write(ctx, messages, b.spool, b.seen)
		}()
		messages <- b.message(1, "1: a")
		messages <- b.message(2, "2: b")
		synctest.Wait()
		require.Zero(t, b.acks)
		b.spool.mu.Lock()
		require.NoError(t, b.spool.open())
		b.spool.mu.Unlock()
		pause(ctx, 2*retry)
		synctest.Wait()
		require.Equal(t, 2, b.acks)
		require.Equal(t, "1: a\n2: b\n", b.lines())
		cancel()
		<-ended
	})
}
