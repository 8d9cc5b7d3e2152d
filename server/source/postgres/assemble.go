package postgres

import (
	"github.com/jackc/pglogrepl"

	"rockpool.dev/fault"
)

// streamBytesMax bounds what uncommitted transactions may hold in memory
// before they commit or abort.
const streamBytesMax = 1 << 30

// rawTx is one committed transaction as pgoutput gave it.
type rawTx struct {
	lsn    pglogrepl.LSN // end of the commit record
	xid    uint32
	micros int64 // commit time since 1970
	rows   []rawRow
}

// rawRow is one message about rows, with the subtransaction that wrote it.
type rawRow struct {
	xid uint32
	msg pglogrepl.Message
}

// assembler puts messages together into committed transactions. Large ones
// arrive in blocks, mixed with small whole ones, and may lose a rolled-back
// savepoint's rows after they were sent (SYNC.md §4.4).
type assembler struct {
	current  *rawTx            // between Begin and Commit
	streamed map[uint32]*rawTx // by top-level xid
	inBlock  uint32            // top-level xid of the open block, or 0
	bytes    int
	sizes    map[uint32]int
}

func newAssembler() *assembler {
	return &assembler{streamed: map[uint32]*rawTx{}, sizes: map[uint32]int{}}
}

// add takes one WAL message and returns a transaction when it completes one.
func (a *assembler) add(wal []byte) (*rawTx, error) {
	msg, err := pglogrepl.ParseV2(wal, a.inBlock != 0)
	if err != nil {
		return nil, fault.Wrap(fault.SourceUnavailable, "decode the stream", err)
	}
	switch m := msg.(type) {
	case *pglogrepl.BeginMessage:
		a.current = &rawTx{xid: m.Xid}
	case *pglogrepl.CommitMessage:
		tx := a.current
		a.current = nil
		a.release(tx.xid)
		tx.lsn, tx.micros = m.TransactionEndLSN, m.CommitTime.UnixMicro()
		return tx, nil
	case *pglogrepl.StreamStartMessageV2:
		a.inBlock = m.Xid
		if a.streamed[m.Xid] == nil {
			a.streamed[m.Xid] = &rawTx{xid: m.Xid}
		}
	case *pglogrepl.StreamStopMessageV2:
		a.inBlock = 0
	case *pglogrepl.StreamCommitMessageV2:
		tx := a.streamed[m.Xid]
		delete(a.streamed, m.Xid)
		a.release(m.Xid)
		if tx == nil {
			return nil, fault.New(fault.SourceUnavailable, "decode the stream", "a streamed transaction was committed that never began")
		}
		tx.lsn, tx.micros = m.TransactionEndLSN, m.CommitTime.UnixMicro()
		return tx, nil
	case *pglogrepl.StreamAbortMessageV2:
		a.abort(m.Xid, m.SubXid)
	case *pglogrepl.OriginMessage:
	default:
		return nil, a.row(msg, len(wal))
	}
	return nil, nil
}

func (a *assembler) row(msg pglogrepl.Message, size int) error {
	tx, xid := a.current, uint32(0)
	if a.inBlock != 0 {
		tx, xid = a.streamed[a.inBlock], streamXid(msg)
	}
	if tx == nil { // a message outside any transaction: a heartbeat
		return nil
	}
	a.bytes += size
	a.sizes[tx.xid] += size
	if a.bytes > streamBytesMax {
		return fault.New(fault.LimitExceeded, "follow the stream", "open transactions hold more than 1 GiB of changes").
			WithHint("write in smaller transactions, or give the relay more memory and raise streamBytesMax")
	}
	tx.rows = append(tx.rows, rawRow{xid, msg})
	return nil
}

func (a *assembler) release(xid uint32) {
	a.bytes -= a.sizes[xid]
	delete(a.sizes, xid)
}

// abort drops a streamed transaction, or the rows of one of its savepoints.
func (a *assembler) abort(top, sub uint32) {
	tx := a.streamed[top]
	if tx == nil {
		return
	}
	if top == sub {
		delete(a.streamed, top)
		a.release(top)
		return
	}
	kept := tx.rows[:0]
	for _, r := range tx.rows {
		_, relation := r.msg.(*pglogrepl.RelationMessageV2)
		if r.xid != sub || relation {
			kept = append(kept, r)
		}
	}
	tx.rows = kept
}

// streamXid is the (sub)transaction that a message inside a block belongs to.
func streamXid(msg pglogrepl.Message) uint32 {
	switch m := msg.(type) {
	case *pglogrepl.InsertMessageV2:
		return m.Xid
	case *pglogrepl.UpdateMessageV2:
		return m.Xid
	case *pglogrepl.DeleteMessageV2:
		return m.Xid
	case *pglogrepl.TruncateMessageV2:
		return m.Xid
	case *pglogrepl.RelationMessageV2:
		return m.Xid
	case *pglogrepl.TypeMessageV2:
		return m.Xid
	case *pglogrepl.LogicalDecodingMessageV2:
		return m.Xid
	default:
		return 0
	}
}
