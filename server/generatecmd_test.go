package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/server/seed"
)

const todoPrisma = "model Todo {\n  id String @id @db.Uuid\n  title String\n}\n"

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestGenerateCheck: --check passes on what was just written, writes nothing,
// and fails with the stale file's name when the source has changed.
func TestGenerateCheck(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	dir := t.TempDir()
	from, out := filepath.Join(dir, "schema.prisma"), filepath.Join(dir, "gen")
	writeFile(t, from, todoPrisma)
	args := []string{"generate", "--from", from, "--out", out, "--ts", "--go"}
	check := append(args, "--check")
	if err := run(t.Context(), check); !errors.Is(err, &fault.Error{Kind: fault.SchemaMismatch}) {
		t.Errorf("check before the first writing = %v, want schema_mismatch", err)
	}
	if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("check made %s: %v", out, err)
	}
	if err := run(t.Context(), args); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), check); err != nil {
		t.Errorf("check of what was written = %v", err)
	}
	if _, err := os.Stat(filepath.Join(out, "schema.sql")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("--ts --go wrote SQL too: %v", err)
	}
	writeFile(t, from, strings.Replace(todoPrisma, "title String", "title String?", 1))
	if err := run(t.Context(), check); err == nil || !strings.Contains(err.Error(), "stale: "+filepath.Join(out, "schema.go")+", "+filepath.Join(out, "schema.ts")) {
		t.Errorf("check after a change = %v, want both files stale", err)
	}
	text, err := os.ReadFile(filepath.Join(out, "schema.ts"))
	if err != nil || strings.Contains(string(text), dir) || !strings.HasPrefix(string(text), "// Made by rockpool generate from schema.prisma.") {
		t.Errorf("the header names a machine's path, or not the source: %.100s, %v", text, err)
	}
}

// TestGenerateRefuses: what is wrong with the command or its source is told
// with a kind and what to do.
func TestGenerateRefuses(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	dir := t.TempDir()
	text, empty, wrong := filepath.Join(dir, "a.txt"), filepath.Join(dir, "empty.prisma"), filepath.Join(dir, "wrong.prisma")
	writeFile(t, text, "no database")
	writeFile(t, empty, "")
	writeFile(t, wrong, "model A {\n  id Itn @id\n}\n")
	for _, c := range []struct {
		name string
		args []string
		kind fault.Kind
		says string
	}{
		{"no source", []string{"--out", dir}, fault.InvalidArgument, "there is no source"},
		{"no folder", []string{"--from", empty}, fault.InvalidArgument, "there is no folder"},
		{"an argument", []string{"--from", empty, "--out", dir, "more"}, fault.InvalidArgument, "there is no argument more"},
		{"no file", []string{"--from", filepath.Join(dir, "none.db"), "--out", dir}, fault.NotFound, "none.db"},
		{"no database", []string{"--from", text, "--out", dir}, fault.NotADatabase, "it is no SQLite file"},
		{"no table", []string{"--from", empty, "--out", dir}, fault.InvalidArgument, "no table that can be synced"},
		{"another scheme", []string{"--from", "mysql://user:secret@host/db", "--out", dir}, fault.InvalidArgument, "there is no source mysql://"},
		{"a mistake", []string{"--from", wrong, "--out", dir}, fault.InvalidArgument, "wrong.prisma:2:6: there is no type Itn"},
		{"a package's name", []string{"--from", wrong, "--out", dir, "--go-package", "a-b"}, fault.InvalidArgument, "a-b is no name for a Go package"},
		{"no Postgres", []string{"--from", "postgres://127.0.0.1:1/none?connect_timeout=2", "--out", dir}, fault.SourceUnavailable, "connect to Postgres"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := run(t.Context(), append([]string{"generate"}, c.args...))
			if fault.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.says) {
				t.Errorf("generate %v = %v of kind %v, want %v: %s", c.args, err, fault.KindOf(err), c.kind, c.says)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error holds a password: %v", err)
			}
		})
	}
}

// TestGenerateFromSeed: what an embedded relay is started with is a source too,
// and so is the store that it makes of it: both say the same.
func TestGenerateFromSeed(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "schema.yaml"), `tables:
  todos:
    key: [id]
    columns:
      id: { type: text, not_null: true }
      state: { type: text, not_null: true, enum: [open, done], default: "'open'" }
      stars: { type: integer, not_null: true, default: "0", conflict: delta }
`)
	p := &parts{epoch: 1}
	tables, err := seed.Schema(dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "demo.db")
	if err := p.embed(path, tables, dir); err != nil {
		t.Fatal(err)
	}
	p.source.Close()
	if err := p.store.Close(); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, from := range []string{dir, path} {
		out := filepath.Join(dir, "gen")
		if err := run(t.Context(), []string{"generate", "--from", from, "--out", out, "--ts"}); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(out, "schema.ts"))
		if err != nil {
			t.Fatal(err)
		}
		_, body, _ := strings.Cut(string(text), "\n") // the header names the source
		texts = append(texts, body)
	}
	if texts[0] != texts[1] {
		t.Errorf("the seed gives\n%s\nand the store\n%s", texts[0], texts[1])
	}
	for _, want := range []string{"export type TodosState = 'open' | 'done'", "stars: { type: 'int', default: '0', strategy: 'delta' }"} {
		if !strings.Contains(texts[0], want) {
			t.Errorf("there is no %q in\n%s", want, texts[0])
		}
	}
}
