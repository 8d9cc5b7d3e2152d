package query

import (
	"strconv"
	"strings"

	"rockpool.dev/fault"
)

// PathMax is the most steps of a JSON path.
const PathMax = 64

// Step is one step into a JSON value: a key of an object, or an index.
type Step struct {
	Key   string
	Index int
	IsKey bool
}

// ParsePath reads "$.a.b[0]", where the "$" may be left out and a key that is
// no plain word is written "quoted". A negative index counts from the end.
func ParsePath(path string) ([]Step, error) {
	bad := func(msg string) ([]Step, error) {
		return nil, fault.New(fault.InvalidArgument, "read JSON path", msg)
	}
	p := path
	if strings.HasPrefix(p, "$") {
		p = p[1:]
	} else if p != "" && p[0] != '[' && p[0] != '.' {
		p = "." + p
	}
	var steps []Step
	for p != "" {
		if len(steps) == PathMax {
			return bad("the path has more than PathMax steps")
		}
		switch {
		case p[0] == '[':
			end := strings.IndexByte(p, ']')
			if end < 0 {
				return bad("a bracket is not closed")
			}
			n, err := strconv.ParseInt(p[1:end], 10, 32)
			if err != nil {
				return bad("an index is not a number")
			}
			steps = append(steps, Step{Index: int(n)})
			p = p[end+1:]
		case strings.HasPrefix(p, `."`):
			end := strings.IndexByte(p[2:], '"')
			if end < 0 {
				return bad("a quote is not closed")
			}
			steps = append(steps, Step{Key: p[2 : 2+end], IsKey: true})
			p = p[end+3:]
		case p[0] == '.':
			end := strings.IndexAny(p[1:], ".[")
			if end < 0 {
				end = len(p) - 1
			}
			key := p[1 : 1+end]
			if key == "" || strings.ContainsAny(key, `"]`) {
				return bad("a key is empty or has a quote")
			}
			steps = append(steps, Step{Key: key, IsKey: true})
			p = p[1+end:]
		default:
			return bad("a step starts with neither a dot nor a bracket")
		}
	}
	if len(steps) == 0 {
		return bad("the path is empty")
	}
	return steps, nil
}
