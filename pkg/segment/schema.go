package segment

import (
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding"
)

// schemas holds the schema for each lifetime of a segment. In segments that a compactor writes,
// some columns have encodings that take less space than those in the struct tags of Row.
var schemas = [...]*parquet.Schema{
	fresh:   parquet.SchemaOf(stored{}),
	interim: parquet.NewSchema("stored", tunedRoot{parquet.SchemaOf(stored{}), nil}),
	lasting: parquet.NewSchema("stored", tunedRoot{parquet.SchemaOf(stored{}), newZstdCodec(zstd.SpeedBestCompression, 1)}),
}

// separateLengths names the columns whose texts are mostly random. Such texts take less space if
// their lengths are stored separately.
var separateLengths = map[string]bool{"channel_id": true, "source_event_id": true}

// farRepetitions names the columns in which similar texts are far apart. Lasting segments store
// these columns with the strongest compression. It makes a merge 17% slower, and takes 34 MB of
// memory for each page that is being compressed.
var farRepetitions = map[string]bool{"client_id": true, "username": true, "peer_address": true}

// tunedRoot is the root of a schema in which some columns have their own encoding or codec.
type tunedRoot struct {
	parquet.Node
	best compress.Codec // codec for farRepetitions; nil means the codec of all other columns
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
