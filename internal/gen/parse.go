package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"reflect"
	"sort"
	"strconv"
	"strings"
)

// source is the declarations of one package before they are understood.
type source struct {
	name  string
	types map[string]*ast.TypeSpec
	order []declared
}

// declared is one type in its place.
type declared struct {
	spec *ast.TypeSpec
	doc  string
	file string
}

// parse reads the packages below root.
func parse(root string, names []string) (*contracts, error) {
	fset := token.NewFileSet()
	sources := map[string]*source{}
	files := map[string][]*ast.File{}
	for _, name := range names {
		src, parsed, err := read(fset, root, name)
		if err != nil {
			return nil, err
		}
		sources[name], files[name] = src, parsed
	}
	c := &contracts{}
	for _, name := range names {
		p := &pkg{name: name}
		c.packages = append(c.packages, p)
		for _, d := range sources[name].order {
			m, err := readMessage(sources, name, d)
			if err != nil {
				return nil, err
			}
			if m != nil {
				p.messages = append(p.messages, m)
			}
		}
		if err := readConstants(p, sources[name], files[name]); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func read(fset *token.FileSet, root, name string) (*source, []*ast.File, error) {
	src := &source{name: name, types: map[string]*ast.TypeSpec{}}
	paths, err := filepath.Glob(filepath.Join(root, name, "*.go"))
	if err != nil {
		return nil, nil, err
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_gen.go") {
			continue
		}
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, file)
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, s := range g.Specs {
				spec := s.(*ast.TypeSpec)
				doc := spec.Doc.Text()
				if doc == "" {
					doc = g.Doc.Text()
				}
				src.types[spec.Name.Name] = spec
				src.order = append(src.order, declared{spec, doc, filepath.Base(path)})
			}
		}
	}
	return src, files, nil
}

// readMessage understands a struct, or returns nil for other types and for
// structs without wire tags.
func readMessage(sources map[string]*source, pkg string, d declared) (*message, error) {
	st, ok := d.spec.Type.(*ast.StructType)
	if !ok {
		return nil, nil
	}
	m := &message{pkg: pkg, name: d.spec.Name.Name, file: d.file, doc: d.doc}
	untagged := 0
	seen := map[int]bool{}
	for _, f := range st.Fields.List {
		var tags reflect.StructTag
		if f.Tag != nil {
			tags = reflect.StructTag(strings.Trim(f.Tag.Value, "`"))
		}
		tag := tags.Get("wire")
		if tag == "" {
			untagged++
			continue
		}
		one, err := readField(sources, pkg, f, tag)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", pkg, m.name, err)
		}
		one.ts = cmp.Or(tags.Get("ts"), tsName(one.name))
		if seen[one.number] {
			return nil, fmt.Errorf("%s.%s: number %d twice", pkg, m.name, one.number)
		}
		seen[one.number] = true
		m.fields = append(m.fields, one)
	}
	if untagged > 0 && len(m.fields) > 0 {
		return nil, fmt.Errorf("%s.%s: %d fields without a wire tag", pkg, m.name, untagged)
	}
	if untagged > 0 || !ast.IsExported(m.name) {
		return nil, nil
	}
	sort.Slice(m.fields, func(i, j int) bool { return m.fields[i].number < m.fields[j].number })
	return m, nil
}

func readField(sources map[string]*source, pkg string, f *ast.Field, tag string) (field, error) {
	if len(f.Names) != 1 {
		return field{}, fmt.Errorf("one name a field")
	}
	number, option, _ := strings.Cut(tag, ",")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 1<<29-1 {
		return field{}, fmt.Errorf("%s: wire tag %q is no field number", f.Names[0].Name, tag)
	}
	doc := f.Doc.Text()
	if doc == "" {
		doc = f.Comment.Text()
	}
	out := field{number: n, name: f.Names[0].Name, doc: doc, big: option == "big", wide: option == "wide"}
	if option != "" && !out.big && !out.wide {
		return field{}, fmt.Errorf("%s: unknown option %q", out.name, option)
	}
	if err := out.setType(sources, pkg, f.Type); err != nil {
		return field{}, fmt.Errorf("%s: %w", out.name, err)
	}
	if out.bits != 64 && (out.big || out.wide) || out.big && out.kind != kindUint || out.wide && out.kind != kindInt {
		return field{}, fmt.Errorf("%s: big is for uint64, wide is for int64", out.name)
	}
	return out, nil
}

