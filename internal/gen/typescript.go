package main

import (
	"sort"
	"strconv"
	"strings"
	"unicode"

	"rockpool.dev/fault"
)

// tsPackage is the TypeScript twin of a package: an interface, a number and two
// functions for each message, constants and an object of them for each enum.
func tsPackage(p *pkg, n *numbers) []byte {
	w := &writer{}
	w.line("%s", strings.TrimSuffix(generated, "\n\n"))
	w.line("// The twin of Go's package %s. Fields are documented there too.\n", p.name)
	if len(p.messages) > 0 {
		used := "decode, encode, type Init, type Message"
		for _, m := range p.messages {
			for _, f := range m.fields {
				if (f.kind == kindValue || f.kind == kindRow) && !strings.Contains(used, "SqlValue") {
					used = "decode, encode, type Init, type SqlValue, type Message"
				}
			}
		}
		w.line("import { %s } from '../codec.ts'", used)
	}
	tsImports(w, p)
	for _, c := range p.consts {
		tsDoc(w, "\n", c.doc)
		value := c.value
		if strings.HasPrefix(value, `"`) {
			value = "'" + strings.Trim(value, `"`) + "'"
		}
		w.line("export const %s = %s", c.name, value)
	}
	for _, e := range p.enums {
		tsEnum(w, e)
	}
	for _, m := range p.messages {
		tsMessage(w, n, m)
	}
	return w.Bytes()
}

func tsImports(w *writer, p *pkg) {
	from := map[string]map[string]bool{}
	for _, m := range p.messages {
		for _, f := range m.fields {
			if f.named == nil || f.named.pkg == p.name {
				continue
			}
			if from[f.named.pkg] == nil {
				from[f.named.pkg] = map[string]bool{}
			}
			if f.kind == kindMessage || f.kind == kindUint && !f.big {
				from[f.named.pkg][f.named.name] = true
			}
		}
	}
	var others []string
	for other, names := range from {
		if len(names) > 0 {
			others = append(others, other)
		}
	}
	sort.Strings(others)
	for _, other := range others {
		var names []string
		for name := range from[other] {
			names = append(names, name)
		}
		sort.Strings(names)
		w.line("import type { %s } from './%s.ts'", strings.Join(names, ", "), other)
	}
}

// tsDoc writes a doc comment. Go's own names stay as they are.
func tsDoc(w *writer, before, doc string) {
	w.WriteString(before)
	doc = strings.ReplaceAll(strings.TrimSpace(doc), "*/", "* /")
	if doc == "" {
		return
	}
	lines := strings.Split(doc, "\n")
	if len(lines) == 1 {
		w.line("%s/** %s */", indent(before), lines[0])
		return
	}
	w.line("%s/**", indent(before))
	for _, line := range lines {
		w.line("%s", strings.TrimRight(indent(before)+" * "+line, " "))
	}
	w.line("%s */", indent(before))
}

func indent(before string) string {
	if before == "" {
		return "  "
	}
	return ""
}

// tsEnum writes each value as a constant, which a bundler puts in its place, and
// all of them as an object, which is for tests: only what is used is shipped.
func tsEnum(w *writer, e *enum) {
	w.line("")
	var names []string
	for _, v := range e.values {
		if v.doc != "" {
			w.line("/** %s */", strings.Join(strings.Fields(strings.ReplaceAll(v.doc, "*/", "* /")), " "))
		}
		w.line("export const %s = %s", v.name, v.value)
		names = append(names, v.name)
	}
	tsDoc(w, "\n", e.doc)
	w.line("export const %s = { %s } as const", e.name, strings.Join(names, ", "))
	w.line("export type %s = (typeof %s)[keyof typeof %s]", e.name, e.name, e.name)
}

