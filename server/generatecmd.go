package main

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rockpool.dev/fault"
	"rockpool.dev/server/generate"
	"rockpool.dev/server/generate/prisma"
	"rockpool.dev/server/generate/sqlitefile"
	"rockpool.dev/server/seed"
	"rockpool.dev/server/source"
	"rockpool.dev/server/source/postgres"
)

// sources is the hint for what is none.
const sources = "sources are postgres://…, an SQLite file, a schema.prisma and a seed's folder"

// generateMax bounds the reading of a catalog.
const generateMax = 60 * time.Second

// runGenerate writes what a database's schema is in TypeScript, Go and SQL.
func runGenerate(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	from := flags.String("from", "", "`source`: postgres://…, an SQLite file, a schema.prisma (or a folder of *.prisma), or a seed's folder; DATABASE_URL does the same")
	out := flags.String("out", "", "`folder` for schema.ts, schema.go and schema.sql")
	ts := flags.Bool("ts", false, "write TypeScript; without --ts, --go and --sql: all three")
	golang := flags.Bool("go", false, "write Go")
	pkg := flags.String("go-package", "", "`name` of the Go package; the folder's by default")
	ddl := flags.Bool("sql", false, "write the local database's DDL")
	check := flags.Bool("check", false, "write nothing, and fail when a file is stale")
	if err := flags.Parse(args); err != nil {
		return quiet(err)
	}
	op := "rockpool generate"
	*from = cmp.Or(*from, os.Getenv("DATABASE_URL"))
	switch {
	case flags.NArg() > 0:
		return fault.New(fault.InvalidArgument, op, "there is no argument "+flags.Arg(0)).WithHint("name the source by --from and the folder by --out")
	case *from == "":
		return fault.New(fault.InvalidArgument, op, "there is no source").WithHint("pass --from postgres://…, --from shop.db or --from schema.prisma")
	case *pkg != "" && !token.IsIdentifier(*pkg):
		return fault.New(fault.InvalidArgument, op, *pkg+" is no name for a Go package").WithHint("use small letters and digits, as --go-package shop")
	case *out == "":
		return fault.New(fault.InvalidArgument, op, "there is no folder to write to").WithHint("pass --out src/gen")
	}
	ctx, cancel := context.WithTimeout(ctx, generateMax)
	defer cancel()
	in, omissions, err := readSource(ctx, *from)
	if err != nil {
		return err
	}
	tell(omissions)
	if len(in.Schema.Tables) == 0 {
		return fault.New(fault.InvalidArgument, op, "the source has no table that can be synced")
	}
	all := !*ts && !*golang && !*ddl
	files := map[string][]byte{}
	if *ts || all {
		files["schema.ts"] = generate.TypeScript(in)
	}
	if *golang || all {
		folder, err := filepath.Abs(*out)
		if err != nil {
			return fault.Wrap(fault.IO, op, err)
		}
		files["schema.go"] = generate.Go(in, cmp.Or(*pkg, generate.PackageName(filepath.Base(folder))))
	}
	if *ddl || all {
		files["schema.sql"] = generate.SQL(in)
	}
	if *check {
		return checkFresh(*out, files)
	}
	changed, err := generate.Write(*out, files)
	for _, name := range changed {
		fmt.Println("wrote", filepath.Join(*out, name))
	}
	if err == nil && len(changed) == 0 {
		fmt.Println("fresh:", *out)
	}
	return err
}

func checkFresh(dir string, files map[string][]byte) error {
	stale, err := generate.Stale(dir, files)
	if err != nil || len(stale) == 0 {
		return err
	}
	for i, name := range stale {
		stale[i] = filepath.Join(dir, name)
	}
	return fault.New(fault.SchemaMismatch, "rockpool generate", "stale: "+strings.Join(stale, ", ")).WithHint("run it again without --check")
}

// tell names what does not reach clients, on the error stream: the output may be
// somebody's log.
func tell(omissions []source.Omission) {
	for _, o := range omissions {
		fmt.Fprintln(os.Stderr, "note ", o)
		if o.Hint != "" {
			fmt.Fprintln(os.Stderr, "       →", o.Hint)
		}
	}
}

// readSource reads the schema of what --from names.
func readSource(ctx context.Context, from string) (in generate.Input, omissions []source.Omission, err error) {
	scheme, _, isURL := strings.Cut(from, "://")
	switch {
	case scheme == "postgres" && isURL, scheme == "postgresql" && isURL:
		in.From = "Postgres"
		in.Schema, omissions, err = postgres.Describe(ctx, from)
		return in, omissions, err
	case isURL:
		return in, nil, fault.New(fault.InvalidArgument, "read "+redacted(from), "there is no source "+scheme+"://").
			WithHint(sources)
	}
	info, err := os.Stat(from)
	if err != nil {
		return in, nil, fault.Wrap(fault.NotFound, "read the source", err)
	}
	in.From = filepath.Base(from)
	if info.IsDir() {
		if _, err := os.Stat(filepath.Join(from, "schema.yaml")); err == nil {
			in.From += "/schema.yaml"
			in.Schema, err = seed.Schema(from)
			return in, nil, err
		}
	}
	if info.IsDir() || strings.HasSuffix(from, ".prisma") {
		r, err := prisma.Read(from)
		if err != nil {
			return in, nil, err
		}
		in.Schema, in.Models, in.Fields = r.Schema, r.Models, r.Fields
		return in, r.Omissions, nil
	}
	if !isSQLite(from) {
		return in, nil, fault.New(fault.NotADatabase, "read "+from, "it is no SQLite file, and its name does not end in .prisma").
			WithHint(sources)
	}
	in.Schema, omissions, err = sqlitefile.Read(from)
	return in, omissions, err
}

// isSQLite reads the first bytes of a file (https://www.sqlite.org/fileformat.html#magic_header_string).
func isSQLite(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 16)
	n, _ := f.Read(head)
	return bytes.Equal(head[:n], []byte("SQLite format 3\x00"))
}
