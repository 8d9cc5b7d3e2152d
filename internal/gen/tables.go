package main

import (
	"fmt"
	"slices"
	"strings"
)

// helloTables are the messages whose tables a page has in its own code: what
// it says before a Worker has told it the others, which are first in number.
var helloTables = []named{
	{"wire", "TabHello"},
	{"wire", "TabWelcome"},
	{"wire", "Failure"},
	{"wire", "Empty"},
	{"wire", "Operations"},
	{"wire", "Operation"},
}

// numbers are the messages by the number that TypeScript has for each: those of
// helloTables, then all others that pages and Workers send, then the rest.
type numbers struct {
	messages []*message
	// page is how many of them pages and Workers send.
	page int
}

func number(c *contracts) (*numbers, error) {
	n := &numbers{}
	for _, name := range helloTables {
		n.add(c.message(name))
	}
	var visit func(m *message)
	visit = func(m *message) {
		if slices.Contains(n.messages[len(helloTables):], m) {
			return
		}
		n.add(m)
		for _, f := range m.fields {
			if f.kind == kindMessage {
				visit(c.message(*f.named))
			}
		}
	}
	each(c, func(m *message) {
		if m.pkg == "wire" && m.file == "page.go" {
			visit(m)
		}
	})
	n.page = len(n.messages)
	each(c, n.add)
	for _, m := range n.messages {
		for _, f := range m.fields {
			if f.kind == kindFloat {
				return nil, fmt.Errorf("%s.%s.%s is a float: bridge/client/src/codec.ts has no fields of that kind", m.pkg, m.name, f.name)
			}
		}
	}
	return n, nil
}

func each(c *contracts, do func(*message)) {
	for _, p := range c.packages {
		for _, m := range p.messages {
			do(m)
		}
	}
}

func (n *numbers) add(m *message) {
	if !slices.Contains(n.messages, m) {
		n.messages = append(n.messages, m)
	}
}

func (n *numbers) of(m *message) int { return slices.Index(n.messages, m) }

// tsHelloTables is what a page's own code has.
func tsHelloTables(c *contracts, n *numbers) []byte {
	w := tsTables()
	w.line("/** The tables of the messages with the first numbers, which a page sends before a Worker has told it the others. */")
	n.table(w, c, "HELLO_TABLES", 0, len(helloTables))
	return w.Bytes()
}

// tsWorkerTables is what a Worker tells its pages, and the rest, for tests.
func tsWorkerTables(c *contracts, n *numbers) []byte {
	w := tsTables()
	w.line("/** The tables of all other messages between pages and Workers. */")
	n.table(w, c, "PAGE_TABLES", len(helloTables), n.page)
	w.line("\n/** The tables of messages that no page sees. */")
	n.table(w, c, "RELAY_TABLES", n.page, len(n.messages))
	return w.Bytes()
}

func tsTables() *writer {
	w := &writer{}
	w.line("%s", strings.TrimSuffix(generated, "\n\n"))
	w.line("// Messages as tables, one a line, in order of their numbers (bridge/client/src/codec.ts says how to read them).\n")
	return w
}

func (n *numbers) table(w *writer, c *contracts, name string, from, to int) {
	var lines []string
	for _, m := range n.messages[from:to] {
		lines = append(lines, n.spec(c, m))
	}
	w.line("export const %s = `%s`", name, strings.Join(lines, "\n"))
}

// spec is one message's table.
func (n *numbers) spec(c *contracts, m *message) string {
	var words []string
	last := 0
	for _, f := range m.fields {
		letter := map[kind]string{
			kindBool: "B", kindUint: "U", kindInt: "I", kindString: "S", kindBytes: "Y",
			kindStrings: "L", kindPacked: "P", kindValue: "V", kindRow: "R", kindMessage: "M",
		}[f.kind]
		switch {
		case f.big:
			letter = "X"
		case f.wide:
			letter = "W"
		case f.list:
			letter = "A"
		case f.pointer:
			letter = "O"
		}
		word := letter + f.ts
		if f.kind == kindMessage {
			word += fmt.Sprint(":", n.of(c.message(*f.named)))
		}
		if f.number != last+1 {
			word = fmt.Sprint(f.number, word)
		}
		last = f.number
		words = append(words, word)
	}
	return strings.Join(words, " ")
}
