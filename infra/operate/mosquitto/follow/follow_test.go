package follow

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// bench is a folder with a log that is written and followed.
type bench struct {
	t      *testing.T
	folder string
	config Config
	*Follower
	places map[string]string // of each line that was handed out
}

// newBench follows mosquitto.log, which is not there yet.
func newBench(t *testing.T) *bench {
	folder := t.TempDir()
	b := &bench{t: t, folder: folder, places: map[string]string{}}
	b.config = Config{Path: b.path(""), Place: filepath.Join(t.TempDir(), "place.json")}
	b.restart()
	return b
}

// path is the log's, or that of one which is called like it.
func (b *bench) path(suffix string) string { return filepath.Join(b.folder, "mosquitto.log"+suffix) }

// restart forgets all but what is on disk, as a crash does.
func (b *bench) restart() {
	b.t.Helper()
	if b.Follower != nil {
		b.Close()
	}
	f, err := Open(b.config)
	require.NoError(b.t, err)
	b.Follower = f
	b.t.Cleanup(f.Close)
}

// write appends to the log, or to one that is called like it.
func (b *bench) write(suffix, text string) {
	b.t.Helper()
	file, err := os.OpenFile(b.path(suffix), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	require.NoError(b.t, err)
	_, err = file.WriteString(text)
	require.NoError(b.t, err)
	require.NoError(b.t, file.Close())
}

func (b *bench) rename(from, to string) {
	b.t.Helper()
	require.NoError(b.t, os.Rename(b.path(from), b.path(to)))
}

func (b *bench) remove(suffix string) {
	b.t.Helper()
	require.NoError(b.t, os.Remove(b.path(suffix)))
}

// copyTruncate is what logrotate does with that option.
func (b *bench) copyTruncate(to string) {
	b.t.Helper()
	data, err := os.ReadFile(b.path(""))
	require.NoError(b.t, err)
	b.write(to, string(data))
	require.NoError(b.t, os.Truncate(b.path(""), 0))
}

// read takes all lines that are there and, if done, says that they were delivered.
// A line that comes again must have the place that it had before.
func (b *bench) read(done bool) string {
	b.t.Helper()
	var all strings.Builder
	for {
		c, err := b.Next(0)
		require.NoError(b.t, err)
		if c.Empty() {
			return all.String()
		}
		require.True(b.t, strings.HasSuffix(string(c.Lines), "\n"))
		offset := c.Offset
		for line := range strings.Lines(string(c.Lines)) {
			at := fmt.Sprintf("%s:%d", c.Log, offset)
			if before, again := b.places[line]; again {
				require.Equal(b.t, before, at, line)
			}
			b.places[line] = at
			offset += int64(len(line))
		}
		all.Write(c.Lines)
		if !done {
			return all.String()
		}
		require.NoError(b.t, b.Done(c))
	}
}

func (b *bench) requireRead(want string) {
	b.t.Helper()
	require.Equal(b.t, want, b.read(true))
}

func TestOnlyWholeLines(t *testing.T) {
	b := newBench(t)
	b.requireRead("")
	b.write("", "1: a\n1: b\n2: half")
	b.requireRead("1: a\n1: b\n")
	require.Equal(t, int64(len("2: half")), b.Behind())
	b.requireRead("")
	b.restart()
	b.requireRead("")
	b.write("", " a line\n")
	b.requireRead("2: half a line\n")
	require.Zero(t, b.Behind())
}

func TestAFirstLineThatIsNotWhole(t *testing.T) {
	b := newBench(t)
	b.write("", "")
	b.requireRead("")
	b.write("", "1: ha")
	b.requireRead("")
	b.write("", "lf\n")
	b.requireRead("1: half\n")
}

func TestRestartInTheMiddle(t *testing.T) {
	b := newBench(t)
	b.config.MaxLines = 2
	b.restart()
	b.write("", "1: a\n2: b\n3: c\n4: d\n5: e\n")
	require.Equal(t, "1: a\n2: b\n", b.read(false))
	require.Equal(t, "1: a\n2: b\n", b.read(false), "nobody said that they were delivered")
	b.restart() // as after a crash between the delivery and the place
	c, err := b.Next(0)
	require.NoError(t, err)
	require.Equal(t, "1: a\n2: b\n", string(c.Lines))
	require.NoError(t, b.Done(c))
	b.restart()
	b.requireRead("3: c\n4: d\n5: e\n")
	b.restart()
	b.requireRead("")
}

func TestRotationByRename(t *testing.T) {
	b := newBench(t)
	b.write("", "1: a\n2: b\n")
	require.Equal(t, "1: a\n2: b\n", b.read(false))
	b.rename("", ".1")
	b.write("", "") // logrotate creates the new log before Mosquitto writes to it
	require.Equal(t, "1: a\n2: b\n", b.read(false))
	b.write(".1", "3: c\n") // as long as it was not told
	b.requireRead("1: a\n2: b\n3: c\n")
	b.write(".1", "4: d\n")
	b.requireRead("4: d\n")
	b.write("", "5: e\n")
	b.requireRead("5: e\n")
	b.rename(".1", ".2")
	b.rename("", ".1")
	b.requireRead("")
	b.write("", "6: f\n")
	b.requireRead("6: f\n")
}

func TestSeveralRotationsAreReadInOrder(t *testing.T) {
	b := newBench(t)
	var want strings.Builder
	for i := range 5 {
		line := fmt.Sprintf("%d: line\n", i+1)
		want.WriteString(line)
		b.write("", line)
		_, err := b.Next(0)
		require.NoError(t, err)
		b.rename("", fmt.Sprintf("-%d", i))
	}
	b.write("", "6: now\n")
	require.NoError(t, os.Remove(b.path("-4")), "an open log can still be read")
	b.requireRead(want.String() + "6: now\n")
}

func TestRotationWhileNobodyFollows(t *testing.T) {
	b := newBench(t)
	b.write("", "1: a\n2: b\n")
	c, err := b.Next(5)
	require.NoError(t, err)
	require.NoError(t, b.Done(c))
	b.Close()
	b.rename("", ".2")
	b.write(".1", "3: came and went\n")
	b.write("", "4: now\n")
	b.write(".3.gz", "0: compressed\n")
	require.NoError(t, os.Chtimes(b.path(".2"), time.Now().Add(-time.Second), time.Now().Add(-time.Second)))
	b.write(".4", "0: old\n")
	require.NoError(t, os.Chtimes(b.path(".4"), time.Now().Add(-time.Hour), time.Now().Add(-time.Hour)))
	b.restart()
	b.requireRead("2: b\n3: came and went\n4: now\n")
	b.restart()
	b.requireRead("")
}

// TestLogsWithTheSameFirstLine are told apart by their inodes.
func TestLogsWithTheSameFirstLine(t *testing.T) {
	b := newBench(t)
	b.write("", "starting\na\nb\n")
	c, err := b.Next(11)
	require.NoError(t, err)
	require.Equal(t, "starting\na\n", string(c.Lines))
	require.NoError(t, b.Done(c))
	b.rename("", ".9")
	b.write("", "starting\nc\nd\n")
	b.restart()
	c, err = b.Next(0)
	require.NoError(t, err)
	require.Equal(t, "b\n", string(c.Lines))
	require.NoError(t, b.Done(c))
	c, err = b.Next(0)
	require.NoError(t, err)
	require.Equal(t, "starting\nc\nd\n", string(c.Lines))
}

func TestCopyTruncate(t *testing.T) {
	for _, restarted := range []bool{false, true} {
		b := newBench(t)
		b.write("", "1: a\n2: b\n")
		c, err := b.Next(5)
		require.NoError(t, err)
		require.NoError(t, b.Done(c))
		b.copyTruncate(".1")
		if restarted {
			b.restart()
		}
		require.Equal(t, "2: b\n", b.read(true), "what was not delivered is in the copy")
		b.write("", "3: c, longer than all that was before\n")
		b.requireRead("3: c, longer than all that was before\n")
	}
}

func TestTruncation(t *testing.T) {
	b := newBench(t)
	b.write("", "1: a\n2: b\n")
	b.requireRead("1: a\n2: b\n")
	require.NoError(t, os.Truncate(b.path(""), 0))
	b.requireRead("")
	b.write("", "3: c\n")
	b.requireRead("3: c\n")
	require.NoError(t, os.Truncate(b.path(""), 0))
	b.write("", "4: grown beyond the place before anyone looked\n")
	b.requireRead("4: grown beyond the place before anyone looked\n")
}

func TestAFileThatVanishes(t *testing.T) {
	b := newBench(t)
	b.write("", "1: a\n")
	b.requireRead("1: a\n")
	b.write("", "2: b\n")
	b.remove("")
	b.requireRead("2: b\n")
	b.requireRead("")
	b.restart()
	b.requireRead("")
	b.write("", "3: c\n")
	b.requireRead("3: c\n")

	b.rename("", "") // still there
	b.restart()
	require.NoError(t, os.Rename(b.path(""), filepath.Join(b.folder, "elsewhere")))
	b.requireRead("")
	require.NoError(t, os.Rename(filepath.Join(b.folder, "elsewhere"), b.path("")))
	b.write("", "4: d\n")
	b.requireRead("4: d\n")
}

func TestALogThatEndsInTheMiddleOfALine(t *testing.T) {
	b := newBench(t)
	b.write("", "1: a\n2: half")
	b.requireRead("1: a\n")
	b.rename("", ".1")
	b.write("", "3: c\n")
	b.requireRead("3: c\n")
}

func TestADamagedPlace(t *testing.T) {
	for _, damage := range []string{"", "{", "null and more", `{"logs":[{"log":"","offset":1}]}`, `{"logs":[{"log":"x","offset":-1}]}`, `{"logs":7}`, "\x00\x00"} {
		b := newBench(t)
		b.write("", "1: a\n")
		b.requireRead("1: a\n")
		b.rename("", ".1")
		b.write("", "2: b\n3: c\n")
		b.requireRead("2: b\n3: c\n")
		require.NoError(t, os.WriteFile(b.config.Place, []byte(damage), 0o600))
		b.restart()
		b.requireRead("1: a\n2: b\n3: c\n") // read() checks that the places are the same
		kept, err := os.ReadFile(b.config.Place + ".damaged")
		require.NoError(t, err)
		require.Equal(t, damage, string(kept))
		b.restart()
		b.requireRead("")
	}
}

func TestALostPlace(t *testing.T) {
	b := newBench(t)
	b.write("", "1: a\n2: b\n")
	b.requireRead("1: a\n2: b\n")
	require.NoError(t, os.Remove(b.config.Place))
	b.restart()
	b.requireRead("1: a\n2: b\n")
}

// TestACrashWhileThePlaceIsWritten leaves half of the new file, and the old one.
func TestACrashWhileThePlaceIsWritten(t *testing.T) {
	b := newBench(t)
	b.write("", "1: a\n")
	b.requireRead("1: a\n")
	require.NoError(t, os.WriteFile(b.config.Place+newSuffix, []byte(`{"lo`), 0o600))
	b.restart()
	b.requireRead("")
}

func TestLimits(t *testing.T) {
	b := newBench(t)
	b.config.MaxBytes, b.config.MaxLines = 20, 3
	b.restart()
	b.write("", "1: a\n2: b\n3: c\n4: d\n5: a longer line than fits into a chunk\n6: f\n")
	for _, want := range []struct {
		limit int
		lines string
		full  bool
	}{
		{0, "1: a\n2: b\n3: c\n", true}, {12, "4: d\n", true}, {1, "5: a longer line than fits into a chunk\n", true}, {100, "6: f\n", false},
	} {
		c, err := b.Next(want.limit)
		require.NoError(t, err)
		require.Equal(t, want.lines, string(c.Lines))
		require.Equal(t, want.full, c.Full)
		require.NoError(t, b.Done(c))
	}
}

func TestALineThatIsFarTooLong(t *testing.T) {
	b := newBench(t)
	b.write("", "1: a\n"+strings.Repeat("x", maxLong))
	b.requireRead("1: a\n")
	b.write("", "\n2: b\n")
	b.requireRead("")
	b.requireRead("2: b\n")
}

func TestNames(t *testing.T) {
	folder := t.TempDir()
	var names []string
	for i, first := range []string{"1795339799: a", "1795339800: a", "1795339800: b", "2026-11-22T09:30:00+0100: a", "mosquitto version 2.0.11 starting"} {
		path := filepath.Join(folder, fmt.Sprint(i))
		require.NoError(t, os.WriteFile(path, []byte(first+"\nmore\n"), 0o600))
		file, err := os.Open(path)
		require.NoError(t, err)
		names = append(names, nameOf(file))
		require.NoError(t, file.Close())
	}
	require.Regexp(t, `^1795339799-[0-9a-f]{16}$`, names[0])
	require.Regexp(t, `^2026-11-22T09:30:00\+0100-[0-9a-f]{16}$`, names[3])
	require.Regexp(t, `^[0-9a-f]{16}$`, names[4])
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(names))), len(names))
	require.Less(t, names[0], names[1])
	require.Equal(t, "log:7", Chunk{Log: "log", Offset: 7}.Position())
}

// TestALink: the path may be a link to the log.
func TestALink(t *testing.T) {
	b := newBench(t)
	real := filepath.Join(t.TempDir(), "real.log")
	require.NoError(t, os.WriteFile(real, []byte("1: a\n"), 0o600))
	require.NoError(t, os.Symlink(real, b.path("")))
	b.requireRead("1: a\n")
	b.restart()
	b.write("", "2: b\n")
	b.requireRead("2: b\n")
}
