package session

import (
	"rockpool.dev/mutation"
	"rockpool.dev/wire"
)

// partBytes is where a transaction is cut into parts. A block and the header
// beyond it still fit a frame.
const partBytes = 512 << 10

// TxFrames returns the frames of one transaction: head's From, To, Schema and
// CommitMicros, the outcomes, and the encoded blocks, cut into parts.
func TxFrames(head wire.Tx, acks []mutation.Outcome, blocks [][]byte) [][]byte {
	var frames [][]byte
	last := wire.Tx{Last: true, Lost: head.Lost}
	head.Lost = nil
	start := func() []byte {
		part := head
		part.Part = uint32(len(frames))
		return part.AppendTo([]byte{byte(wire.FrameTx), 0})
	}
	frame := start()
	next := func(n int) {
		if len(frame) > 64 && len(frame)+n > partBytes {
			frames = append(frames, frame)
			frame = start()
		}
	}
	for i := range acks {
		one := wire.Tx{Acks: acks[i : i+1]}
		enc := one.AppendTo(nil)
		next(len(enc))
		frame = append(frame, enc...)
	}
	for _, b := range blocks {
		next(len(b))
		frame = append(frame, b...)
	}
	return append(frames, last.AppendTo(frame))
}