// setType finds how a Go type is encoded.
func (f *field) setType(sources map[string]*source, pkg string, t ast.Expr) error {
	switch t := t.(type) {
	case *ast.Ident:
		return f.setNamed(sources, pkg, t.Name)
	case *ast.SelectorExpr:
		return f.setNamed(sources, t.X.(*ast.Ident).Name, t.Sel.Name)
	case *ast.StarExpr:
		f.pointer = true
		if err := f.setType(sources, pkg, t.X); err != nil {
			return err
		}
		if f.kind != kindMessage || f.list {
			return fmt.Errorf("a pointer to what is not a message")
		}
		return nil
	case *ast.ArrayType:
		if t.Len != nil {
			return fmt.Errorf("an array of fixed length")
		}
		return f.setList(sources, pkg, t.Elt)
	}
	return fmt.Errorf("a type that has no encoding")
}

func (f *field) setList(sources map[string]*source, pkg string, elt ast.Expr) error {
	if id, ok := elt.(*ast.Ident); ok && id.Name == "byte" {
		f.kind = kindBytes
		return nil
	}
	if err := f.setType(sources, pkg, elt); err != nil {
		return err
	}
	switch {
	case f.kind == kindMessage && !f.list && !f.pointer:
		f.list = true
	case f.kind == kindString && f.named == nil:
		f.kind = kindStrings
	case f.kind == kindUint && f.bits >= 32:
		f.kind = kindPacked
	default:
		return fmt.Errorf("a list of a type that has no list encoding")
	}
	return nil
}

var builtins = map[string]struct {
	kind kind
	bits int
}{
	"bool": {kindBool, 1}, "string": {kindString, 0}, "float64": {kindFloat, 64},
	"uint8": {kindUint, 8}, "byte": {kindUint, 8}, "uint16": {kindUint, 16}, "uint32": {kindUint, 32}, "uint64": {kindUint, 64}, "uint": {kindUint, 64},
	"int8": {kindInt, 8}, "int16": {kindInt, 16}, "int32": {kindInt, 32}, "int64": {kindInt, 64}, "int": {kindInt, 64},
}

func (f *field) setNamed(sources map[string]*source, pkg, name string) error {
	if b, ok := builtins[name]; ok && (sources[pkg] == nil || sources[pkg].types[name] == nil) {
		f.kind, f.bits = b.kind, b.bits
		return nil
	}
	if pkg == "value" {
		switch name {
		case "Value":
			f.kind = kindValue
			return nil
		case "Row":
			f.kind = kindRow
			return nil
		}
	}
	if sources[pkg] == nil || sources[pkg].types[name] == nil {
		return fmt.Errorf("%s.%s is not a type of a contract package", pkg, name)
	}
	spec := sources[pkg].types[name]
	if _, ok := spec.Type.(*ast.StructType); ok {
		f.kind, f.named = kindMessage, &named{pkg, name}
		return nil
	}
	if err := f.setType(sources, pkg, spec.Type); err != nil {
		return err
	}
	f.named = &named{pkg, name}
	return nil
}

// readConstants finds enums (typed constants of a named integer) and the other
// exported constants.
func readConstants(p *pkg, src *source, files []*ast.File) error {
	enums := map[string]*enum{}
	for _, d := range src.order {
		id, ok := d.spec.Type.(*ast.Ident)
		if ok && strings.HasPrefix(id.Name, "uint") {
			enums[d.spec.Name.Name] = &enum{name: d.spec.Name.Name, doc: d.doc}
		}
	}
	for _, file := range files {
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				if err := readConstant(p, enums, g, s.(*ast.ValueSpec)); err != nil {
					return fmt.Errorf("package %s: %w", p.name, err)
				}
			}
		}
	}
	for _, d := range src.order {
		if e := enums[d.spec.Name.Name]; e != nil && len(e.values) > 0 {
			p.enums = append(p.enums, e)
		}
	}
	return nil
}

func readConstant(p *pkg, enums map[string]*enum, g *ast.GenDecl, v *ast.ValueSpec) error {
	if !v.Names[0].IsExported() {
		return nil
	}
	if len(v.Names) != 1 || len(v.Values) != 1 {
		return fmt.Errorf("constant %s: one name and one value a line", v.Names[0].Name)
	}
	doc := v.Doc.Text()
	if doc == "" {
		doc = v.Comment.Text()
	}
	if doc == "" && len(g.Specs) == 1 {
		doc = g.Doc.Text()
	}
	got, err := types.Eval(token.NewFileSet(), nil, token.NoPos, types.ExprString(v.Values[0]))
	if err != nil {
		return fmt.Errorf("constant %s: %w", v.Names[0].Name, err)
	}
	one := constant{v.Names[0].Name, doc, got.Value.ExactString()}
	if id, ok := v.Type.(*ast.Ident); ok && enums[id.Name] != nil {
		enums[id.Name].values = append(enums[id.Name].values, one)
		return nil
	}
	p.consts = append(p.consts, one)
	return nil
}
