package prisma_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/generate/prisma"
)

func ExampleParse() {
	r, err := prisma.Parse(prisma.Text{Name: "schema.prisma", Body: `
model Todo {
  id    String @id @db.Uuid
  title String
}`})
	if err != nil {
		panic(err)
	}
	t := r.Schema.Table("Todo")
	fmt.Println(t.Columns[0].Name, t.Columns[0].Type, t.Columns[0].NotNull)
	// Output: id uuid true
}

// TestMistakes: each mistake is told with its line, its column and what to write.
func TestMistakes(t *testing.T) {
	t.Parallel()
	model := func(lines ...string) string {
		return "model User {\n  id Int @id\n" + strings.Join(lines, "\n") + "\n}\nmodel Post {\n  id Int @id\n}\nenum Role {\n  admin\n  guest\n}\n"
	}
	for _, c := range []struct{ name, text, at, hint string }{
		{"type", model("  name Strng"), "3:8: there is no type Strng", "did you mean String?"},
		{"type of a model", model("  post Pots?"), "3:8: there is no type Pots", "did you mean Post?"},
		{"native type", model("  name String @db.VarChr(3)"), "3:16: there is no native type @db.VarChr", "did you mean VarChar?"},
		{"native argument", model("  name String @db.VarChar(x)"), "3:27: @db.VarChar takes numbers", ""},
		{"default function", model("  made DateTime @default(nwo())"), "3:26: there is no function nwo()", "did you mean now?"},
		{"enum value", model("  role Role @default(admn)"), "3:22: Role has no value admn", "did you mean admin?"},
		{"field of a key", model("  name String", "  @@id([nmae])"), "4:9: User has no field nmae", "did you mean name?"},
		{"reference", model("  postId Int", "  post Post @relation(fields: [postId], references: [idd])"), "4:54: Post has no field idd", "did you mean id?"},
		{"references missing", model("  postId Int", "  post Post @relation(fields: [postId])"), "4:14: the relation has fields and no references", "write references: [id]"},
		{"lengths", model("  postId Int", "  post Post @relation(fields: [postId, id], references: [id])"), "4:57: fields and references are not of one length", "name as many references as fields"},
		{"action", model("  postId Int", "  post Post @relation(fields: [postId], references: [id], onDelete: Cascde)"), "4:69: there is no action Cascde", "did you mean Cascade?"},
		{"no other side", model("  posts Post[]"), "3:3: the relation User.posts has no field on the other side", "add one to Post, as user User @relation(…)"},
		{"two keys", model("  other Int @id"), "3:14: User has two fields with @id", "a key of several fields is @@id([…])"},
		{"two fields", model("  id Int"), "3:3: User has two fields id", "give one another name"},
		{"two models", "model A {\n  id Int @id\n}\nmodel A {\n}\n", "4:7: there are two declarations of A", "give one another name, and @@map it"},
		{"block", "modle User {\n}\n", `1:1: there is no block "modle"`, "did you mean model?"},
		{"no end", "model User {\n  id Int @id\n", "3:1: model User has no end", "close it with }"},
		{"text without an end", "datasource db {\n  provider = \"sqlite\n}", "2:14: the text has no end on its line", `close it with "`},
		{"provider", "datasource db {\n  provider = \"postgre\"\n}", `2:14: the provider "postgre" is not one that Rockpool reads`, "did you mean postgres?"},
		{"mongodb", "datasource db {\n  provider = \"mongodb\"\n}", `2:14: the provider "mongodb" is not one that Rockpool reads`, "it reads postgresql, postgres, cockroachdb, sqlite, mysql"},
		{"optional list", model("  tags String[]?"), "3:8: a list cannot be optional", "an empty list says that there is none: leave ? out"},
		{"two on a line", model("  a Int b Int"), `3:9: the line should end here, before "b"`, ""},
		{"colon", model("  name: String"), "3:3: a field has no colon between its name and its type", "write name String"},
		{"composite type", "type Photo {\n  url String\n}\n", "1:6: type Photo is a composite type, which only MongoDB has", "make it a model with a relation, or a Json field"},
		{"nonsense", "model User {\n  id Int @id;\n}", `2:13: ";" begins nothing here`, ""},
		{"nesting", model("  x Int @default(" + strings.Repeat("f(", 40) + strings.Repeat(")", 40) + ")"), "3:", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := prisma.Parse(prisma.Text{Name: "schema.prisma", Body: c.text})
			var mistake *prisma.Error
			if !errors.As(err, &mistake) || fault.KindOf(err) != fault.InvalidArgument {
				t.Fatalf("Parse = %v, want a mistake", err)
			}
			if got := mistake.Error(); !strings.HasPrefix(got, "schema.prisma:"+c.at) {
				t.Errorf("Parse = %q, want it at %q", got, c.at)
			}
			if c.hint != "" && fault.HintOf(err) != c.hint {
				t.Errorf("the hint is %q, want %q", fault.HintOf(err), c.hint)
			}
		})
	}
}

