package mutation

import "rockpool.dev/schema"

// mergeJSON merges JSON objects key by key, and objects within them. Anything
// else that both sides changed is a conflict (false), as is a member that one
// side dropped and the other changed. An empty base is an object without members.
func mergeJSON(base, mine, theirs string) (string, bool) {
	m, ok := members(mine)
	if !ok {
		return "", false
	}
	t, ok := members(theirs)
	if !ok {
		return "", false
	}
	b, _ := members(base) // none where something else became an object on both sides
	out := []byte{'{'}
	put := func(key, text string) {
		if text == "" {
			return
		}
		if len(out) > 1 {
			out = append(out, ", "...)
		}
		out = append(append(schema.AppendJSONText(out, key), ": "...), text...)
	}
	for _, key := range t.keys {
		text, ok := mergeMember(b.text[key], m.text[key], t.text[key])
		if !ok {
			return "", false
		}
		put(key, text)
	}
	for _, key := range m.keys {
		if t.text[key] != "" {
			continue
		}
		text, ok := mergeMember(b.text[key], m.text[key], "")
		if !ok {
			return "", false
		}
		put(key, text)
	}
	return string(append(out, '}')), true
}

// mergeMember merges what one key holds; "" is nothing.
func mergeMember(base, mine, theirs string) (string, bool) {
	switch {
	case mine == theirs || mine == base:
		return theirs, true
	case theirs == base:
		return mine, true
	case mine == "" || theirs == "":
		return "", false
	}
	return mergeJSON(base, mine, theirs)
}

// object is a JSON object: its keys as they come, and the text of each value.
type object struct {
	keys []string
	text map[string]string
}

// members reads an object; of equal keys the last counts.
func members(text string) (object, bool) {
	kind, parts := schema.JSONParts(text)
	o := object{text: map[string]string{}}
	if kind != '{' {
		return o, false
	}
	for _, p := range parts {
		if o.text[p.Key] == "" {
			o.keys = append(o.keys, p.Key)
		}
		o.text[p.Key] = p.Text
	}
	return o, true
}
