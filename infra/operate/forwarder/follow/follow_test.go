package follow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// harness writes a log in a folder and follows it.
type harness struct {
	t      *testing.T
	folder string
	config Config
	*Follower
	positions map[string]string // the position of each line handed out so far
}

// newHarness returns a harness whose log does not exist yet.
func newHarness(t *testing.T) *harness {
	folder := t.TempDir()
	h := &harness{t: t, folder: folder, positions: map[string]string{}}
	h.config = Config{Path: h.path(""), StateFile: filepath.Join(t.TempDir(), "position.json")}
	h.restart()
	return h
}

// path returns the path of the log or, with a suffix, the path of a rotated log.
func (h *harness) path(suffix string) string { return filepath.Join(h.folder, "mosquitto.log"+suffix) }

// restart simulates a crash: it opens a new Follower, which starts from what is on disk.
func (h *harness) restart() {
	h.t.Helper()
	if h.Follower != nil {
		h.Close()
	}
	f, err := Open(h.config)
	require.NoError(h.t, err)
	h.Follower = f
	h.t.Cleanup(f.Close)
}

// next returns the next chunk. Its size is at most limit bytes if limit is above zero.
func (h *harness) next(limit int) Chunk {
	h.t.Helper()
	maxBytes := h.Follower.config.MaxBytes
	defer func() { h.Follower.config.MaxBytes = maxBytes }()
	if limit > 0 && limit < maxBytes {
		h.Follower.config.MaxBytes = limit
	}
	c, err := h.Next()
	require.NoError(h.t, err)
	return c
}

