package postgres

import (
	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// decodeCopyLine reads one line of COPY … TO STDOUT in text form (without its
// newline) into canonical values.
// https://www.postgresql.org/docs/15/sql-copy.html#id-1.9.3.55.9.2
func decodeCopyLine(t *schema.Table, columns []int, line []byte, row value.Row) error {
	at := 0
	for i, column := range columns {
		if i > 0 {
			if at >= len(line) || line[at] != '\t' {
				return fault.New(fault.SourceUnavailable, "read COPY of "+t.Name, "a line has too few columns")
			}
			at++
		}
		text, isNull, next := copyField(line, at)
		at = next
		if isNull {
			row[column] = value.Null
			continue
		}
		v, err := t.Columns[column].FromText(text)
		if err != nil {
			return fault.In("read COPY of "+t.Name, err)
		}
		row[column] = v
	}
	if at != len(line) {
		return fault.New(fault.SourceUnavailable, "read COPY of "+t.Name, "a line has too many columns")
	}
	return nil
}

// copyField returns the unescaped field that starts at at, and where it ends.
func copyField(line []byte, at int) (text string, isNull bool, end int) {
	end = at
	plain := true
	for end < len(line) && line[end] != '\t' {
		if line[end] == '\\' {
			plain = false
			end++
		}
		end++
	}
	if end > len(line) {
		end = len(line)
	}
	field := line[at:end]
	if plain {
		return string(field), false, end
	}
	if string(field) == `\N` {
		return "", true, end
	}
	out := make([]byte, 0, len(field))
	for i := 0; i < len(field); i++ {
		if field[i] != '\\' || i+1 == len(field) {
			out = append(out, field[i])
			continue
		}
		i++
		if c, ok := copyEscapes[field[i]]; ok {
			out = append(out, c)
		} else {
			out = append(out, field[i])
		}
	}
	return string(out), false, end
}

var copyEscapes = map[byte]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}
