package generatetest

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rockpool.dev/internal/testpg"
	"rockpool.dev/query/sqlfn"
	"rockpool.dev/server/generate"
	"rockpool.dev/server/generate/prisma"
	"rockpool.dev/server/generate/sqlitefile"
	"rockpool.dev/server/source"
	"rockpool.dev/server/source/postgres"
	"rockpool.dev/sqlite"
)

var update = flag.Bool("update", false, "write the golden files")

// patience bounds every wait.
const patience = 60 * time.Second

// golden compares what a source says of a database with the files of a folder,
// omissions included.
func golden(t *testing.T, dir string, in generate.Input, omissions []source.Omission) {
	t.Helper()
	told := &strings.Builder{}
	for _, o := range omissions {
		told.WriteString(o.String() + "\n")
		if o.Hint != "" {
			told.WriteString("  → " + o.Hint + "\n")
		}
	}
	files := map[string][]byte{
		"schema.ts": generate.TypeScript(in), "schema.go": generate.Go(in, filepath.Base(dir)), "schema.sql": generate.SQL(in),
		"omissions.txt": []byte(told.String()),
	}
	if *update {
		if _, err := generate.Write(dir, files); err != nil {
			t.Fatal(err)
		}
		return
	}
	for name, got := range files {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatalf("%v: go test ./server/generate/generatetest -update writes it", err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s/%s differs:\n%s", dir, name, firstDifference(got, want))
		}
	}
}

func firstDifference(got, want []byte) string {
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := 0; i < len(g) || i < len(w); i++ {
		a, b := "(end)", "(end)"
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			return "got  " + a + "\nwant " + b
		}
	}
	return ""
}

func fixture(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// postgresWith starts a Postgres with the tables of a fixture.
func postgresWith(ctx context.Context, t *testing.T, name string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(ctx, testpg.Start(t).DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(ctx)) })
	if _, err := conn.Exec(ctx, fixture(t, name)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// sqliteWith writes a file with the tables of a fixture.
func sqliteWith(t *testing.T, statements string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	c, err := sqlite.Open(sqlite.Options{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlfn.Register(c); err != nil {
		t.Fatal(err)
	}
	if err := c.Exec(statements); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPostgres: the catalog of a real Postgres in every output.
func TestPostgres(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"northwind", "types"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			conn := postgresWith(ctx, t, what+".postgres.sql")
			s, omissions, err := postgres.Describe(ctx, conn.Config().ConnString())
			if err != nil {
				t.Fatal(err)
			}
			golden(t, what+"/frompostgres", generate.Input{Schema: s, From: "Postgres"}, omissions)
		})
	}
}

// TestSQLite: a file that Rockpool did not make, in every output.
func TestSQLite(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"northwind", "types"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s, omissions, err := sqlitefile.Read(sqliteWith(t, fixture(t, what+".sqlite.sql")))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, what+"/fromsqlite", generate.Input{Schema: s, From: what + ".db"}, omissions)
		})
	}
}

// TestPrisma: a schema.prisma in every output.
func TestPrisma(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"northwind", "types"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r, err := prisma.Read(filepath.Join("testdata", what+".prisma"))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, what+"/fromprisma", generate.Input{Schema: r.Schema, From: what + ".prisma", Models: r.Models, Fields: r.Fields}, r.Omissions)
		})
	}
}
