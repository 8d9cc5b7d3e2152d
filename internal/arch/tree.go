package arch

import (
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

const module = "rockpool.dev"

// file is one Go file: where it is, what it imports, its text.
type file struct {
	path    string // from the root, with slashes
	pkg     string // folder
	test    bool
	js      bool // built for js/wasm only
	native  bool // never built for js/wasm
	imports []string
	text    string
}

// parse reads one file's imports and build constraint.
func parse(name, text string) (file, error) {
	f := file{path: name, pkg: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), text: text}
	ast, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return f, err
	}
	for _, i := range ast.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return f, err
		}
		f.imports = append(f.imports, p)
	}
	base := strings.TrimSuffix(strings.TrimSuffix(path.Base(name), ".go"), "_test")
	f.js = strings.HasSuffix(base, "_js")
	for _, group := range ast.Comments {
		for _, c := range group.List {
			if expr, err := constraint.Parse(c.Text); err == nil && c.Pos() < ast.Package {
				onJS := expr.Eval(func(tag string) bool { return tag == "js" || tag == "wasm" })
				onNative := expr.Eval(func(tag string) bool { return tag == "linux" || tag == "amd64" || tag == "unix" })
				f.js, f.native = f.js || onJS && !onNative, f.native || onNative && !onJS
			}
		}
	}
	return f, nil
}

// load reads every Go file below root.
func load(root string) ([]file, error) {
	var files []file
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "build" || p != root && strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		text, err := readFile(p)
		if err != nil {
			return err
		}
		f, err := parse(filepath.ToSlash(rel), text)
		files = append(files, f)
		return err
	})
	return files, err
}
