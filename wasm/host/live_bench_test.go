package host_test

import (
	"testing"

	"rockpool.dev/query"
	"rockpool.dev/schema"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// BenchmarkLive is one update of a row, and the window of 50 rows that shows it:
// by an index, and where half of the table matches and none helps. "alone" is
// the update with no query watched.
func BenchmarkLive(b *testing.B) {
	for _, c := range []struct{ name, column, op, order string }{{"alone", "", "", ""}, {"index", "grp", "=", "v"}, {"scan", "grp", "<", "name"}} {
		b.Run(c.name, func(b *testing.B) {
			w := newWorld(b)
			w.joinWith(1, &schema.Schema{Version: 1, Tables: []schema.Table{{ID: 1, Name: "t", Key: []uint32{0}, Columns: []schema.Column{
				{Name: "id", Type: schema.TypeInt, NotNull: true}, {Name: "name", Type: schema.TypeText}, {Name: "v", Type: schema.TypeFloat}, {Name: "grp", Type: schema.TypeInt},
			}}}})
			w.exec(1, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO t SELECT i, 'name of row ' || i, i * 1.5, i % 100 FROM n")
			w.exec(1, "CREATE INDEX by_grp ON t(grp, v)")
			if c.column != "" {
				limit, n := valueOf(value.Int(50)), int64(7)
				if c.op == "<" {
					n = 50
				}
				w.send(1, wire.PageLive, &wire.LiveCall{Select: &query.Select{
					From: query.TableRef{Name: "t"}, Columns: []query.ResultExpr{{Expr: colOf("", "id")}, {Expr: colOf("", "name")}, {Expr: colOf("", "v")}},
					Where:   &query.Expr{Kind: query.ExprCompare, Name: c.op, Args: []query.Expr{colOf("", c.column), valueOf(value.Int(n))}},
					OrderBy: []query.Order{{Expr: colOf("", c.order)}}, Limit: &limit,
				}})
			}
			w.run()
			ids := []int64{7, 107, 207, 307, 407}
			if c.op == "<" {
				ids = []int64{1, 10, 100, 1000, 10000}
			}
			column := "name"
			if c.order == "name" {
				column = "v"
			}
			w.frames = nil
			b.ResetTimer()
			states := 0
			for i := range b.N {
				w.send(1, wire.PageQuery, &wire.Query{SQL: "UPDATE t SET " + column + " = ? WHERE id = ?", Args: value.Row{value.Int(int64(i)), value.Int(ids[i%5])}})
				w.run()
				for _, f := range w.frames {
					if f.kind == wire.PageLiveEnd {
						states++
					}
				}
				w.frames = w.frames[:0]
			}
			b.StopTimer()
			if c.column != "" && states < b.N*9/10 {
				b.Fatalf("%d states of %d updates", states, b.N)
			}
		})
	}
}

func colOf(table, name string) query.Expr {
	return query.Expr{Kind: query.ExprColumn, Table: table, Name: name}
}

func valueOf(v value.Value) query.Expr { return query.Expr{Kind: query.ExprValue, Value: v} }
