package wire

import (
	"encoding/binary"

	"rockpool.dev/fault"
)

// ChunkHeader precedes the rows of a snapshot chunk. Layout, little endian:
//
//	0  u32 magic "RPC1"
//	4  u32 table ID
//	8  u32 schema version
//	12 u32 rows
//	16 u32 columns
//	20 u32 bucket
//	24 rows × columns tagged values, which are bind sets as they stand
type ChunkHeader struct {
	Table, Schema, Rows, Columns, Bucket uint32
}

// ChunkHeaderBytes is the length of an encoded ChunkHeader.
const ChunkHeaderBytes = 24

const chunkMagic = 0x31435052 // "RPC1"

// AppendTo encodes the header after dst.
func (h *ChunkHeader) AppendTo(dst []byte) []byte {
	for _, v := range [...]uint32{chunkMagic, h.Table, h.Schema, h.Rows, h.Columns, h.Bucket} {
		dst = binary.LittleEndian.AppendUint32(dst, v)
	}
	return dst
}

// DecodeChunk reads a header and returns the bytes of the rows, which share
// src. fault.Protocol when src is no chunk.
func DecodeChunk(src []byte) (h ChunkHeader, rows []byte, err error) {
	if len(src) < ChunkHeaderBytes || binary.LittleEndian.Uint32(src) != chunkMagic {
		return h, nil, fault.New(fault.Protocol, "decode snapshot chunk", "not a snapshot chunk")
	}
	h.Table = binary.LittleEndian.Uint32(src[4:])
	h.Schema = binary.LittleEndian.Uint32(src[8:])
	h.Rows = binary.LittleEndian.Uint32(src[12:])
	h.Columns = binary.LittleEndian.Uint32(src[16:])
	h.Bucket = binary.LittleEndian.Uint32(src[20:])
	if h.Rows > ChunkRowsMax || uint64(h.Rows)*uint64(h.Columns) > uint64(len(src)) {
		return h, nil, fault.New(fault.Protocol, "decode snapshot chunk", "more rows than bytes")
	}
	return h, src[ChunkHeaderBytes:], nil
}
