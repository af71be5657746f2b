package segment

import (
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding"
)

// compactSchema is the schema of the segments that a compactor writes. Some columns are stored in
// fewer bytes than the struct tags of Row say.
var compactSchema = parquet.NewSchema("stored", tunedRoot{parquet.SchemaOf(stored{})})

// best is the strongest compression. It takes several times as long as the default, and 34 MB of memory
// for each page that it compresses at a time. It is worth that only for columns in which similar
// texts are far apart.
var best = newZstdCodec(zstd.SpeedBestCompression, 1)

// tuned says how compactors store columns other than the struct tags of Row say.
var tuned = map[string]struct {
	codec    compress.Codec
	encoding encoding.Encoding
}{
	"client_id":       {codec: best},
	"username":        {codec: best},
	"peer_address":    {codec: best},
	"channel_id":      {encoding: &parquet.DeltaLengthByteArray},
	"source_event_id": {encoding: &parquet.DeltaLengthByteArray},
}

// tunedRoot is the root of a schema with tuned columns.
type tunedRoot struct{ parquet.Node }

// Fields returns the columns.
func (r tunedRoot) Fields() []parquet.Field {
	fields := r.Node.Fields()
	for i := range fields {
		fields[i] = tunedField{fields[i]}
	}
	return fields
}

type tunedField struct{ parquet.Field }

// Compression returns the column's own codec, or nil.
func (f tunedField) Compression() compress.Codec {
	if codec := tuned[f.Name()].codec; codec != nil {
		return codec
	}
	return f.Field.Compression()
}

// Encoding returns the column's encoding.
func (f tunedField) Encoding() encoding.Encoding {
	if e := tuned[f.Name()].encoding; e != nil {
		return e
	}
	return f.Field.Encoding()
}
