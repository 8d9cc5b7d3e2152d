// Package session is one client's socket as the relay keeps it: frames in and
// out, credit, rate, heartbeat, and which columns the client's build declares.
// It owns no goroutine, socket or clock; package relay moves it.
package session

import (
	"errors"
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/wire"
)

// Body is a message that can be encoded.
type Body interface{ AppendTo(dst []byte) []byte }

// Encode returns a frame: type, flags, body.
func Encode(t wire.RelayFrame, body Body) []byte {
	return body.AppendTo([]byte{byte(t), 0})
}

// frameHeaderBytes is the type and the flags.
const frameHeaderBytes = 2

// Join puts the frames of a client's message together; nil while it goes on.
// first says as in Decode. Only a mutation may be longer than a frame.
// fault.Protocol, fault.TooLarge.
func Join(j *wire.FrameJoiner, frame []byte, first bool) ([]byte, error) {
	const op = "read a frame"
	switch {
	case len(frame) > wire.FrameBytesMax:
		return nil, fault.New(fault.TooLarge, op, "it is longer than the limit")
	case len(frame) < frameHeaderBytes:
		return nil, fault.New(fault.Protocol, op, "it is too short")
	case frame[1]&wire.FlagMore != 0 && (first || wire.RelayFrame(frame[0]) != wire.FrameMut):
		return nil, fault.New(fault.Protocol, op, "only a mutation may go on in another frame")
	}
	return j.Add(frame, wire.MutationBytesMax+frameHeaderBytes)
}

// Decode reads a client's whole frame. first says that nothing was read before: then
// only a hello may come. fault.Protocol, fault.TooLarge.
func Decode(frame []byte, first bool) (any, error) {
	const op = "read a frame"
	limit := wire.MutationBytesMax + frameHeaderBytes // whole messages: the socket bounds their frames
	if first {
		limit = wire.HelloBytesMax
	}
	switch {
	case len(frame) > limit:
		return nil, fault.New(fault.TooLarge, op, "it is longer than the limit")
	case len(frame) < frameHeaderBytes:
		return nil, fault.New(fault.Protocol, op, "it is too short")
	case frame[1] != 0:
		return nil, fault.New(fault.Protocol, op, "its flags are not known")
	}
	t, body := wire.RelayFrame(frame[0]), frame[frameHeaderBytes:]
	if first != (t == wire.FrameHello) {
		return nil, fault.New(fault.Protocol, op, "the hello must come first, and once")
	}
	switch t {
	case wire.FrameHello:
		return decode(body, new(wire.Hello))
	case wire.FrameSub:
		return decode(body, new(wire.Sub))
	case wire.FrameUnsub:
		return decode(body, new(wire.Unsub))
	case wire.FrameMut:
		return decode(body, new(mutation.Tx))
	case wire.FrameAck:
		return decode(body, new(wire.Ack))
	case wire.FrameToken:
		return decode(body, new(wire.Token))
	case wire.FramePong:
		return decode(body, new(wire.Pong))
	}
	return nil, fault.New(fault.Protocol, op, "its type is not known")
}

func decode[T interface{ Decode(src []byte) error }](body []byte, msg T) (any, error) {
	if err := msg.Decode(body); err != nil {
		return nil, fault.Wrap(fault.Protocol, "read a frame", err)
	}
	return msg, nil
}

// ByeOf tells an error as the last frame, as far as it is a client's to know.
// retryMillis is 0 for "as you like".
func ByeOf(err error, retryMillis uint32) []byte {
	kind, hint := fault.KindOf(err), fault.HintOf(err)
	if hint == "" {
		hint = remedies[kind]
	}
	return Encode(wire.FrameBye, &wire.Bye{Kind: uint16(kind), Msg: public(err), Hint: hint, RetryMillis: retryMillis})
}

// IsOurs reports whether the source or the relay is at fault. What others'
// errors say then (Postgres's name its host, its users and statements) is the
// operator's to read, and no client's.
func IsOurs(err error) bool {
	switch fault.KindOf(err) {
	case fault.SourceUnavailable, fault.Internal, fault.Unknown:
		return true
	default:
		return false
	}
}

// public is an error's text for a client.
func public(err error) string {
	if !IsOurs(err) {
		return err.Error()
	}
	kind := fault.KindOf(err)
	var said []string
	for e := (*fault.Error)(nil); errors.As(err, &e); err = e.Err {
		for _, part := range []string{e.Op, e.Msg} {
			if part != "" {
				said = append(said, part)
			}
		}
	}
	return strings.Join(append(said, kind.String()), ": ")
}

// remedies are what to do about errors whose place knows nothing better.
var remedies = map[fault.Kind]string{
	fault.Protocol:          "the app and the relay do not understand each other: update both; if it goes on, it is a defect of ours",
	fault.TooLarge:          "send less at once",
	fault.LimitExceeded:     "wait, then send less at once; the relay's limits stand in rockpool.yaml",
	fault.TokenExpired:      "sign in again, or refresh the session",
	fault.SourceUnavailable: "nothing is lost: what is not saved yet is sent when the relay is back",
	fault.ResyncNeeded:      "connect again: the tables are loaded anew, and what is not saved yet is kept",
	fault.Timeout:           "connect again",
	fault.Internal:          "look at the relay's log; connect again",
}

// DenyOf tells an error as the answer to a subscription.
func DenyOf(id uint32, err error) []byte {
	return Encode(wire.FrameDeny, &wire.Deny{ID: id, Kind: uint16(fault.KindOf(err)), Msg: err.Error(), Hint: fault.HintOf(err)})
}