// TestSeveralFiles: the files of a folder are one schema, and a mistake names its file.
func TestSeveralFiles(t *testing.T) {
	t.Parallel()
	a := prisma.Text{Name: "a.prisma", Body: "model A {\n  id Int @id\n  bs B[]\n}\n"}
	b := prisma.Text{Name: "b.prisma", Body: "model B {\n  id Int @id\n  aId Int @map(\"a_id\")\n  a A @relation(fields: [aId], references: [id])\n}\n"}
	r, err := prisma.Parse(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if f := r.Schema.Table("B").Foreign; len(f) != 1 || f[0].Columns[0] != "a_id" || f[0].Table != "A" || f[0].OnDelete != "restrict" {
		t.Errorf("B refers by %+v, want a_id to A", f)
	}
	_, err = prisma.Parse(a)
	var mistake *prisma.Error
	if !errors.As(err, &mistake) || mistake.File != "a.prisma" || mistake.Line != 3 {
		t.Errorf("Parse of a alone = %v, want a.prisma:3", err)
	}
}

// TestProviders: a type is what the datasource makes of it.
func TestProviders(t *testing.T) {
	t.Parallel()
	for provider, want := range map[string]string{"postgresql": "numeric(65,30) jsonb", "mysql": "numeric(65,30) jsonb", "sqlite": "numeric json"} {
		r, err := prisma.Parse(prisma.Text{Name: "s", Body: "datasource db {\n provider = \"" + provider + "\"\n}\nmodel A {\n id Int @id\n d Decimal\n j Json\n}"})
		if err != nil {
			t.Fatal(err)
		}
		c := r.Schema.Table("A").Columns
		if got := c[1].SourceType + " " + c[2].SourceType; got != want {
			t.Errorf("%s: types are %s, want %s", provider, got, want)
		}
	}
}

// TestComments: comments and blank lines are nowhere in the way.
func TestComments(t *testing.T) {
	t.Parallel()
	r, err := prisma.Parse(prisma.Text{Name: "s", Body: "\ufeff// one\r\n/* two\n three */ model A { // four\r\n  /// five\r\n  id Int @id // six\r\n\r\n  @@unique(\n    [ id, ] // seven\n  )\n}"})
	if err != nil {
		t.Fatal(err)
	}
	if a := r.Schema.Table("A"); a == nil || len(a.Columns) != 1 || len(a.Unique) != 1 {
		t.Errorf("A is %+v, want a column and a unique key", a)
	}
}

// FuzzParse: whatever the text, there is a valid schema or a mistake at a place in it.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "model A {", "model A {\n id Int @id @default(autoincrement())\n b B[]\n}\nmodel B {\n id Int @id\n a A[]\n}",
		"datasource db {\n provider = \"sqlite\"\n url = env(\"X\")\n}\nenum E {\n a @map(\"b\")\n @@map(\"e\")\n}\nmodel A {\n a E @default(a)\n b Unsupported(\"x\")?\n c String[] @default([\"a\", \"\\\"\"]) @db.VarChar(3)\n @@id([a, b(sort: Desc)])\n}",
		"view V {\n id Int\n}\nmodel A {\n id Int @id\n v V @relation(fields: [id], references: [id])\n}", "model A {\n id Int @id\n a A? @relation(\"x\", fields: [id], references: [id])\n as A[] @relation(\"x\")\n}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := prisma.Parse(prisma.Text{Name: "f", Body: text})
		if err == nil {
			for i := range r.Schema.Tables {
				if len(schema.DDL(&r.Schema.Tables[i], schema.Client)) == 0 {
					t.Error("a table has no DDL")
				}
			}
			return
		}
		var mistake *prisma.Error
		if !errors.As(err, &mistake) {
			t.Fatalf("Parse = %v, which names no place", err)
		}
		lines := strings.Split(text, "\n")
		if mistake.Line < 1 || mistake.Line > len(lines) || mistake.Column < 1 || mistake.Column > len(lines[mistake.Line-1])+1 {
			t.Errorf("%v is no place of the text", mistake)
		}
		if mistake.Msg == "" {
			t.Error("a mistake says nothing")
		}
	})
}