// write appends text to the log or, with a suffix, to a rotated log.
func (h *harness) write(suffix, text string) {
	h.t.Helper()
	file, err := os.OpenFile(h.path(suffix), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	require.NoError(h.t, err)
	_, err = file.WriteString(text)
	require.NoError(h.t, err)
	require.NoError(h.t, file.Close())
}

// rename renames a log, if it exists.
func (h *harness) rename(from, to string) {
	h.t.Helper()
	if err := os.Rename(h.path(from), h.path(to)); !errors.Is(err, fs.ErrNotExist) {
		require.NoError(h.t, err)
	}
}

func (h *harness) remove(suffix string) {
	h.t.Helper()
	require.NoError(h.t, os.Remove(h.path(suffix)))
}

// copyTruncate rotates the log as logrotate's option copytruncate does: it copies the log and
// then empties the original file.
func (h *harness) copyTruncate(to string) {
	h.t.Helper()
	data, err := os.ReadFile(h.path(""))
	require.NoError(h.t, err)
	h.write(to, string(data))
	require.NoError(h.t, os.Truncate(h.path(""), 0))
}

// read returns all undelivered lines and marks them as delivered. If done is false, read returns
// only the first chunk and marks nothing as delivered.
func (h *harness) read(done bool) string {
	h.t.Helper()
	var all strings.Builder
	for {
		c := h.next(0)
		if c.Empty() {
			return all.String()
		}
		h.requireSamePositions(c)
		all.Write(c.Lines)
		if !done {
			return all.String()
		}
		require.NoError(h.t, h.Done(c))
	}
}

// requireSamePositions checks the position of each line in c. A line that was handed out before
// must still have the same position.
func (h *harness) requireSamePositions(c Chunk) {
	h.t.Helper()
	require.True(h.t, strings.HasSuffix(string(c.Lines), "\n"))
	offset := c.Offset
	for line := range strings.Lines(string(c.Lines)) {
		at := fmt.Sprintf("%s:%d", c.Log, offset)
		if before, again := h.positions[line]; again {
			require.Equal(h.t, before, at, line)
		}
		h.positions[line] = at
		offset += int64(len(line))
	}
}

func (h *harness) requireRead(want string) {
	h.t.Helper()
	require.Equal(h.t, want, h.read(true))
}

// requireFollowed appends whole lines to the log, and checks that the follower hands out these lines
// and no others.
func (h *harness) requireFollowed(lines string) {
	h.t.Helper()
	h.write("", lines)
	h.requireRead(lines)
}

func TestOnlyWholeLines(t *testing.T) {
	h := newHarness(t)
	h.requireRead("")
	h.write("", "1: a\n1: b\n2: half")
	h.requireRead("1: a\n1: b\n")
	require.Equal(t, int64(len("2: half")), h.Behind())
	h.requireRead("")
	h.restart()
	h.requireRead("")
	h.write("", " a line\n")
	h.requireRead("2: half a line\n")
	require.Zero(t, h.Behind())
}

func TestAFirstLineThatIsNotWhole(t *testing.T) {
	h := newHarness(t)
	h.write("", "")
	h.requireRead("")
	h.write("", "1: ha")
	h.requireRead("")
	h.write("", "lf\n")
	h.requireRead("1: half\n")
}

func TestRestartInTheMiddle(t *testing.T) {
	h := newHarness(t)
	h.config.MaxLines = 2
	h.restart()
	h.write("", "1: a\n2: b\n3: c\n4: d\n5: e\n")
	require.Equal(t, "1: a\n2: b\n", h.read(false))
	require.Equal(t, "1: a\n2: b\n", h.read(false), "they were not marked as delivered")
	h.restart() // like a crash after the lines were delivered, before the position was saved
	c := h.next(0)
	require.Equal(t, "1: a\n2: b\n", string(c.Lines))
	require.NoError(t, h.Done(c))
	h.restart()
	h.requireRead("3: c\n4: d\n5: e\n")
	h.restart()
	h.requireRead("")
}

func TestRotationByRename(t *testing.T) {
	h := newHarness(t)
	h.write("", "1: a\n2: b\n")
	require.Equal(t, "1: a\n2: b\n", h.read(false))
	h.rename("", ".1")
	h.write("", "") // logrotate creates the new log before Mosquitto writes to it
	require.Equal(t, "1: a\n2: b\n", h.read(false))
	h.write(".1", "3: c\n") // Mosquitto still writes to the old file
	h.requireRead("1: a\n2: b\n3: c\n")
	h.write(".1", "4: d\n")
	h.requireRead("4: d\n")
	h.requireFollowed("5: e\n")
	h.rename(".1", ".2")
	h.rename("", ".1")
	h.requireRead("")
	h.requireFollowed("6: f\n")
}

func TestSeveralRotationsAreReadInOrder(t *testing.T) {
	h := newHarness(t)
	var want strings.Builder
	for i := range 5 {
		line := fmt.Sprintf("%d: line\n", i+1)
		want.WriteString(line)
		h.write("", line)
		h.next(0)
		h.rename("", fmt.Sprintf("-%d", i))
	}
	h.write("", "6: now\n")
	require.NoError(t, os.Remove(h.path("-4")), "an open log can still be read")
	h.requireRead(want.String() + "6: now\n")
}

func TestRotationWhileNobodyFollows(t *testing.T) {
	h := newHarness(t)
	h.write("", "1: a\n2: b\n")
	require.NoError(t, h.Done(h.next(5)))
	h.Close()
	h.rename("", ".2")
	h.write(".1", "3: came and went\n")
	h.write("", "4: now\n")
	h.write(".3.gz", "0: compressed\n")
	require.NoError(t, os.Chtimes(h.path(".2"), time.Now().Add(-time.Second), time.Now().Add(-time.Second)))
	h.write(".4", "0: old\n")
	require.NoError(t, os.Chtimes(h.path(".4"), time.Now().Add(-time.Hour), time.Now().Add(-time.Hour)))
	h.restart()
	h.requireRead("2: b\n3: came and went\n4: now\n")
	h.restart()
	h.requireRead("")
}

// A log that was rotated more than once since the follower last looked must not be lost.
func TestSeveralRotationsBetweenTwoLooks(t *testing.T) {
	for name, restarted := range map[string]bool{"running": false, "restarted": true} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			h.write("", "1: a\n2: b\n")
			c := h.next(5)
			for _, line := range []string{"3: c\n", "4: d\n", "5: e\n"} {
				h.rename(".2", ".3")
				h.rename(".1", ".2")
				h.rename("", ".1")
				h.write("", line)
			}
			require.NoError(t, h.Done(c))
			if restarted {
				h.restart()
			}
			h.requireRead("2: b\n3: c\n4: d\n5: e\n")
			h.restart()
			h.requireRead("")
		})
	}
}

