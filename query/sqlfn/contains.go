package sqlfn

import (
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// arrayContains is Postgres's @> of arrays: every element of the second is one
// of the first; NULL is none.
func arrayContains(a []value.Value) (value.Value, error) {
	left, right, ok := arrays(a)
	if !ok {
		return value.Null, nil
	}
	for _, item := range right {
		if item.Null || !has(left, item.Text) {
			return value.Bool(false), nil
		}
	}
	return value.Bool(true), nil
}

// arrayOverlaps is Postgres's && of arrays: one element is in both.
func arrayOverlaps(a []value.Value) (value.Value, error) {
	left, right, ok := arrays(a)
	if !ok {
		return value.Null, nil
	}
	for _, item := range right {
		if !item.Null && has(left, item.Text) {
			return value.Bool(true), nil
		}
	}
	return value.Bool(false), nil
}

// arrays reads two arrays; how their elements nest makes no difference.
func arrays(a []value.Value) (left, right []schema.ArrayItem, ok bool) {
	if a[0].IsNull() || a[1].IsNull() {
		return nil, nil, false
	}
	x, ok := schema.ParseArray(text(a[0]))
	y, also := schema.ParseArray(text(a[1]))
	return flat(nil, x), flat(nil, y), ok && also
}

func flat(dst, items []schema.ArrayItem) []schema.ArrayItem {
	for _, item := range items {
		if item.Nested {
			dst = flat(dst, item.Items)
		} else {
			dst = append(dst, item)
		}
	}
	return dst
}

func has(items []schema.ArrayItem, text string) bool {
	for i := range items {
		if !items[i].Null && items[i].Text == text {
			return true
		}
	}
	return false
}

// jsonContains is Postgres's @> of jsonb,
// https://www.postgresql.org/docs/15/datatype-json.html#JSON-CONTAINMENT.
func jsonContains(a []value.Value) (value.Value, error) {
	if a[0].IsNull() || a[1].IsNull() {
		return value.Null, nil
	}
	jsonb := schema.Column{Type: schema.TypeJSONB}
	left, err := jsonb.Canonical(value.Text(text(a[0])))
	if err != nil {
		return value.Null, nil // a text that is no JSON contains nothing
	}
	right, err := jsonb.Canonical(value.Text(text(a[1])))
	if err != nil {
		return value.Null, err
	}
	return value.Bool(contains(left.Str(), right.Str(), true)), nil
}

// contains compares two canonical texts. At the top an array contains a scalar
// that is one of its elements.
func contains(left, right string, top bool) bool {
	if left == right {
		return true
	}
	kind, parts := schema.JSONParts(left)
	other, wanted := schema.JSONParts(right)
	switch {
	case kind == '0' && other == '0':
		return schema.CompareDecimal(left, right) == 0
	case kind == '[' && top && other != '[' && other != '{':
		return hasPart(parts, schema.JSONPart{Text: right})
	case kind != other || kind != '[' && kind != '{':
		return false
	}
	for _, w := range wanted {
		if !hasPart(parts, w) {
			return false
		}
	}
	return true
}

func hasPart(parts []schema.JSONPart, want schema.JSONPart) bool {
	for _, p := range parts {
		if p.Key == want.Key && contains(p.Text, want.Text, false) {
			return true
		}
	}
	return false
}

// jsonbText is a JSON text as Postgres prints jsonb.
func jsonbText(a []value.Value) (value.Value, error) {
	jsonb := schema.Column{Type: schema.TypeJSONB}
	return jsonb.Canonical(a[0])
}
