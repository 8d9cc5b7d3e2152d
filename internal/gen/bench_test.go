package main

import (
	"fmt"
	"testing"

	"rockpool.dev/changelog"
	"rockpool.dev/internal/codectest"
	"rockpool.dev/mutation"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

// hotMessages are what travels while somebody waits: a client's transaction,
// a piece of the log, an answer to the page.
func hotMessages() map[string]codectest.Message {
	tx := &mutation.Tx{Mid: 1 << 20, Seen: version.Pos{Epoch: 1, Seq: 1 << 20}, HLC: version.At(1_764_000_000_000), Schema: 2}
	piece := &changelog.Tx{Pos: version.Pos{Epoch: 1, Seq: 100}, Prev: version.Pos{Epoch: 1, Seq: 99}, LSN: 1 << 33, Schema: 2}
	for i := range 64 {
		tx.Ops = append(tx.Ops, mutation.Op{
			Table: 3, Kind: mutation.Update, Key: value.Row{value.Int(int64(i))}, Cols: []uint32{1, 2},
			Old: value.Row{value.Text("before"), value.Int(4)}, New: value.Row{value.Text("after"), value.Int(5)},
		})
		piece.Changes = append(piece.Changes, changelog.Change{Table: 3, New: value.Row{value.Int(int64(i)), value.Text("after"), value.Int(5)}})
	}
	tx.Seal()
	return map[string]codectest.Message{
		"operations": tx,
		"changes":    piece,
		"done":       &wire.WriteDone{Mid: 1 << 20, Known: true},
		"row":        &wire.NamedRow{Columns: []string{"id", "name", "price"}, Values: value.Row{value.Int(1), value.Text("tea"), value.Float(1.5)}},
	}
}

func BenchmarkEncode(b *testing.B) {
	for name, m := range hotMessages() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				dst = m.AppendTo(dst[:0])
			}
			b.SetBytes(int64(len(dst)))
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, m := range hotMessages() {
		src := m.AppendTo(nil)
		into := messages[typeName(m)]()
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				if err := into.Decode(src); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// typeName is a message's name in the registry.
func typeName(m codectest.Message) string { return fmt.Sprintf("%T", m)[1:] }
