package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
)

// checkQueues: no queue without a named limit. A buffered channel's size is a
// constant with a name and a reason; one slot (a flag, an answer) needs none.
func checkQueues(files []file) (broken []string) {
	for _, f := range files {
		if f.test {
			continue
		}
		inspect(f, func(n ast.Node, at func(ast.Node) string) {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 2 || !isIdent(call.Fun, "make") {
				return
			}
			size, isNumber := call.Args[1].(*ast.BasicLit)
			if _, isChan := call.Args[0].(*ast.ChanType); isChan && isNumber && size.Value != "0" && size.Value != "1" {
				broken = append(broken, at(n)+": a queue of "+size.Value+": give the limit a name, a unit and a reason")
			}
		})
	}
	return broken
}

// mayWait lists files of the Worker that may wait, with the reason that no
// export reaches the wait.
var mayWait = map[string]string{
	"wasm/main.go":    "main parks for ever; exports run beside it",
	"wasm/main_js.go": "main parks for ever; exports run beside it",
}

// checkWaits: nothing reachable from an export waits, as it would return 0
// without a word and resume later into a stack that is gone. In the Worker one
// run-to-completion loop owns all state, so its packages need no lock, no
// channel and no sleep.
func checkWaits(files []file) (broken []string) {
	for _, f := range files {
		head, _, _ := strings.Cut(f.pkg, "/")
		if f.test || f.native || strings.HasSuffix(f.path, "_notjs.go") || mayWait[f.path] != "" || head != "wasm" && head != "sqlite" && !core(f.pkg) {
			continue
		}
		inspect(f, func(n ast.Node, at func(ast.Node) string) {
			if what := wait(n); what != "" {
				broken = append(broken, at(n)+": "+what+" in code that runs in the Worker: an export that waits returns 0 silently; make it a state and an event")
			}
		})
	}
	return broken
}

// wait names the waiting construct that a node is, or nothing.
func wait(n ast.Node) string {
	switch n := n.(type) {
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			return "a channel receive"
		}
	case *ast.SendStmt:
		return "a channel send"
	case *ast.SelectStmt:
		return "a select"
	case *ast.SelectorExpr:
		if isIdent(n.X, "time") && n.Sel.Name == "Sleep" {
			return "time.Sleep"
		}
		if isIdent(n.X, "sync") {
			switch n.Sel.Name {
			case "Mutex", "RWMutex", "WaitGroup", "Cond", "Once", "OnceFunc", "OnceValue", "OnceValues":
				return "sync." + n.Sel.Name
			}
		}
	}
	return ""
}

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

// inspect walks a file's syntax; at gives a node's place as path:line.
func inspect(f file, visit func(n ast.Node, at func(ast.Node) string)) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, f.path, f.text, parser.SkipObjectResolution)
	if err != nil {
		return // the compiler says it better
	}
	at := func(n ast.Node) string { return f.path + ":" + strconv.Itoa(fset.Position(n.Pos()).Line) }
	ast.Inspect(tree, func(n ast.Node) bool {
		if n != nil {
			visit(n, at)
		}
		return true
	})
}
