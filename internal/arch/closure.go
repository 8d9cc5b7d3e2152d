package arch

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed closure.txt
var closureText string

// linked is a line of closure.txt.
type linked struct {
	pattern string // an import path, or path/... for it and all below
	kilo    int    // KB under brotli
	why     string
}

func (l linked) covers(path string) bool {
	base, below := strings.CutSuffix(l.pattern, "/...")
	return path == base || below && strings.HasPrefix(path, base+"/")
}

// readClosure parses closure.txt; every line has a size and a reason.
func readClosure(text string) (list []linked, err error) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if len(fields) < 3 {
			return nil, fmt.Errorf("line %d: want an import path, KB and a reason", number)
		}
		kilo, err := strconv.Atoi(fields[1])
		if err != nil {
			return nil, fmt.Errorf("line %d: KB: %w", number, err)
		}
		list = append(list, linked{fields[0], kilo, strings.Join(fields[2:], " ")})
	}
	return list, nil
}

// checkClosure holds what is linked to the list, both ways: the browser's
// dependencies are the user's waiting time.
func checkClosure(deps []string, list []linked) (broken []string) {
	used := make([]bool, len(list))
	for _, dep := range deps {
		known := false
		for i, l := range list {
			if l.covers(dep) {
				known, used[i] = true, true
			}
		}
		if !known {
			why := heavy[dep]
			if why == "" {
				why = "say in internal/arch/closure.txt what it is for and what it weighs, or do without"
			}
			broken = append(broken, "the core links "+dep+": "+why)
		}
	}
	for i, l := range list {
		if !used[i] {
			broken = append(broken, "the core no longer links "+l.pattern+": take it off internal/arch/closure.txt")
		}
	}
	return broken
}
