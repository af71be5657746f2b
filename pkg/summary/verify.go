package summary

import (
	"unsafe"

	"devicetrace/pkg/segment"
)

// VerifyMinutes checks the bytes of the table of the minutes against its checksums. It decodes no
// rows, so it takes little time and memory. It returns the approximate memory, in bytes, for
// decoding the table. If the bytes are damaged, the error wraps segment.ErrCorrupt.
func VerifyMinutes(data []byte) (memory int64, err error) {
	t, err := verify(minutesTable, data)
	if err != nil {
		return 0, err
	}
	return t.Raw() + t.Rows()*int64(unsafe.Sizeof(Cell{})), nil
}

// VerifyDrops is like VerifyMinutes for the table of the drops.
func VerifyDrops(data []byte) (memory int64, err error) {
	t, err := verify(dropsTable, data)
	if err != nil {
		return 0, err
	}
	return 2*t.Raw() + t.Rows()*int64(unsafe.Sizeof(storedDrop{})+unsafe.Sizeof(Witness{})), nil
}

// VerifyDevices is like VerifyMinutes for the table of the devices, but the memory is that for
// decoding one group at a time.
func VerifyDevices(data []byte) (memory int64, err error) {
	t, err := verify(devicesTable, data)
	if err != nil || t.Groups() == 0 {
		return 0, err
	}
	group := t.Rows()/int64(t.Groups()) + 1
	return 2*t.Raw()/int64(t.Groups()) + group*int64(unsafe.Sizeof(storedDevice{})+unsafe.Sizeof(Device{})), nil
}

func verify(name string, data []byte) (*segment.Table[struct{}], error) {
	table, err := segment.OpenTable[struct{}](name, nil, data)
	if err != nil {
		return nil, err
	}
	return table, table.Verify()
}
