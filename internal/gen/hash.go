package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/format"
	"sort"
)

// goHashes is wire/hash_gen.go: the hashes of all that each protocol sends,
// which a test in wire pins beside the version numbers.
func goHashes(c *contracts) ([]byte, error) {
	w := &writer{}
	w.line("%spackage wire\n", generated)
	for _, one := range []struct{ name, file, enum, doc string }{
		{"relayHash", "relay.go", "RelayFrame", "the client ⇄ relay frames"},
		{"pageHash", "page.go", "PageFrame", "the page ⇄ Worker frames"},
	} {
		w.line("// %s is the hash of %s and of all that they hold.", one.name, one.doc)
		w.line("const %s = %q\n", one.name, c.hash(one.file, one.enum))
	}
	return format.Source(w.Bytes())
}

// hash describes every message reachable from those of one file of wire, the
// constants of their fields' types, and the numbers of its frames, and hashes
// the text.
func (c *contracts) hash(file, frames string) string {
	var lines []string
	seen, enums := map[named]bool{}, map[named]bool{}
	var visit func(m *message)
	visit = func(m *message) {
		key := named{m.pkg, m.name}
		if seen[key] {
			return
		}
		seen[key] = true
		for _, f := range m.fields {
			what := fmt.Sprintf("%s.%s %d %s kind %d bits %d list %t pointer %t", m.pkg, m.name, f.number, f.name, f.kind, f.bits, f.list, f.pointer)
			if f.named != nil {
				what += " " + f.named.pkg + "." + f.named.name
			}
			lines = append(lines, what)
			if f.kind != kindMessage && f.named != nil {
				enums[*f.named] = true
			}
			if f.kind == kindMessage {
				visit(c.message(*f.named))
			}
		}
	}
	for _, p := range c.packages {
		for _, m := range p.messages {
			if p.name == "wire" && m.file == file || p.name == "mutation" && m.name == "Tx" {
				visit(m)
			}
		}
	}
	enums[named{"wire", frames}] = true
	for _, p := range c.packages {
		for _, e := range p.enums {
			for _, v := range e.values {
				if enums[named{p.name, e.name}] {
					lines = append(lines, p.name+"."+e.name+" "+v.name+" = "+v.value)
				}
			}
		}
	}
	sort.Strings(lines)
	sum := sha256.New()
	for _, line := range lines {
		fmt.Fprintln(sum, line)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}