// The same holds if the log is copied and emptied.
func TestSeveralCopiesBetweenTwoLooks(t *testing.T) {
	h := newHarness(t)
	h.write("", "1: a\n2: b\n")
	c := h.next(5)
	h.copyTruncate(".2")
	h.write("", "3: c\n")
	h.copyTruncate(".1")
	h.write("", "4: d\n")
	require.NoError(t, h.Done(c))
	h.requireRead("2: b\n3: c\n4: d\n")
}

// A log that Look has found can be read even after it was removed.
func TestLookOpensLogs(t *testing.T) {
	h := newHarness(t)
	h.write("", "1: a\n")
	c := h.next(0)
	saved, err := os.ReadFile(h.config.StateFile)
	require.NoError(t, err)
	for _, line := range []string{"2: b\n", "3: c\n"} {
		require.NoError(t, os.Remove(h.path("")))
		h.write("", line)
		require.NoError(t, h.Look())
	}
	unchanged, err := os.ReadFile(h.config.StateFile)
	require.NoError(t, err)
	require.Equal(t, string(saved), string(unchanged))
	require.NoError(t, h.Done(c))
	h.requireRead("2: b\n3: c\n")
}

// Files beside the log that are no logs, or copies of one that is known, must do no harm.
func TestStrayFiles(t *testing.T) {
	for name, restarted := range map[string]bool{"running": false, "restarted": true} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			again := func() {
				if restarted {
					h.restart()
				}
			}
			h.requireFollowed("1: a\n2: b\n")
			h.write(".bak", "1: a\n")
			h.write(".pos", "no line feed")
			h.write(".empty", "")
			again()
			h.requireRead("")
			h.requireFollowed("3: c\n")
			h.rename("", ".1")
			h.write("", "4: d\n")
			h.write(".other", "4: d\n")
			again()
			h.requireRead("4: d\n")
			h.write(".1.bak", "1: a\n2: b\n3: c\n")
			h.rename("", ".2")
			h.write("", "5: e\n")
			again()
			h.requireRead("5: e\n")
		})
	}
}

// A log that gets its name back must continue at the position that was delivered.
func TestARotationThatIsUndone(t *testing.T) {
	h := newHarness(t)
	h.requireFollowed("1: a\n")
	h.rename("", ".1")
	h.write("", "")
	h.requireRead("")
	h.rename(".1", "")
	h.requireFollowed("2: b\n")
}

// A file beside the log that cannot be read must not stop the follower.
func TestAnUnreadableFile(t *testing.T) {
	h := newHarness(t)
	asNobody(t, h.folder, filepath.Dir(h.config.StateFile))
	h.requireFollowed("1: a\n")
	h.rename("", ".1")
	h.write("", "2: b\n")
	require.NoError(t, os.WriteFile(h.path(".2"), []byte("1: secret\n"), 0o000))
	h.requireRead("2: b\n")
	h.restart()
	h.requireRead("")
}

// asNobody runs the rest of the test with the file permissions of an ordinary user, who owns the
// given temporary folders, because root can read every file.
func asNobody(t *testing.T, folders ...string) {
	const nobody = 65_534
	if os.Getuid() != 0 {
		return
	}
	for _, folder := range folders {
		require.NoError(t, os.Chown(folder, nobody, -1))
		for ; strings.HasPrefix(folder, os.TempDir()+"/"); folder = filepath.Dir(folder) {
			require.NoError(t, os.Chmod(folder, 0o755))
		}
	}
	runtime.LockOSThread() // Setfsuid applies to the current thread only
	require.NoError(t, syscall.Setfsuid(nobody))
	t.Cleanup(func() {
		require.NoError(t, syscall.Setfsuid(0))
		runtime.UnlockOSThread()
	})
}

