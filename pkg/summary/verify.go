package summary

import "devicetrace/pkg/segment"

// VerifyMinutes checks the bytes of the table of the minutes against its checksums. It decodes no
// rows, so it takes little time and memory. If the bytes are damaged, the error wraps
// segment.ErrCorrupt.
func VerifyMinutes(data []byte) error { return verify(minutesTable, data) }

// VerifyDrops is like VerifyMinutes for the table of the drops.
func VerifyDrops(data []byte) error { return verify(dropsTable, data) }

// VerifyDevices is like VerifyMinutes for the table of the devices.
func VerifyDevices(data []byte) error { return verify(devicesTable, data) }

func verify(name string, data []byte) error {
	table, err := segment.OpenTable[struct{}](name, nil, data)
	if err != nil {
		return err
	}
	return table.Verify()
}
