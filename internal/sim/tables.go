package sim

import (
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// The tables of a run: one merged by column with an amount that is added to,
// one where the later clock wins, one where a person decides, one of which
// everybody sees a part, one whose columns merge (pages.go).
const (
	itemsID = 1
	notesID = 2
	docsID  = 3
	postsID = 4
	pagesID = 5
)

// postColumns is how many columns posts has: id, room, body.
const postColumns = 3

// hotRows is how many rows of each table everybody fights over.
const hotRows = 4

// simSchema is what the source publishes; the model relay has no policies, and
// so no posts, and does not merge, so it has no pages.
func simSchema(policies bool) *schema.Schema {
	text := func(name string) schema.Column {
		return schema.Column{Name: name, Type: schema.TypeText, SourceType: "text"}
	}
	key := schema.Column{Name: "id", Type: schema.TypeText, NotNull: true, SourceType: "text"}
	s := &schema.Schema{Version: 1, Tables: []schema.Table{
		{ID: itemsID, Name: "items", Key: []uint32{0}, Strategy: schema.StrategyMerge, Columns: []schema.Column{
			key, text("name"), text("place"),
			{Name: "qty", Type: schema.TypeInt, NotNull: true, Default: "0", SourceType: "int8", Strategy: schema.StrategyDelta},
		}, Checks: []schema.Check{{Name: "items_qty_check", Expr: "qty >= 0"}}},
		{ID: notesID, Name: "notes", Key: []uint32{0}, Strategy: schema.StrategyLWW, Columns: []schema.Column{key, text("body"), text("tag")}},
		{ID: docsID, Name: "docs", Key: []uint32{0}, Strategy: schema.StrategyManual, Columns: []schema.Column{key, text("body"), text("tag")}},
	}}
	if policies {
		s.Tables = append(s.Tables, schema.Table{ID: postsID, Name: "posts", Key: []uint32{0}, Strategy: schema.StrategyMerge, Columns: []schema.Column{key, text("room"), text("body")}}, pagesTable(key))
	}
	return s
}

// seedRows is what every table holds at first.
func seedRows(table uint32) (rows []value.Row) {
	for i := range hotRows {
		id := value.Text("hot" + string(rune('a'+i)))
		switch table {
		case itemsID:
			rows = append(rows, value.Row{id, value.Text("item"), value.Text("here"), value.Int(5)})
		case pagesID:
			rows = append(rows, value.Row{id, value.Text(pageText), value.Text(pageData), value.Text("{}")})
		case postsID:
			rows = append(rows, value.Row{id, value.Text(rooms[i%len(rooms)]), value.Text("text")})
		default:
			rows = append(rows, value.Row{id, value.Text("text"), value.Null})
		}
	}
	return rows
}

func keyText(t *schema.Table, row value.Row) string {
	k := make(value.Row, len(t.Key))
	for i, c := range t.Key {
		k[i] = row[c]
	}
	return string(k.Append(nil))
}
