package webhook

import (
	"devicetrace/pkg/broker"
	"devicetrace/pkg/serve"
)

// The weight of a request is the memory, in bytes, that it may use until the response. The
// constants were measured with the bodies that need the most memory: bodies of 8 MiB that consist
// of the shortest possible events, of long texts, or of rejected items. A test in
// functions/recorder checks that such bodies do not exceed the function's memory.
const (
	// minWeight is the memory that does not depend on the body's length, such as the
	// decompressor's.
	minWeight = 64 << 10
	// byteWeight is the memory for each byte of the decompressed body: the body, its texts in the
	// events, and either the segments that are put or the copies that the quarantine makes.
	byteWeight = 5
	// itemWeight is the memory for each item that may become an event: the event, its identifier,
	// the copies of its row that recording makes, and the spare capacity of the lists.
	itemWeight = 1152

	maxItems = broker.MaxItems
)

// MinBudget is the weight of the heaviest delivery, in bytes. The heaviest delivery is either a
// decoded body or a trigger's payload of maximum length. Such a payload is longer than maxBody, so
// it is quarantined without being decoded.
const MinBudget = max(minWeight+maxBody+byteWeight*maxBody+itemWeight*maxItems, minWeight+byteWeight*serve.MaxBody)

// listWeight is the weight of a listing of the quarantine, in bytes. It covers a listing page of
// the store, the response, and the start of each object that is being read.
const listWeight = 1<<20 + parallelReads*minWeight

// A signed delivery has these weights, in bytes, until its signature has been checked.
const (
	// idleWeight is the memory of a connection whose body has not arrived yet.
	idleWeight = 4 << 10
	// signedByteWeight is the memory for each byte of the body that has arrived.
	signedByteWeight = 1 + signatureCopies
	// unprovenBudget is the weight of the heaviest delivery. readBody reads one byte more than the
	// maximum length, to notice a longer body.
	unprovenBudget = idleWeight + signedByteWeight*(maxBody+1)
)

// sentWeight returns the weight of a delivery while its body is being read, before the body is
// decoded.
func (d *delivery) sentWeight() int64 { return minWeight + d.sentLength() }

// sentLength returns the length of the body as sent, in bytes, or the maximum length if it is
// unknown.
func (d *delivery) sentLength() int64 {
	if d.length < 0 {
		return maxBody
	}
	return min(d.length, maxBody)
}

// contents counts the bytes and the marks of the decompressed body that is written to it. The
// number of marks limits the number of events in the body.
type contents struct {
	bytes int64
	marks broker.Marker
}

func newContents(source broker.Source) contents {
	return contents{marks: broker.Marker{Source: source}}
}

func (c *contents) Write(p []byte) (int, error) {
	c.bytes += int64(len(p))
	c.marks.Add(p)
	return len(p), nil
}

// weight returns the weight of a delivery with these contents. sent is the length of the body as
// sent, in bytes.
func (c *contents) weight(sent int64) int64 {
	return minWeight + sent + byteWeight*c.bytes + itemWeight*min(c.marks.Count+1, maxItems)
}

// readWeight returns the weight of reading an item from the quarantine, in bytes, given the size of
// its object. The weight never exceeds MinBudget, so that even the longest payload can be read with
// the smallest budget. If that payload is stored in base64, its object is longer than the payload.
// MinBudget still suffices, because an object in base64 needs less than byteWeight for each byte.
func readWeight(size int64) int64 { return min(minWeight+byteWeight*size, MinBudget) }
