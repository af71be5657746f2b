package objstore

// Op names an ability of a Store.
type Op string

// The four abilities.
const (
	OpPut    Op = "put"
	OpRead   Op = "read"
	OpList   Op = "list"
	OpDelete Op = "delete"
)

// Call is one request to a store. Reads of no bytes and deletes of no keys ask the
// store nothing and are no calls.
type Call struct {
	Op Op
	// Seq counts the calls of one wrapper from 1, in the order in which they began.
	Seq int
	// Key is what was put or read, the prefix of a listing, the first key of a delete.
	Key string
	// After is where a listing page starts.
	After string
	// Keys are all keys of a delete. They are shared: do not change them.
	Keys []string
	// Off and N are the range of a read. N is also the size of a put.
	Off, N int64

	// Bytes is what came of it: the bytes of a put or read that succeeded.
	Bytes int64
	// Objects is the number of entries of a listing page.
	Objects int
	// Err is how it ended.
	Err error
}

func putCall(key string, size int64) Call { return Call{Op: OpPut, Key: key, N: size} }

func readCall(key string, off, n int64) Call { return Call{Op: OpRead, Key: key, Off: off, N: n} }

func listCall(prefix, after string) Call { return Call{Op: OpList, Key: prefix, After: after} }

func deleteCall(keys []string) Call { return Call{Op: OpDelete, Key: keys[0], Keys: keys} }
