package summary

import "devicetrace/pkg/segment"

// Fold adds up rows. The rows of a client must be added one after another, in the order of
// Row.Compare. If the devices are counted, the clients must be in order, too.
//
// A Fold is meant for the rows of one UTC day. Whatever the rows are, it takes at most about 16 MiB
// of memory, plus the memory of the devices that it was asked to keep. If rows exceed a limit, they
// are still counted, but in a coarser cell; see cells and minutes. The same rows in the same order
// always give the same sums. A Fold is not safe for concurrent use.
type Fold struct {
	client  string
	clients int64 // number of distinct clients so far; it also identifies the current client
	device  Device
	words   words
	cells   cells
	minutes minutes
	totals  *Totals       // nil unless the devices are counted
	each    func(*Device) // called with each device; nil if it is not needed
	devices []Device
}

// NewFold returns a fold without rows. If devices is true, the sums include the totals and every
// device, which takes memory for each client.
func NewFold(devices bool) *Fold {
	f := newFold()
	if devices {
		f.totals = &Totals{}
		f.each = func(d *Device) { f.devices = append(f.devices, d.Clone()) }
	}
	return f
}

// NewDeviceFold returns a fold whose sums include the totals but no devices. Instead, the fold
// passes each device to the given function, in the order of the clients. The device is valid only
// during the call.
func NewDeviceFold(each func(*Device)) *Fold {
	f := newFold()
	f.totals, f.each = &Totals{}, each
	return f
}

func newFold() *Fold { return &Fold{words: newWords(), cells: newCells(), minutes: newMinutes()} }

// Add adds a row. If the devices are counted, the fold may keep the row's strings until a row of
// another client is added. It keeps no other reference to the row.
func (f *Fold) Add(r *segment.Row) {
	if f.clients == 0 || r.ClientID != f.client {
		f.endClient()
		f.client = r.ClientID
		f.clients++
	}
	word := f.words.of(r)
	minute := f.minutes.of(MinuteOf(r.Time))
	f.cells.add(minute.number, f.cells.nodes.of(r.Node), word.number, f.clients)
	f.minutes.count(minute, word.kind, f.clients)
	if word.kind == Drop {
		f.minutes.witness(minute, r, f.clients, &f.cells.nodes, word.ActionInfo)
	}
	if f.totals != nil {
		f.device.add(r, word.kind)
	}
}

// endClient completes the device of the current client.
func (f *Fold) endClient() {
	if f.totals == nil || f.clients == 0 {
		return
	}
	f.device.ClientID = f.client
	f.device.settle()
	f.totals.Count(&f.device)
	f.each(&f.device)
	f.device = Device{}
}

// Sums returns the sums of all rows. No rows may be added after the call.
func (f *Fold) Sums() *Sums {
	f.endClient()
	f.clients = 0
	return &Sums{
		Cells:      f.cells.sums(f.minutes.list, f.words.list),
		Vicinities: f.minutes.vicinities(),
		Totals:     f.totals,
		Devices:    f.devices,
	}
}
