package compact

import (
	"bytes"
	"errors"
	"io"
	"os"

	"devicetrace/pkg/summary"
)

// maxDevicesBytes is the maximum size of a summary of devices, in bytes. An output with more
// devices gets none.
const maxDevicesBytes = 32 << 20

// summaries adds up the rows of an output while they are merged. It writes the devices to a file on
// local disk, which counts toward Config.StageBytes. It leaves out summaries that do not fit, so a
// merge never fails because they are too large.
type summaries struct {
	fold    *summary.Fold
	output  *limited
	file    *os.File // nil if the output gets no summary of devices
	devices *summary.DeviceWriter
	size    int64 // bytes in file
	err     error // the first error of writing the devices
	lengths lengths
}

// lengths holds the lengths of an output's summaries, in bytes.
type lengths struct{ minutes, drops, devices int64 }

// newSummaries returns summaries without rows. Both the output and the devices take their disk
// space from output.left.
func newSummaries(dir string, devices bool, output *limited) (*summaries, error) {
	s := &summaries{output: output}
	if !devices {
		s.fold = summary.NewFold(false)
		return s, nil
	}
	staged, err := newStaged(dir)
	if err != nil {
		return nil, err
	}
	s.file = staged.file
	output.yield = s.yield
	s.devices = summary.NewDeviceWriter(s)
	s.fold = summary.NewDeviceFold(s.add)
	return s, nil
}

// errNoSpace means that the devices do not fit.
var errNoSpace = errors.New("no space for the devices")

// Write writes a part of the devices to the file.
func (s *summaries) Write(b []byte) (int, error) {
	n := int64(len(b))
	if s.file == nil || n > s.output.left || s.size+n > maxDevicesBytes {
		return 0, errNoSpace
	}
	s.size += n
	s.output.left -= n
	return s.file.Write(b)
}

func (s *summaries) add(d *summary.Device) {
	if s.err == nil {
		s.err = s.devices.Add(d)
	}
}

// yield discards the devices, and returns the number of bytes that this frees for the output.
func (s *summaries) yield() (size int64) {
	size, s.size = s.size, 0
	s.discard()
	return size
}

// discard frees the disk space of the devices.
func (s *summaries) discard() {
	if s.file != nil {
		_ = s.file.Close()
		s.file = nil
	}
}

// fitting completes the summaries and returns those that fit: all, all except the devices, or none.
// footer is the number of bytes that the output needs after them.
func (s *summaries) fitting(footer int64) ([]io.Reader, error) {
	sums := s.fold.Sums()
	minutes, err := summary.EncodeMinutes(sums)
	if err != nil {
		return nil, err
	}
	drops, err := summary.EncodeDrops(sums)
	if err != nil {
		return nil, err
	}
	needed := footer + int64(len(minutes)+len(drops))
	devices, err := s.fittingDevices(needed)
	if err != nil || needed > s.output.left {
		return nil, err
	}
	s.lengths.minutes, s.lengths.drops = int64(len(minutes)), int64(len(drops))
	return append(devices, bytes.NewReader(drops), bytes.NewReader(minutes)), nil
}

// fittingDevices completes the summary of devices, and returns it if it fits in addition to the
// needed bytes. Otherwise, fittingDevices frees the disk space of the devices.
func (s *summaries) fittingDevices(needed int64) ([]io.Reader, error) {
	if s.devices == nil {
		return nil, nil
	}
	if s.err == nil {
		s.err = s.devices.Close()
	}
	if s.err != nil && !errors.Is(s.err, errNoSpace) {
		return nil, s.err
	}
	if s.err != nil || s.file == nil || needed+s.size > s.output.left {
		s.output.left += s.yield()
		return nil, nil
	}
	s.output.yield = nil
	s.lengths.devices = s.size
	return []io.Reader{io.NewSectionReader(s.file, 0, s.size)}, nil
}
