package arch

import (
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// bridges says which of our npm packages each one may import. A client of the
// database is a package on top of bridge/client, which knows none of them.
var bridges = map[string][]string{
	"worker":      {"client"}, // its gen/: the kinds of errors
	"client":      {"worker"},
	"react":       {"client"},
	"kysely":      {"client"},
	"drizzle":     {"client"},
	"prisma":      {"client"},
	"planetscale": {"client"},
	"supabase":    {"client"},
	"node":        {"client", "worker"},
}

var (
	packageImport  = regexp.MustCompile(`(?:from|import)\s*\(?\s*'@rockpool/([a-z]+)`)
	relativeImport = regexp.MustCompile(`(?:from|import)\s*\(?\s*'((?:\.\./)+[^']+)'`)
)

// checkBridge: the packages of bridge/ import what bridges lists, also where
// they reach into another's folder.
func checkBridge(scripts []file) (broken []string) {
	for _, f := range scripts {
		folder := strings.Split(f.path, "/")
		if len(folder) < 4 || folder[0] != "bridge" || folder[2] != "src" {
			continue
		}
		own := folder[1]
		allowed, known := bridges[own]
		if !known {
			broken = append(broken, f.path+": the package is not listed: add it to internal/arch/bridge.go with what it may import")
			continue
		}
		var imports []string
		for _, m := range packageImport.FindAllStringSubmatch(f.text, -1) {
			imports = append(imports, m[1])
		}
		for _, m := range relativeImport.FindAllStringSubmatch(f.text, -1) {
			to := strings.Split(path.Join(f.pkg, m[1]), "/")
			if len(to) > 1 && to[0] == "bridge" {
				imports = append(imports, to[1])
			}
		}
		for _, name := range imports {
			if name != own && !slices.Contains(allowed, name) {
				broken = append(broken, f.path+" imports @rockpool/"+name+": "+own+" may import "+strings.Join(allowed, ", ")+" only, so that a page ships what it uses")
			}
		}
	}
	return broken
}

// loadScripts reads the TypeScript below bridge/.
func loadScripts(root string) (scripts []file, err error) {
	err = filepath.WalkDir(filepath.Join(root, "bridge"), func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "node_modules" {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".ts") && !strings.HasSuffix(p, ".tsx") {
			return nil
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		text, err := readFile(p)
		scripts = append(scripts, file{path: name, pkg: path.Dir(name), text: text})
		return err
	})
	return scripts, err
}
