package main

// contracts is everything the contract packages declare.
type contracts struct {
	packages []*pkg
}

// pkg is one package.
type pkg struct {
	name     string
	messages []*message
	enums    []*enum
	consts   []constant
}

// message is a struct with wire tags, or an empty one.
type message struct {
	pkg    string
	name   string
	file   string
	doc    string
	fields []field
}

// field is one tagged field, in order of its number.
type field struct {
	number  int
	name    string
	ts      string // its name in TypeScript: the tag ts, else the Go name in camel case
	doc     string
	kind    kind
	bits    int    // of kindUint, kindInt and kindPacked
	named   *named // the Go type where it is not a builtin: enums and messages
	pointer bool   // kindMessage: nil is absent
	list    bool   // kindMessage: repeated
	big     bool   // kindUint of 64 bits: bigint in TypeScript
	wide    bool   // kindInt of 64 bits: number or bigint in TypeScript
}

// named is a type of a contract package.
type named struct{ pkg, name string }

// kind is how a field is encoded.
type kind int

const (
	kindBool kind = iota
	kindUint
	kindInt
	kindFloat
	kindString
	kindBytes
	kindStrings
	kindPacked
	kindValue
	kindRow
	kindMessage
)

// enum is a named integer with constants.
type enum struct {
	name, doc string
	values    []constant
}

// constant is one constant: a number, or quoted text.
type constant struct{ name, doc, value string }

// message returns the message of that name.
func (c *contracts) message(n named) *message {
	for _, p := range c.packages {
		if p.name != n.pkg {
			continue
		}
		for _, m := range p.messages {
			if m.name == n.name {
				return m
			}
		}
	}
	return nil
}

// heldIn reports whether a field of a message is a list of m, or a pointer to it.
func (c *contracts) heldIn(m *message) (listed, pointed bool) {
	for _, p := range c.packages {
		for _, other := range p.messages {
			for _, f := range other.fields {
				if f.holds(m) {
					listed, pointed = listed || f.list, pointed || f.pointer
				}
			}
		}
	}
	return listed, pointed
}

// leadsBack reports whether a field of m closes a cycle: it holds a message
// that is declared no later than m and whose fields lead to m.
func (c *contracts) leadsBack(m *message, f field) bool {
	for _, p := range c.packages {
		for _, earlier := range p.messages {
			if f.holds(earlier) {
				return c.reaches(earlier, m, map[*message]bool{})
			}
			if earlier == m {
				return false
			}
		}
	}
	return false
}

// reaches reports whether from is to or its fields lead there. seen are the
// messages from which the way has been looked for.
func (c *contracts) reaches(from, to *message, seen map[*message]bool) bool {
	if from == to || seen[from] {
		return from == to
	}
	seen[from] = true
	for _, f := range from.fields {
		if f.kind == kindMessage && c.reaches(c.message(*f.named), to, seen) {
			return true
		}
	}
	return false
}

// holds reports whether a field is of the message m, one or more.
func (f field) holds(m *message) bool {
	return f.kind == kindMessage && *f.named == named{m.pkg, m.name}
}
