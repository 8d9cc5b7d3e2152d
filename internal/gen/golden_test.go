package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"sort"
	"testing"

	"rockpool.dev/codec"
	"rockpool.dev/fault"
	"rockpool.dev/internal/codectest"
)

// The golden files in testdata/golden are read by this test and by
// bridge/client/test/golden.test.ts: NAME.bin is an encoded message and
// NAME.json what it says, in a form that both languages can write (render).
// -golden writes them anew: read the diff.
var writeGolden = flag.Bool("golden", false, "write testdata/golden")

// TestGoldenFiles decodes each golden file to what it says and encodes it
// again to the same bytes.
func TestGoldenFiles(t *testing.T) {
	t.Parallel()
	cases := goldenCases()
	names := make([]string, 0, len(cases))
	for name := range cases {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		m := cases[name]
		path := filepath.Join(codectest.Dir(), name)
		if *writeGolden {
			write(t, path+".bin", m.AppendTo(nil))
			write(t, path+".json", render(t, m))
		}
		src := slurp(t, path+".bin")
		got := messages[messageOf(name)]()
		if err := got.Decode(src); err != nil {
			t.Errorf("%s: Decode = %v", name, err)
			continue
		}
		if said := render(t, got); !bytes.Equal(said, slurp(t, path+".json")) {
			t.Errorf("%s says\n%s\nwant\n%s", name, said, slurp(t, path+".json"))
		}
		if again := got.AppendTo(nil); !bytes.Equal(again, src) {
			t.Errorf("%s: encoded again it is %x, want %x", name, again, src)
		}
	}
	if found := codectest.Golden(t, "*"); len(found) != len(cases) {
		t.Errorf("%d golden files for %d cases: delete what is old, or run with -golden", len(found), len(cases))
	}
}

// refusal is a line of refused.json: bytes that neither language may take for
// a message.
type refusal struct{ Why, Message, Bytes string }

// TestRefused keeps the list of what both decoders refuse.
func TestRefused(t *testing.T) {
	t.Parallel()
	list := refusals()
	encoded, err := json.MarshalIndent(list, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(codectest.Dir(), "refused.json")
	if *writeGolden {
		write(t, path, append(encoded, '\n'))
	}
	if !bytes.Equal(append(encoded, '\n'), slurp(t, path)) {
		t.Error("refused.json is not the list of this test: run with -golden")
	}
	for _, r := range list {
		src, err := hex.DecodeString(r.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if err := messages[r.Message]().Decode(src); fault.KindOf(err) != fault.Protocol {
			t.Errorf("%s: Decode(%s) of %s = %v, want a fault of kind protocol", r.Why, r.Bytes, r.Message, err)
		}
	}
}

// refusals are made here so that each says what it is about.
func refusals() []refusal {
	deep := []byte(nil)
	for range codec.DepthMax + 1 {
		dst, at := codec.Begin(nil, 5) // query.Expr.Args
		deep = codec.End(append(dst, deep...), at)
	}
	out := []refusal{
		{"a number cut short", "version.Pos", "0880"},
		{"a number of 65 bits", "version.Pos", "10ffffffffffffffffff02"},
		{"a number of 65 bits where 64 go", "mutation.Tx", "30ffffffffffffffffff02"},
		{"a number of eleven bytes", "version.Pos", "10ffffffffffffffffff8001"},
		{"field number 0", "version.Pos", "0000"},
		{"a group", "version.Pos", "0b"},
		{"form 5", "version.Pos", "0d00000000"},
		{"an unknown field cut short", "version.Pos", "a20605ff"},
		{"text in place of a number", "version.Pos", "0a00"},
		{"a number in place of text", "version.Dot", "0801"},
		{"a length beyond the end", "version.Dot", "0a0561"},
		{"a negative length", "version.Dot", "0affffffffffffffffff01"},
		{"2 as a boolean", "wire.SyncPause", "0802"},
		{"a list's number cut short", "mutation.Op", "220180"},
		{"a row's integer cut short", "mutation.Op", "1a020100"},
		{"a row's text beyond its field", "mutation.Op", "1a060305000000610000"},
		{"a row's unknown tag", "mutation.Op", "1a0105"},
		{"two values where one goes", "wire.ShapeArg", "12020000"},
		{"no value where one goes", "wire.ShapeArg", "1200"},
		{"a nested message cut short", "wire.Ack", "0a020880"},
		{"a nested message that reaches beyond its own end", "wire.Ack", "0a03100a05"},
		{"messages nested too deep", "query.Expr", hex.EncodeToString(deep)},
	}
	return out
}

func messageOf(name string) string {
	dots := 0
	for i := range name {
		if name[i] == '.' {
			if dots++; dots == 2 {
				return name[:i]
			}
		}
	}
	return name
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func slurp(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestGeneratedFilesAreFresh is what make check asks, as a test.
func TestGeneratedFilesAreFresh(t *testing.T) {
	t.Parallel()
	root := filepath.Join(codectest.Dir(), "..", "..")
	files, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join(root, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is stale (%v): run go run ./internal/gen", name, err)
		}
	}
}

// Names in TypeScript are what a reader of TypeScript expects.
func TestTypeScriptNames(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"SQL": "sql", "ID": "id", "ClientID": "clientId", "URLs": "urls", "RTTMicros": "rttMicros", "RelayURL": "relayUrl",
		"FromMid": "fromMid", "JWT": "jwt", "WALBytes": "walBytes", "As": "as", "T": "t", "IncarnationOld": "incarnationOld",
	} {
		if got := tsName(in); got != want {
			t.Errorf("tsName(%s) = %s, want %s", in, got, want)
		}
	}
}
