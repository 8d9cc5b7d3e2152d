package wire

import "rockpool.dev/fault"

// FlagMore says that the message goes on in the socket's next frame, which has
// the same type: the bodies put together are one message. It lets a message
// be longer than FrameBytesMax, as a large transaction or a long row is.
const FlagMore uint8 = 2

// frameHeaderBytes is the type and the flags.
const frameHeaderBytes = 2

// CutFrame returns a message, framed as if it had no limit, as frames of at
// most max bytes. The first shares its bytes, and its flags are changed.
func CutFrame(frame []byte, max int) [][]byte {
	if len(frame) <= max {
		return [][]byte{frame}
	}
	kind, flags := frame[0], frame[1]
	out := [][]byte{frame[:max:max]}
	for rest := frame[max:]; len(rest) > 0; {
		n := min(len(rest), max-frameHeaderBytes)
		out = append(out, append([]byte{kind, flags}, rest[:n]...))
		rest = rest[n:]
	}
	for _, part := range out[:len(out)-1] {
		part[1] |= FlagMore
	}
	return out
}

// FrameJoiner puts cut frames together: one for each direction of a socket.
// The zero FrameJoiner is ready.
type FrameJoiner struct{ message []byte }

// Add takes a frame of at least two bytes. It returns the whole message framed
// without FlagMore, or nil while the message goes on. max bounds the message.
// fault.Protocol when another message begins inside one, fault.TooLarge beyond
// max; the joiner is empty then.
func (j *FrameJoiner) Add(frame []byte, max int) ([]byte, error) {
	more := frame[1]&FlagMore != 0
	if j.message == nil && !more {
		return frame, nil
	}
	if j.message == nil {
		j.message = append(make([]byte, 0, 2*len(frame)), frame[0], frame[1]&^FlagMore)
	}
	message := j.message
	switch {
	case message[0] != frame[0] || message[1] != frame[1]&^FlagMore:
		j.message = nil
		return nil, fault.New(fault.Protocol, "read a frame", "another message begins inside one")
	case len(message)+len(frame)-frameHeaderBytes > max:
		j.message = nil
		return nil, fault.New(fault.TooLarge, "read a frame", "the message is longer than the limit, all its frames together")
	}
	message = append(message, frame[frameHeaderBytes:]...)
	if more {
		j.message = message
		return nil, nil
	}
	j.message = nil
	return message, nil
}
