package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"rockpool.dev/fault"
	"rockpool.dev/server/config"
	"rockpool.dev/server/store"
	"rockpool.dev/value"
)

// runSQL runs one reading statement on a store, also while a relay serves it.
func runSQL(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("sql", flag.ContinueOnError)
	path := flags.String("store", "rockpool.db", "the relay's SQLite `file`")
	if err := flags.Parse(args); err != nil {
		return quiet(err)
	}
	if flags.NArg() != 1 {
		return fault.New(fault.InvalidArgument, "rockpool sql", "one statement is needed").WithHint(`rockpool sql --store rockpool.db "select count(*) from products"`)
	}
	r, err := store.OpenReader(*path)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	told := false
	return r.Query(flags.Arg(0), func(columns []string, row value.Row) error {
		if !told {
			told = true
			fmt.Println(strings.Join(columns, "\t"))
		}
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = show(v)
		}
		fmt.Println(strings.Join(cells, "\t"))
		return nil
	})
}

func show(v value.Value) string {
	switch v.Kind() {
	case value.KindNull:
		return "NULL"
	case value.KindInt:
		return strconv.FormatInt(v.Int(), 10)
	case value.KindFloat:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case value.KindBlob:
		return fmt.Sprintf("x'%x'", v.Str())
	default:
		return v.Str()
	}
}

// runDoctor looks at what a relay needs, one thing a line, and fails when
// something is wrong.
func runDoctor(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	file := flags.String("config", "rockpool.yaml", "configuration `file`")
	database := flags.String("database-url", "", "Postgres `URL`")
	dir := flags.String("seed", "", "embedded: `folder` with schema.yaml")
	if err := flags.Parse(args); err != nil {
		return quiet(err)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	wrong := 0
	check := func(what string, err error) bool {
		if err == nil {
			fmt.Println("ok   ", what)
			return true
		}
		wrong++
		fmt.Println("WRONG", what+":", err)
		if hint := fault.HintOf(err); hint != "" {
			fmt.Println("       →", hint)
		}
		return false
	}
	c, err := config.Read(*file)
	if check("configuration "+*file, err) {
		c.Listen = cmp.Or(c.Listen, listenDefault)
		_, err = openAuth(ctx, c)
		check("a way to verify tokens", err)
		c.DatabaseURL = cmp.Or(*database, os.Getenv("DATABASE_URL"), c.DatabaseURL)
		c.Store = "memory:doctor"
		p := &parts{epoch: uint32(time.Now().Unix())}
		what := "embedded database and rules"
		if c.DatabaseURL != "" {
			what = "Postgres " + redacted(c.DatabaseURL) + " and rules"
		}
		if check(what, p.open(ctx, c, *dir)) {
			for _, t := range p.catalog.Closed() {
				fmt.Println("note ", "table", t, "has no read policy: no row of it is sent")
			}
			p.source.Close()
			_ = p.store.Close()
		}
	}
	if wrong > 0 {
		return fault.New(fault.InvalidArgument, "rockpool doctor", strconv.Itoa(wrong)+" things are wrong")
	}
	return nil
}
