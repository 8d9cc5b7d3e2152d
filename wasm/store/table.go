package store

import (
	"strconv"
	"strings"

	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// table is one synced or local table with the SQL text that the store runs
// on it. Rows go by the schema's column order, keys by its key order.
type table struct {
	*schema.Table
	name string // quoted
	// sel and del take the key; ins and put take the whole row. put leaves a
	// row alone that has these values already, so changes are counted.
	sel, del, ins, put string
	// find, one for each unique constraint, takes its columns' values and
	// returns the keys of the rows that have them.
	find []string
	// keys returns every key.
	keys string
	// cols and key are quoted lists, as "a", "b".
	cols, key string
	// match is "k1" = ? AND "k2" = ?.
	match string
}

func newTable(t *schema.Table) *table {
	x := &table{Table: t, name: schema.Quote(t.Name)}
	var cols, keys []string
	for i := range t.Columns {
		cols = append(cols, schema.Quote(t.Columns[i].Name))
	}
	isKey := make([]bool, len(cols))
	for _, k := range t.Key {
		keys = append(keys, cols[k])
		isKey[k] = true
	}
	x.cols, x.key = strings.Join(cols, ", "), strings.Join(keys, ", ")
	x.match = conditions(keys)
	x.sel = "SELECT " + x.cols + " FROM " + x.name + " WHERE " + x.match
	x.del = "DELETE FROM " + x.name + " WHERE " + x.match
	x.keys = "SELECT " + x.key + " FROM " + x.name
	x.ins = "INSERT INTO " + x.name + "(" + x.cols + ") VALUES (?" + strings.Repeat(", ?", len(cols)-1) + ")"
	x.put = x.ins + x.onConflict(cols, isKey)
	for _, u := range t.Unique {
		var names []string
		for _, c := range u.Columns {
			names = append(names, cols[c])
		}
		x.find = append(x.find, x.keys+" WHERE "+conditions(names))
	}
	return x
}

// onConflict is the tail of an upsert that changes only rows that differ.
// IS NOT alone would take 1 and 1.0, and texts equal under a collation, for
// the same, so types and bytes are compared as well where they may differ.
func (x *table) onConflict(cols []string, isKey []bool) string {
	var set, differ []string
	for i, c := range cols {
		if isKey[i] {
			continue
		}
		set = append(set, c+" = excluded."+c)
		differ = append(differ, x.name+"."+c+" COLLATE BINARY IS NOT excluded."+c)
		if x.Columns[i].Type == schema.TypeFloat || x.Columns[i].Type == schema.TypeUnknown {
			differ = append(differ, "typeof("+x.name+"."+c+") <> typeof(excluded."+c+")")
		}
	}
	if set == nil {
		return " ON CONFLICT(" + x.key + ") DO NOTHING"
	}
	return " ON CONFLICT(" + x.key + ") DO UPDATE SET " + strings.Join(set, ", ") +
		" WHERE " + strings.Join(differ, " OR ")
}

// conditions joins names as "a" = ? AND "b" = ?.
func conditions(names []string) string { return strings.Join(names, " = ? AND ") + " = ?" }

// stage is the quoted name of a shape's staging table.
func stageName(id uint32) string {
	return schema.Quote("_rockpool_stage_" + strconv.FormatUint(uint64(id), 10))
}

// visible returns the row that the app sees, or nil.
func (db *DB) visible(x *table, key value.Row) (value.Row, error) {
	row, found, err := db.one(x.sel, key...)
	if err != nil || !found {
		return nil, err
	}
	return row, nil
}
