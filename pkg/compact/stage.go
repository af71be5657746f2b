package compact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// stagePattern is the pattern of the names of staged files; see os.CreateTemp.
const stagePattern = "device-trace-compact-*.parquet"

// staged is the output of a merge, in a file on local disk. The file has no name, so it disappears
// with the process.
type staged struct {
	file    *os.File
	written segment.Written
	lengths lengths
	digest  string
}

// newStaged creates a file and removes its name. The file keeps its content until it is closed.
func newStaged(dir string) (*staged, error) {
	file, err := os.CreateTemp(dir, stagePattern)
	if err != nil {
		return nil, err
	}
	_ = os.Remove(file.Name()) // if this fails, the next call to Run removes the name; see removeOrphans
	return &staged{file: file}, nil
}

// removeOrphans removes the files that killed processes left in the staging directory. It ignores
// errors, because such a file only takes up disk space. It may also unlink a file that a running
// process has just created. This is harmless, because the process uses only its open file.
func removeOrphans(dir string) {
	if dir == "" {
		dir = os.TempDir()
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if staged, _ := filepath.Match(stagePattern, e.Name()); staged {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// discard frees the file's disk space.
func (s *staged) discard() { _ = s.file.Close() }

// segment returns the key, size and name of the output.
func (s *staged) segment(plan Plan) layout.Segment {
	name := layout.Name{
		Level: plan.Level, Digest: s.digest, FooterLength: s.written.FooterLength, IndexLength: s.written.IndexLength,
		MinutesLength: s.lengths.minutes, DropsLength: s.lengths.drops, DevicesLength: s.lengths.devices,
	}
	return layout.Segment{Key: name.Key(plan.Partition), Size: s.written.Size, Name: name}
}

// stage writes the plan's output to a new file.
func (p *partition) stage(ctx context.Context, plan Plan) (_ *staged, err error) {
	s, err := newStaged(p.config.Dir)
	if err != nil {
		return nil, fmt.Errorf("stage output: %v", err) // not wrapped: fs.ErrNotExist would mean a missing input
	}
	defer func() {
		if err != nil {
			s.discard()
		}
	}()
	cursors, rows := p.openInputs(plan.Inputs)
	defer closeAll(cursors)
	digest := sha256.New()
	out := &limited{out: io.MultiWriter(s.file, digest), left: p.config.StageBytes}
	sums, err := newSummaries(p.config.Dir, plan.Devices, out)
	if err != nil {
		return nil, fmt.Errorf("stage devices: %v", err) // not wrapped, as above
	}
	defer sums.discard()
	writer := plan.writer(out, rows)
	writer.SetSummaries(sums.fitting)
	s.written, err = mergeInto(ctx, writer, sums, cursors)
	s.lengths, s.digest = sums.lengths, hex.EncodeToString(digest.Sum(nil))
	return s, err
}

// limited is a writer that can write left more bytes, and then fails. If a write would exceed left,
// the writer first calls yield, which frees bytes and returns their number.
type limited struct {
	out   io.Writer
	left  int64
	yield func() int64
}

func (l *limited) Write(b []byte) (int, error) {
	if l.left < int64(len(b)) && l.yield != nil {
		l.left += l.yield()
	}
	if l.left -= int64(len(b)); l.left < 0 {
		return 0, errors.New("the output exceeds StageBytes")
	}
	return l.out.Write(b)
}
