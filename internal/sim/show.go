package sim

import (
	"fmt"
	"strconv"

	"rockpool.dev/mutation"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// show is a value for people.
func show(v value.Value) string {
	switch v.Kind() {
	case value.KindNull:
		return "NULL"
	case value.KindInt:
		return strconv.FormatInt(v.Int(), 10)
	case value.KindFloat:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	}
	return v.Str()
}

func showRow(r value.Row) string {
	if r == nil {
		return "absent"
	}
	s := "("
	for i, v := range r {
		if i > 0 {
			s += " "
		}
		s += show(v)
	}
	return s + ")"
}

func showKey(key string) string {
	v, _, _ := value.Decode([]byte(key))
	return show(v)
}

// showFrame is a frame for the trace.
func showFrame(b []byte) string {
	body := b[2:]
	decode := func(m interface{ Decode([]byte) error }) bool { return m.Decode(body) == nil }
	switch wire.RelayFrame(b[0]) {
	case wire.FrameHello:
		var m wire.Hello
		if decode(&m) {
			s := fmt.Sprintf("hello %s inc %s→%s cursor %v acked %d last %d", m.ClientID, m.IncarnationOld, m.IncarnationNew, m.Cursor, m.AckedMid, m.LastMid)
			for _, x := range m.Subs {
				s += fmt.Sprintf(" %d:%s(have %v)", x.ID, x.Shape, x.Have)
			}
			return s
		}
	case wire.FrameMut:
		var m mutation.Tx
		if decode(&m) {
			return "mut " + showTx(&m)
		}
	case wire.FrameWelcome:
		var m wire.Welcome
		if decode(&m) {
			return fmt.Sprintf("welcome last %d resume %v head %v outcomes %d rewound %v", m.LastMid, m.Resume, m.Head, len(m.Outcomes), m.Rewound)
		}
	case wire.FrameTx:
		var m wire.Tx
		if decode(&m) {
			s := fmt.Sprintf("tx %v→%v part %d last %v", m.From, m.To, m.Part, m.Last)
			for _, a := range m.Acks {
				s += fmt.Sprintf(" ack %d=%d", a.Mid, a.Status)
			}
			for _, x := range m.Blocks {
				s += fmt.Sprintf(" block %d/%d %dB", x.Bucket, x.Table, len(x.Data))
			}
			return s
		}
	case wire.FrameSnap:
		var m wire.Snap
		if decode(&m) {
			return fmt.Sprintf("snap %d at %v bucket %d table %d, %d chunks", m.ID, m.Pos, m.Bucket, m.Table, len(m.URLs))
		}
	case wire.FrameReady:
		var m wire.Ready
		if decode(&m) {
			return fmt.Sprintf("ready %d at %v bucket %d", m.ID, m.Pos, m.Bucket)
		}
	case wire.FrameDeny:
		var m wire.Deny
		if decode(&m) {
			return fmt.Sprintf("deny %d %s", m.ID, m.Msg)
		}
	case wire.FrameRetry:
		var m wire.Retry
		if decode(&m) {
			return fmt.Sprintf("retry from %d after %d", m.FromMid, m.AfterMillis)
		}
	case wire.FrameBye:
		var m wire.Bye
		if decode(&m) {
			return fmt.Sprintf("bye %d %s", m.Kind, m.Msg)
		}
	case wire.FramePing:
		var m wire.Ping
		if decode(&m) {
			return fmt.Sprintf("ping %d head %v", m.T, m.Head)
		}
	case wire.FrameAck:
		var m wire.Ack
		if decode(&m) {
			return fmt.Sprintf("ack %v probe %d", m.Pos, m.Probe)
		}
	}
	return fmt.Sprintf("frame %d, %d bytes", b[0], len(b))
}

func showTx(m *mutation.Tx) string {
	s := fmt.Sprintf("%d seen %v depends %v", m.Mid, m.Seen, m.Depends)
	for _, op := range m.Ops {
		s += fmt.Sprintf(" [%s %d %s cols %v new %s]", [...]string{"?", "ins", "upd", "del"}[op.Kind], op.Table, showRow(op.Key), op.Cols, showRow(op.New))
	}
	return s
}
