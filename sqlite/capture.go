package sqlite

import (
	"encoding/binary"

	"rockpool.dev/value"
)

// CaptureLog is the captured changes of the open transaction, in the order in
// which rows changed: records one after the other, without a header.
//
//	u32 size of the record, little endian as all numbers
//	u8  operation: CaptureInsert, CaptureUpdate, CaptureDelete
//	u8  trigger depth: 0 for the statement itself
//	u16 columns
//	u32 table id, as given to Conn.Capture
//	    old values (update, delete), then new values (insert, update), tagged (package value)
//
// The bytes are the connection's: valid until the next change of a captured
// table, or the end of the transaction.
type CaptureLog []byte

// The operations of a record.
const (
	CaptureInsert = 1
	CaptureUpdate = 2
	CaptureDelete = 3
)

// CaptureHeaderBytes is the fixed part of a record.
const CaptureHeaderBytes = 12

// CaptureRecord is one changed row.
type CaptureRecord struct {
	Op, Depth uint8
	Table     uint32
	Columns   int
	// Images is the encoded values: old before new.
	Images []byte
}

// Next cuts the first record off. ok is false at the end of the log, or when
// its bytes are not a whole record.
func (l CaptureLog) Next() (r CaptureRecord, rest CaptureLog, ok bool) {
	if len(l) < CaptureHeaderBytes {
		return r, l, false
	}
	size := binary.LittleEndian.Uint32(l)
	if size < CaptureHeaderBytes || uint64(size) > uint64(len(l)) {
		return r, l, false
	}
	r.Op, r.Depth = l[4], l[5]
	r.Columns = int(binary.LittleEndian.Uint16(l[6:]))
	r.Table = binary.LittleEndian.Uint32(l[8:])
	r.Images = l[CaptureHeaderBytes:size:size]
	return r, l[size:], true
}

// Rows decodes the images: old is nil for an insert, new for a delete.
// ok is false when the bytes are not whole rows.
func (r CaptureRecord) Rows() (old, new value.Row, ok bool) {
	b := r.Images
	if r.Op != CaptureInsert {
		if old, b, ok = value.DecodeRow(b, r.Columns); !ok {
			return nil, nil, false
		}
	}
	if r.Op != CaptureDelete {
		if new, b, ok = value.DecodeRow(b, r.Columns); !ok {
			return nil, nil, false
		}
	}
	return old, new, len(b) == 0
}

// Len returns the number of whole records.
func (l CaptureLog) Len() (n int) {
	for {
		_, rest, ok := l.Next()
		if !ok {
			return n
		}
		l, n = rest, n+1
	}
}