func TestGrowing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t)
		for _, line := range []string{"1: a\n", "2: b\n"} {
			h.write("", line)
			for _, growing := range []bool{true, true, false} {
				c := h.next(0)
				require.Equal(t, growing, c.Growing)
				time.Sleep(settleTime/2 + time.Millisecond)
			}
		}
	})
}

// Some rotations put a number before the extension.
func TestRotationWithANumberBeforeTheExtension(t *testing.T) {
	h := newHarness(t)
	h.write("", "1: a\n2: b\n")
	require.NoError(t, h.Done(h.next(5)))
	h.Close()
	require.NoError(t, os.Rename(h.path(""), filepath.Join(h.folder, "mosquitto-1.log")))
	for _, other := range []string{"mosquitto-bridge.log", "mosquitto-1.logs", "mosquitto-.log", "other-1.log"} {
		require.NoError(t, os.WriteFile(filepath.Join(h.folder, other), []byte("0: another log\n"), 0o600))
	}
	h.write("", "3: c\n")
	h.restart()
	h.requireRead("2: b\n3: c\n")
}

// Logs with the same first line must be distinguished by their inodes.
func TestLogsWithTheSameFirstLine(t *testing.T) {
	h := newHarness(t)
	h.write("", "starting\na\nb\n")
	c := h.next(11)
	require.Equal(t, "starting\na\n", string(c.Lines))
	require.NoError(t, h.Done(c))
	h.rename("", ".9")
	h.write("", "starting\nc\nd\n")
	h.restart()
	c = h.next(0)
	require.Equal(t, "b\n", string(c.Lines))
	require.NoError(t, h.Done(c))
	c = h.next(0)
	require.Equal(t, "starting\nc\nd\n", string(c.Lines))
}

func TestCopyTruncate(t *testing.T) {
	for _, restarted := range []bool{false, true} {
		h := newHarness(t)
		h.write("", "1: a\n2: b\n")
		require.NoError(t, h.Done(h.next(5)))
		h.copyTruncate(".1")
		if restarted {
			h.restart()
		}
		require.Equal(t, "2: b\n", h.read(true), "the copy holds what was not delivered")
		h.requireFollowed("3: c, longer than everything before it\n")
	}
}

func TestTruncation(t *testing.T) {
	h := newHarness(t)
	h.requireFollowed("1: a\n2: b\n")
	require.NoError(t, os.Truncate(h.path(""), 0))
	h.requireRead("")
	h.requireFollowed("3: c\n")
	require.NoError(t, os.Truncate(h.path(""), 0))
	h.requireFollowed("4: grown past the position before anyone looked\n")
}

func TestAFileThatVanishes(t *testing.T) {
	h := newHarness(t)
	h.requireFollowed("1: a\n")
	h.write("", "2: b\n")
	h.remove("")
	h.requireRead("2: b\n")
	h.requireRead("")
	h.restart()
	h.requireRead("")
	h.requireFollowed("3: c\n")

	require.FileExists(t, h.path(""))
	h.restart()
	require.NoError(t, os.Rename(h.path(""), filepath.Join(h.folder, "elsewhere")))
	h.requireRead("")
	require.NoError(t, os.Rename(filepath.Join(h.folder, "elsewhere"), h.path("")))
	h.requireFollowed("4: d\n")
}

func TestALogThatEndsInTheMiddleOfALine(t *testing.T) {
	h := newHarness(t)
	h.write("", "1: a\n2: half")
	h.requireRead("1: a\n")
	h.rename("", ".1")
	h.requireFollowed("3: c\n")
}

func TestADamagedPosition(t *testing.T) {
	for _, damage := range []string{"", "{", "null and more", `{"logs":[{"log":"","offset":1}]}`, `{"logs":[{"log":"x","offset":-1}]}`, `{"logs":7}`, "\x00\x00"} {
		h := newHarness(t)
		h.requireFollowed("1: a\n")
		h.rename("", ".1")
		h.requireFollowed("2: b\n3: c\n")
		require.NoError(t, os.WriteFile(h.config.StateFile, []byte(damage), 0o600))
		h.restart()
		h.requireRead("1: a\n2: b\n3: c\n") // also checks that each line still has the same position
		kept, err := os.ReadFile(h.config.StateFile + ".damaged")
		require.NoError(t, err)
		require.Equal(t, damage, string(kept))
		h.restart()
		h.requireRead("")
	}
}