func tsMessage(w *writer, n *numbers, m *message) {
	tsDoc(w, "\n", m.doc)
	if len(m.fields) == 0 {
		w.line("export type %s = Record<never, never>", m.name)
	} else {
		w.line("export interface %s {", m.name)
		for _, f := range m.fields {
			tsDoc(w, "", f.doc)
			w.line("  readonly %s: %s", f.ts, tsType(f))
		}
		w.line("}")
	}
	w.line("export const %sMessage = %d as Message<%s>", m.name, n.of(m), m.name)
	w.line("/** Encodes a {@link %s}; fields that are left out have the zero value. */", m.name)
	w.line("export const encode%s = (message: Init<%s>): Uint8Array<ArrayBuffer> => encode(%sMessage, message)", m.name, m.name, m.name)
	w.line("/** Decodes a {@link %s}. @throws RockpoolError of kind `protocol`. */", m.name)
	w.line("export const decode%s = (src: Uint8Array): %s => decode(%sMessage, src)", m.name, m.name, m.name)
}

func tsType(f field) string {
	switch f.kind {
	case kindBool:
		return "boolean"
	case kindUint:
		switch {
		case f.big:
			return "bigint"
		case f.named != nil:
			return f.named.name
		}
		return "number"
	case kindInt:
		if f.wide {
			return "number | bigint"
		}
		return "number"
	case kindFloat:
		return "number"
	case kindString:
		return "string"
	case kindBytes:
		return "Uint8Array"
	case kindStrings:
		return "readonly string[]"
	case kindPacked:
		return "readonly number[]"
	case kindValue:
		return "SqlValue"
	case kindRow:
		return "readonly SqlValue[]"
	}
	switch {
	case f.list:
		return "readonly " + f.named.name + "[]"
	case f.pointer:
		return f.named.name + " | null"
	}
	return f.named.name
}

// tsName turns a Go field name into camel case: SQL → sql, RelayURL →
// relayUrl, URLs → urls, RTTMicros → rttMicros.
func tsName(name string) string {
	var words []string
	runes := []rune(name)
	start := 0
	for i := 1; i <= len(runes); i++ {
		if i < len(runes) && !boundary(runes, i) {
			continue
		}
		words = append(words, string(runes[start:i]))
		start = i
	}
	for i, word := range words {
		word = strings.ToLower(word)
		if i > 0 {
			word = strings.ToUpper(word[:1]) + word[1:]
		}
		words[i] = word
	}
	return strings.Join(words, "")
}

// boundary reports whether a word begins at i.
func boundary(r []rune, i int) bool {
	if !unicode.IsUpper(r[i]) {
		return false
	}
	if !unicode.IsUpper(r[i-1]) {
		return true
	}
	plural := i+1 < len(r) && r[i+1] == 's' && (i+2 == len(r) || unicode.IsUpper(r[i+2]))
	return i+1 < len(r) && !unicode.IsUpper(r[i+1]) && !plural
}

// tsFaults is the kinds of errors.
func tsFaults() []byte {
	w := &writer{}
	w.line("%s", strings.TrimSuffix(generated, "\n\n"))
	w.line("// The twin of Go's package fault.\n")
	var names, retry []string
	for at, k := range fault.Kinds() {
		names = append(names, k.String())
		if k.Retryable() {
			retry = append(retry, strconv.Itoa(at))
		}
	}
	w.line("/** The stable text of every kind of error, by its number. */")
	w.line("export const KIND_NAMES = [\n%s] as const\n", wrap(names))
	w.line("/** The stable text of a kind of error. */")
	w.line("export type Kind = (typeof KIND_NAMES)[number]\n")
	w.line("/** The numbers of the kinds after which the same call may succeed later unchanged. */")
	w.line("export const RETRYABLE_KINDS = [%s]", strings.Join(retry, ", "))
	return w.Bytes()
}

func wrap(names []string) string {
	var out strings.Builder
	line := " "
	for _, name := range names {
		if len(line)+len(name) > 110 {
			out.WriteString(line + "\n")
			line = " "
		}
		line += " '" + name + "',"
	}
	return out.String() + line + "\n"
}
