package main

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Sections and name subsections of a wasm module that are read
// (https://webassembly.github.io/spec/core/binary/modules.html).
const (
	sectionCustom = 0
	sectionImport = 2
	sectionCode   = 10
	namesOfFuncs  = 1
)

// listPackages builds the core with its names and prints what the code of each
// package weighs: as it is, and compressed alone. Data is not attributed.
func listPackages(w io.Writer) error {
	dir, err := os.MkdirTemp("", "sizes-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	replaced, err := exec.Command("go", "run", "./internal/slim/overlay").Output()
	if err != nil {
		return fmt.Errorf("overlay: %w", err)
	}
	overlay := "-overlay=" + filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), replaced, 0o644); err != nil {
		return err
	}
	path := filepath.Join(dir, "core.wasm")
	cmd := exec.Command("go", "build", "-trimpath", overlay, "-ldflags=-w", "-o", path, "./wasm")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the core: %w: %s", err, out)
	}
	module, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	list := exec.Command("go", "list", overlay, "-deps", "./wasm")
	list.Env = cmd.Env
	out, err := list.Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	code, err := codeByPackage(module, plain(strings.Fields(string(out))))
	if err != nil {
		return err
	}
	type row struct {
		name        string
		raw, brotli int
	}
	var rows []row
	for name, body := range code {
		rows = append(rows, row{name, len(body), brotlied(body)})
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(b.brotli, a.brotli) })
	for _, r := range rows {
		fmt.Fprintf(w, "%8d %8d  %s\n", r.raw, r.brotli, r.name)
	}
	return nil
}

// codeByPackage returns the function bodies of a module with a name section,
// joined by Go package.
func codeByPackage(module []byte, packages map[string]string) (map[string][]byte, error) {
	if len(module) < 8 || string(module[:4]) != "\x00asm" {
		return nil, errors.New("not a wasm module")
	}
	r := reader{b: module[8:]}
	imported := 0
	var bodies [][]byte
	names := map[int]string{}
	for len(r.b) > 0 && !r.bad {
		id := r.byte()
		s := reader{b: r.bytes()}
		switch id {
		case sectionImport:
			imported = s.importedFuncs()
		case sectionCode:
			for range s.uint() {
				bodies = append(bodies, s.bytes())
			}
		case sectionCustom:
			if string(s.bytes()) == "name" {
				s.funcNames(names)
			}
		}
		r.bad = r.bad || s.bad
	}
	if r.bad {
		return nil, errors.New("the wasm module is cut off")
	}
	if len(names) == 0 {
		return nil, errors.New("the wasm module has no names: build it without -s")
	}
	code := map[string][]byte{}
	for i, body := range bodies {
		pkg := packageOf(names[imported+i], packages)
		code[pkg] = append(code[pkg], body...)
	}
	return code, nil
}

// notPlain are what the linker replaces by _ in the names of functions.
var notPlain = regexp.MustCompile(`[^\w.]`)

// packageOf finds the package of a function by its linker name, as in
// "rockpool.dev_wasm_store.__DB_.Apply". Packages map a path as the linker
// writes it to the path.
func packageOf(name string, packages map[string]string) string {
	// Type arguments may follow: the package is at the front.
	for end := len(name); end > 0; {
		end = strings.LastIndexByte(name[:end], '.')
		if end < 0 {
			break
		}
		if path, ok := packages[name[:end]]; ok {
			return path
		}
	}
	return "(the linker's)"
}

// plain returns packages by their names in the module's name section.
func plain(paths []string) map[string]string {
	m := map[string]string{"main": "rockpool.dev/wasm"}
	for _, p := range paths {
		m[notPlain.ReplaceAllString(p, "_")] = p
	}
	return m
}

// reader reads wasm's encoding; after a read past the end bad is set and
// everything reads as zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) uint() int {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > 1<<31 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return int(v)
}

func (r *reader) bytes() []byte {
	n := r.uint()
	if n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

// importedFuncs counts the functions of an import section, whose numbers come
// before those of the code section.
func (r *reader) importedFuncs() (funcs int) {
	for range r.uint() {
		r.bytes()
		r.bytes()
		switch r.byte() {
		case 0: // function: its type
			r.uint()
			funcs++
		case 1: // table: element type, limits
			r.byte()
			r.limits()
		case 2: // memory
			r.limits()
		case 3: // global: type, mutability
			r.byte()
			r.byte()
		default:
			r.bad = true
		}
		if r.bad {
			return funcs
		}
	}
	return funcs
}

func (r *reader) limits() {
	if r.byte()&1 != 0 {
		r.uint()
	}
	r.uint()
}

func (r *reader) funcNames(into map[int]string) {
	for len(r.b) > 0 && !r.bad {
		id := r.byte()
		sub := reader{b: r.bytes()}
		if id != namesOfFuncs {
			continue
		}
		for range sub.uint() {
			i := sub.uint()
			into[i] = string(sub.bytes())
			if sub.bad {
				r.bad = true
				return
			}
		}
	}
}