func TestALostPosition(t *testing.T) {
	h := newHarness(t)
	h.requireFollowed("1: a\n2: b\n")
	require.NoError(t, os.Remove(h.config.StateFile))
	h.restart()
	h.requireRead("1: a\n2: b\n")
}

// A crash while the position is being written leaves the old file and part of the new one. The
// follower must use the old file.
func TestACrashWhileThePositionIsWritten(t *testing.T) {
	h := newHarness(t)
	h.requireFollowed("1: a\n")
	require.NoError(t, os.WriteFile(h.config.StateFile+newSuffix, []byte(`{"lo`), 0o600))
	h.restart()
	h.requireRead("")
}

func TestLimits(t *testing.T) {
	h := newHarness(t)
	h.config.MaxBytes, h.config.MaxLines = 20, 3
	h.restart()
	h.write("", "1: a\n2: b\n3: c\n4: d\n5: a longer line than fits into a chunk\n6: f\n")
	for _, want := range []struct {
		limit int
		lines string
		full  bool
	}{
		{0, "1: a\n2: b\n3: c\n", true}, {12, "4: d\n", true}, {1, "5: a longer line than fits into a chunk\n", true}, {100, "6: f\n", false},
	} {
		c := h.next(want.limit)
		require.Equal(t, want.lines, string(c.Lines))
		require.Equal(t, want.full, c.Full)
		require.NoError(t, h.Done(c))
	}
}

func TestALineThatIsFarTooLong(t *testing.T) {
	h := newHarness(t)
	h.write("", "1: a\n"+strings.Repeat("x", maxLine))
	h.requireRead("1: a\n")
	h.write("", "\n2: b\n")
	h.requireRead("")
	h.requireRead("2: b\n")
}

func TestNames(t *testing.T) {
	folder := t.TempDir()
	var names []string
	for i, first := range []string{"1795339799: a", "1795339800: a", "1795339800: b", "2026-11-22T09:30:00+0100: a", "2026-11-22 09:30:00.123456+00:00 [info] a", "2026-11-22 09:30:00,123 - a", "mosquitto version 2.0.11 starting"} {
		path := filepath.Join(folder, fmt.Sprint(i))
		require.NoError(t, os.WriteFile(path, []byte(first+"\nmore\n"), 0o600))
		file, err := os.Open(path)
		require.NoError(t, err)
		names = append(names, nameOf(file))
		require.NoError(t, file.Close())
	}
	require.Regexp(t, `^1795339799-[0-9a-f]{16}$`, names[0])
	require.Regexp(t, `^2026-11-22T09:30:00\+0100-[0-9a-f]{16}$`, names[3])
	require.Regexp(t, `^2026-11-22T09:30:00\.123456\+00:00-[0-9a-f]{16}$`, names[4])
	require.Regexp(t, `^2026-11-22T09:30:00,123-[0-9a-f]{16}$`, names[5])
	require.Regexp(t, `^[0-9a-f]{16}$`, names[6])
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(names))), len(names))
	require.Less(t, names[0], names[1])
	require.Equal(t, "log:7", Chunk{Log: "log", Offset: 7}.Position())
}

// The path may be a symbolic link to the log.
func TestALink(t *testing.T) {
	h := newHarness(t)
	real := filepath.Join(t.TempDir(), "real.log")
	require.NoError(t, os.WriteFile(real, []byte("1: a\n"), 0o600))
	require.NoError(t, os.Symlink(real, h.path("")))
	h.requireRead("1: a\n")
	h.restart()
	h.requireFollowed("2: b\n")
}

// counter is a State that counts the lines that were read.
type counter struct {
	Lines int
	Rest  string // makes the snapshot large
}

func (c *counter) Restore(snapshot json.RawMessage) error { return json.Unmarshal(snapshot, c) }

