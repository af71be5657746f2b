package segment

// The methods in this file read structs in Thrift's compact protocol, which Parquet uses for page
// headers and footers. They support only the types that occur in segments.

// Types of values in the compact protocol.
const (
	thriftStop   = 0
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftInt16  = 4
	thriftInt32  = 5
	thriftInt64  = 6
	thriftBinary = 8
	thriftList   = 9
	thriftStruct = 12
)

// integers reads a struct and calls set for each integer in it, including integers in inner
// structs. It passes the integer's field number, preceded by the numbers of the enclosing fields,
// with four bits for each number. outer holds the numbers of the enclosing fields, or 0 if there
// are none. integers ignores all other fields.
func (r *byteReader) integers(outer int, set func(field int, value int64)) {
	for number := 0; !r.failed; {
		header := r.byte()
		if header == thriftStop {
			return
		}
		if number = r.fieldNumber(header, number); number <= 0 || number > 0xf {
			r.fail()
			return
		}
		field := outer<<4 | number
		switch kind := header & 0xf; kind {
		case thriftInt32, thriftInt64:
			set(field, r.varint())
		case thriftStruct:
			if outer > 0xff {
				r.fail() // nested too deeply
				return
			}
			r.integers(field, set)
		default:
			r.skipField(kind)
		}
	}
}

// fieldNumber returns the number of the field with the given header. before is the number of the
// previous field.
func (r *byteReader) fieldNumber(header byte, before int) int {
	if step := int(header >> 4); step > 0 {
		return before + step
	}
	return int(int16(r.varint()))
}

// skipField skips the value of a field. The value of a bool is in the field's header.
func (r *byteReader) skipField(kind byte) {
	if kind != thriftTrue && kind != thriftFalse {
		r.skipValue(kind, 0)
	}
}

// skipValue skips a value. depth is the number of values that enclose it.
func (r *byteReader) skipValue(kind byte, depth int) {
	const maxDepth = 8
	switch {
	case depth > maxDepth:
		r.fail()
	case kind == thriftTrue || kind == thriftFalse || kind == thriftByte:
		r.byte()
	case kind >= thriftInt16 && kind <= thriftInt64:
		r.uvarint()
	case kind == thriftBinary:
		r.bytes(r.uvarint())
	case kind == thriftList:
		for size, of := r.listHeader(); size > 0 && !r.failed; size-- {
			r.skipValue(of, depth+1)
		}
	case kind == thriftStruct:
		for number := 0; !r.failed; {
			header := r.byte()
			if header == thriftStop {
				return
			}
			number = r.fieldNumber(header, number)
			if of := header & 0xf; of != thriftTrue && of != thriftFalse {
				r.skipValue(of, depth+1)
			}
		}
	default:
		r.fail()
	}
}

// listHeader reads the number of elements of a list and their type.
func (r *byteReader) listHeader() (size uint64, kind byte) {
	header := r.byte()
	if size = uint64(header >> 4); size == 0xf {
		size = r.uvarint()
	}
	return size, header & 0xf
}
