package segment

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// trimmedFooter returns the end of a file without the optional parts of the footer that our readers
// ignore:
//
//   - The references to the page index, which is of no use with such small row groups.
//   - The statistics of encodings and sizes.
//
// These parts would double the length of the footer. end consists of the footer, its length and the
// magic.
func trimmedFooter(end []byte) ([]byte, error) {
	t := trimmer{in: byteReader{data: end[:len(end)-trailerLength]}, out: make([]byte, 0, len(end))}
	t.structure(&fileShape)
	if t.in.failed || len(t.in.rest()) > 0 {
		return nil, fmt.Errorf("trim footer: the Parquet library wrote an unexpected type")
	}
	length := uint32(len(t.out))
	return append(binary.LittleEndian.AppendUint32(t.out, length), magic...), nil
}

// shape lists the fields to drop from a struct.
type shape struct {
	drop  []int          // fields
	inner map[int]*shape // the shapes of inner structs, by field; only if they have fields to drop
}

// These shapes list the fields to drop, by their numbers in Parquet's Thrift definition.
var (
	columnShape = shape{drop: []int{13, 16}}                                             // encoding_stats, size_statistics
	chunkShape  = shape{drop: []int{4, 5, 6, 7}, inner: map[int]*shape{3: &columnShape}} // location of the page index; meta_data
	groupShape  = shape{inner: map[int]*shape{1: &chunkShape}}                           // columns
	fileShape   = shape{inner: map[int]*shape{4: &groupShape}}                           // row_groups
)

// trimmer copies values in Thrift's compact protocol and drops some fields.
type trimmer struct {
	in  byteReader
	out []byte
}

// structure copies a struct, except for the fields listed in s.drop.
func (t *trimmer) structure(s *shape) {
	for number, written := 0, 0; !t.in.failed; {
		header := t.in.byte()
		if header == thriftStop {
			t.out = append(t.out, thriftStop)
			return
		}
		kind := header & 0xf
		number = t.in.fieldNumber(header, number)
		if slices.Contains(s.drop, number) {
			t.in.skipField(kind)
			continue
		}
		t.fieldHeader(kind, number, number-written)
		written = number
		if inner := s.inner[number]; inner != nil {
			t.inner(kind, inner)
			continue
		}
		start := t.in.at
		t.in.skipField(kind)
		t.out = append(t.out, t.in.data[start:t.in.at]...)
	}
}

// fieldHeader writes the header of a field. step is the difference to the number of the field before.
func (t *trimmer) fieldHeader(kind byte, number, step int) {
	if step > 0 && step <= 0xf {
		t.out = append(t.out, byte(step)<<4|kind)
		return
	}
	t.out = binary.AppendVarint(append(t.out, kind), int64(number))
}

// inner copies a field that is a struct or a list of structs, and drops fields from these structs.
func (t *trimmer) inner(kind byte, s *shape) {
	if kind == thriftStruct {
		t.structure(s)
		return
	}
	start := t.in.at
	size, of := t.in.listHeader()
	t.out = append(t.out, t.in.data[start:t.in.at]...)
	if kind != thriftList || of != thriftStruct {
		t.in.fail()
	}
	for ; size > 0 && !t.in.failed; size-- {
		t.structure(s)
	}
}
