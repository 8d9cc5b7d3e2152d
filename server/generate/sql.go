package generate

import (
	"fmt"
	"strings"

	"rockpool.dev/schema"
)

// SQL writes the statements that make a client's tables, as the local database
// makes them itself. rockpool_decimal is a collation of Rockpool's engine.
func SQL(in Input) []byte {
	w := &strings.Builder{}
	fmt.Fprintf(w, "-- Made by rockpool generate from %s. Do not edit: change the source and run it again.\n", comment(in.From))
	for i := range in.Schema.Tables {
		w.WriteString("\n")
		for _, statement := range schema.DDL(&in.Schema.Tables[i], schema.Client) {
			w.WriteString(lines(statement) + ";\n")
		}
	}
	return []byte(w.String())
}

// lines puts each part of a CREATE TABLE on its own line.
func lines(statement string) string {
	if !strings.HasPrefix(statement, "CREATE TABLE ") {
		return statement
	}
	out := &strings.Builder{}
	depth, quote := 0, byte(0)
	for i := 0; i < len(statement); i++ {
		c := statement[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(':
			if depth++; depth == 1 {
				out.WriteString("(\n  ")
				continue
			}
		case c == ')':
			if depth--; depth == 0 {
				out.WriteString("\n)")
				continue
			}
		case c == ',' && depth == 1:
			out.WriteString(",\n  ")
			i++ // the blank behind it
			continue
		}
		out.WriteByte(c)
	}
	return out.String()
}
