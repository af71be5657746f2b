package objstore

// Op names one of the operations of a Store.
type Op string

// The operations of a Store.
const (
	OpPut      Op = "put"
	OpRead     Op = "read"
	OpList     Op = "list"
	OpPrefixes Op = "prefixes"
	OpDelete   Op = "delete"
)

// Call describes one request to a store. A read of zero bytes and a delete without keys make no
// request, so there is no Call for them.
type Call struct {
	Op Op
	// Seq is the number of the call. Each wrapper numbers its calls from 1, in the order in which
	// they began.
	Seq int
	// Key is the key of a put or read, the prefix passed to List or Prefixes, or the first key of a
	// delete.
	Key string
	// After is the position passed to List or Prefixes, after which the page starts.
	After string
	// Keys lists all keys of a delete. The slice is shared: do not change it.
	Keys []string
	// Off and N are the offset and length of a read. N is also the size of a put.
	Off, N int64

	// Bytes is the number of bytes that a put or read transferred, or 0 if the call failed.
	Bytes int64
	// Objects is the number of objects or prefixes in the page that List or Prefixes returned.
	Objects int
	// Err is the error that the call returned.
	Err error
}

func putCall(key string, size int64) Call { return Call{Op: OpPut, Key: key, N: size} }

func readCall(key string, off, n int64) Call { return Call{Op: OpRead, Key: key, Off: off, N: n} }

func listCall(prefix, after string) Call { return Call{Op: OpList, Key: prefix, After: after} }

func prefixesCall(prefix, after string) Call {
	return Call{Op: OpPrefixes, Key: prefix, After: after}
}

func deleteCall(keys []string) Call { return Call{Op: OpDelete, Key: keys[0], Keys: keys} }