func (c *counter) Snapshot() (json.RawMessage, error) { return json.Marshal(c) }

func (c *counter) read(chunk Chunk) { c.Lines += bytes.Count(chunk.Lines, []byte("\n")) }

// The state must be the one at the saved position, whenever the process crashes.
func TestTheStateBelongsToThePosition(t *testing.T) {
	h := newHarness(t)
	state := &counter{}
	h.config.State = state
	h.restart()
	h.write("", "1: a\n2: b\n")
	c := h.next(5)
	state.read(c)
	*state = counter{}
	h.restart() // crash before Done
	require.Zero(t, state.Lines)
	c = h.next(5)
	state.read(c)
	require.NoError(t, h.Done(c))
	*state = counter{Lines: 7}
	h.restart() // crash after Done
	require.Equal(t, 1, state.Lines)
	h.requireRead("2: b\n")
}

// A large state must be saved at most once in saveInterval, except that it must also be saved
// before the follower leaves a log.
func TestALargeState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t)
		state := &counter{Rest: strings.Repeat("x", smallState)}
		h.config.State = state
		h.restart()
		next := func(line string) {
			h.write("", line)
			c := h.next(0)
			require.Equal(t, line, string(c.Lines))
			state.read(c)
			require.NoError(t, h.Done(c))
		}
		requireSaved := func(lines int) {
			content, _, err := readSaved(h.config.StateFile)
			require.NoError(t, err)
			var onDisk counter
			require.NoError(t, onDisk.Restore(content.State))
			require.Equal(t, lines, onDisk.Lines)
			require.Equal(t, int64(lines*5), content.Logs[len(content.Logs)-1].Offset)
		}
		next("1: a\n") // the position was saved when the log was found, so it is too early to save again
		requireSaved(0)
		time.Sleep(saveInterval)
		next("2: b\n")
		requireSaved(2)
		next("3: c\n")
		require.NoError(t, h.Save())
		requireSaved(2)
		time.Sleep(saveInterval)
		require.NoError(t, h.Save())
		requireSaved(3)
		next("4: d\n")
		require.NoError(t, h.Flush())
		requireSaved(4)
		next("5: e\n")
		h.rename("", ".1")
		h.write("", "6: f\n")
		c := h.next(0)
		require.Equal(t, "6: f\n", string(c.Lines))
		content, _, err := readSaved(h.config.StateFile)
		require.NoError(t, err)
		require.Len(t, content.Logs, 1)
		require.JSONEq(t, `5`, string(content.State[len(`{"Lines":`):len(`{"Lines":`)+1]))
	})
}

// refusing is a State that refuses every snapshot because it belongs to another reader.
type refusing struct{ counter }

func (refusing) Restore(json.RawMessage) error { return fmt.Errorf("for test: %w", ErrOtherState) }

func TestAStateThatIsRefused(t *testing.T) {
	h := newHarness(t)
	require.NoError(t, os.WriteFile(h.config.StateFile, []byte(`{"logs":[],"state":"x"}`), 0o600))
	h.config.State = &refusing{}
	_, err := Open(h.config)
	require.ErrorContains(t, err, "restore the state in")
	require.ErrorIs(t, err, ErrOtherState)
	require.FileExists(t, h.config.StateFile)
}

// A state that the reader cannot read must count as damaged, like a position that cannot be parsed.
func TestADamagedState(t *testing.T) {
	h := newHarness(t)
	h.write(".1", "1: a\n")
	h.write("", "2: b\n")
	require.NoError(t, os.WriteFile(h.config.StateFile, []byte(`{"logs":[],"state":"x"}`), 0o600))
	h.config.State = &counter{}
	h.restart()
	require.FileExists(t, h.config.StateFile+damagedSuffix)
	h.requireRead("1: a\n2: b\n")
}

// A state file without a reader's state was written by an earlier version.
func TestNoState(t *testing.T) {
	h := newHarness(t)
	h.requireFollowed("1: a\n")
	state := &counter{Lines: 7}
	h.config.State = state
	h.restart()
	require.Equal(t, 7, state.Lines)
	h.requireRead("")
}
