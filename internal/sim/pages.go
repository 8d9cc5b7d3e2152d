package sim

import (
	"slices"
	"strconv"
	"strings"

	"rockpool.dev/changelog"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// What a page holds at first: words to change, and members.
const (
	pageText = "one two three four five six seven\neight nine ten eleven twelve\n"
	pageData = `{"a": "0", "b": {"x": "0", "y": "0"}}`
)

// pagesTable has a column for each merge of two values.
func pagesTable(key schema.Column) schema.Table {
	return schema.Table{ID: pagesID, Name: "pages", Key: []uint32{0}, Strategy: schema.StrategyMerge, Columns: []schema.Column{
		key,
		{Name: "body", Type: schema.TypeText, SourceType: "text", Strategy: schema.StrategyText},
		{Name: "data", Type: schema.TypeJSONB, SourceType: "jsonb", Strategy: schema.StrategyJSON},
		{Name: "tags", Type: schema.TypeArray, SourceType: "text[]", Strategy: schema.StrategySet},
	}}
}

// editPage changes one part of one column to word, which nobody has written.
func (w *world) editPage(row value.Row, word string) (column int, v value.Value) {
	column = 1 + w.rng.IntN(3)
	old := row[column].Str()
	switch column {
	case 1:
		words := strings.SplitAfter(old, " ")
		i := w.rng.IntN(len(words))
		end := strings.TrimLeft(words[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
		words[i] = word + end
		return column, value.Text(strings.Join(words, ""))
	case 2:
		kind, parts := schema.JSONParts(old)
		if kind != '{' {
			return column, value.Text(`{"a": "` + word + `"}`)
		}
		key, out := pick(w, []string{"a", "b", "c", "d"}), `{"`+word+`": "new"`
		if w.chance(0.7) {
			out = `{"` + key + `": "` + word + `"`
		}
		for _, p := range parts {
			if !strings.HasPrefix(out, `{"`+p.Key+`"`) {
				out += `, "` + p.Key + `": ` + p.Text
			}
		}
		return column, value.Text(out + "}")
	}
	tags := strings.FieldsFunc(old, func(r rune) bool { return strings.ContainsRune("{},", r) })
	if len(tags) > 0 && w.chance(0.4) {
		i := w.rng.IntN(len(tags))
		tags = slices.Delete(tags, i, i+1)
	} else {
		tags = append(tags, word)
	}
	return column, value.Text("{" + strings.Join(tags, ",") + "}")
}

// pageOperation edits a page as this client sees it.
func (c *client) pageOperation(op wire.Operation, key string) wire.Operation {
	w := c.w
	t := w.schema.ByID(pagesID)
	rows, err := c.visible(t)
	if err != nil {
		w.fail("%s: read pages: %v", c.name, err)
		return op
	}
	row := rows[string(value.Row{value.Text(key)}.Append(nil))]
	switch {
	case row == nil:
		op.Type = wire.OpUpsert
		op.Columns = append(op.Columns, "body", "data", "tags")
		op.Values = value.Row{value.Text(key), value.Text(pageText), value.Text(pageData), value.Text("{}")}
		return op
	case w.chance(0.05):
		op.Type = wire.OpDelete
		op.Values = value.Row{value.Text(key)}
		return op
	}
	column, v := w.editPage(row, c.name+strconv.Itoa(w.stats.Writes)+"x"+strconv.Itoa(w.rng.IntN(1000)))
	op.Type = wire.OpUpdate
	op.Columns = append(op.Columns, t.Columns[column].Name)
	op.Values = value.Row{value.Text(key), v}
	return op
}

// mergedPage checks that a merge of pages lost nothing (I3): every word that its
// writer put in is in what stands.
func (o *oracle) mergedPage(r *changelog.Tx, g *changelog.Origin, tx *mutation.Tx) {
	t := o.schema.ByID(pagesID)
	for i := range tx.Ops {
		op := &tx.Ops[i]
		if op.Table != pagesID || op.Kind != mutation.Update || i+1 < len(tx.Ops) && len(tx.Ops) > 1 {
			continue
		}
		for _, c := range r.Changes {
			if c.Table != pagesID || c.New == nil || !t.KeyOf(c.New).Equal(op.Key) {
				continue
			}
			o.w.stats.Joined++
			for n, col := range op.Cols {
				was, has := wordsOf(op.Old[n]), wordsOf(c.New[col])
				for word := range wordsOf(op.New[n]) {
					if !was[word] && !has[word] {
						o.w.fail("I3: the merge of %d of %s lost %q of column %s: %q", g.Outcome.Mid, g.Client, word, t.Columns[col].Name, c.New[col].Str())
					}
				}
			}
		}
	}
}

func wordsOf(v value.Value) map[string]bool {
	out := map[string]bool{}
	for _, word := range strings.FieldsFunc(v.Str(), func(r rune) bool { return strings.ContainsRune(" \n{}[]\",:", r) }) {
		out[word] = true
	}
	return out
}
