package prisma

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
)

// Result is what a schema.prisma says.
type Result struct {
	Schema *schema.Schema
	// Models and Fields are what the Prisma client calls tables, and columns by
	// table.
	Models    map[string]string
	Fields    map[string]map[string]string
	Omissions []source.Omission
}

// Text is one file of a schema.
type Text struct{ Name, Body string }

// Read reads a schema.prisma, or every *.prisma of a folder as one schema.
// Errors: fault.NotFound, fault.TooLarge, and as Parse.
func Read(path string) (*Result, error) {
	names := []string{path}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if names, err = filepath.Glob(filepath.Join(path, "*.prisma")); err != nil || len(names) == 0 {
			return nil, fault.New(fault.NotFound, "read the Prisma schema", "there is no *.prisma in "+path)
		}
		slices.Sort(names)
	}
	var texts []Text
	for _, name := range names {
		body, err := os.ReadFile(name)
		if err != nil {
			kind := fault.IO
			if errors.Is(err, os.ErrNotExist) {
				kind = fault.NotFound
			}
			return nil, fault.Wrap(kind, "read the Prisma schema", err)
		}
		texts = append(texts, Text{filepath.Base(name), string(body)})
	}
	return Parse(texts...)
}

// Parse reads the files of one schema. A mistake is an *Error within a
// fault.InvalidArgument. Tables come in the order of their models, then those
// of implicit many-to-many relations.
func Parse(texts ...Text) (*Result, error) {
	f := &file{}
	for _, t := range texts {
		if err := parse(t.Name, t.Body, f); err != nil {
			return nil, wrapped(err)
		}
	}
	l := &lowering{file: f, out: &Result{Schema: &schema.Schema{Version: 1}, Models: map[string]string{}, Fields: map[string]map[string]string{}}}
	if err := l.run(); err != nil {
		return nil, wrapped(err)
	}
	for _, v := range f.views {
		l.omit(v.name, "", "it is a view, and only tables are synced: it is left out", "make the view in the local database, over its tables")
	}
	l.out.Omissions = append(l.out.Omissions, source.OmitUnsyncable(l.out.Schema)...)
	return l.out, l.out.Schema.Validate()
}

func (l *lowering) omit(table, column, why, hint string) {
	l.out.Omissions = append(l.out.Omissions, source.Omission{Table: table, Column: column, Why: why, Hint: hint})
}

// quoteText is text as an SQL literal.
func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
