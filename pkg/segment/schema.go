package segment

import (
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding"
)

// schemas has the schema of each kind of segment. In the segments that a compactor writes, some columns
// are stored in fewer bytes than the struct tags of Row say.
var schemas = [...]*parquet.Schema{
	fresh:   parquet.SchemaOf(stored{}),
	interim: parquet.NewSchema("stored", tunedRoot{parquet.SchemaOf(stored{}), nil}),
	lasting: parquet.NewSchema("stored", tunedRoot{parquet.SchemaOf(stored{}), newZstdCodec(zstd.SpeedBestCompression, 1)}),
}

// separateLengths names the columns whose texts are mostly random, so that they take less space
// without their lengths in between.
var separateLengths = map[string]bool{"channel_id": true, "source_event_id": true}

// farRepetitions names the columns in which similar texts are far apart. Lasting segments store them
// with the strongest compression. It makes a merge 17% slower, and takes 34 MB of memory for each
// page that is compressed at a time.
var farRepetitions = map[string]bool{"client_id": true, "username": true, "peer_address": true}

// tunedRoot is the root of a schema with tuned columns.
type tunedRoot struct {
	parquet.Node
	best compress.Codec // for farRepetitions; nil: the codec of the other columns
}

// Fields returns the columns.
func (r tunedRoot) Fields() []parquet.Field {
	fields := r.Node.Fields()
	for i, f := range fields {
		fields[i] = tunedField{f, r.best}
	}
	return fields
}

type tunedField struct {
	parquet.Field
	best compress.Codec
}

// Compression returns the column's own codec, or nil.
func (f tunedField) Compression() compress.Codec {
	if f.best != nil && farRepetitions[f.Name()] {
		return f.best
	}
	return f.Field.Compression()
}

// Encoding returns the column's encoding.
func (f tunedField) Encoding() encoding.Encoding {
	if separateLengths[f.Name()] {
		return &parquet.DeltaLengthByteArray
	}
	return f.Field.Encoding()
}
