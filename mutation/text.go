package mutation

import "strings"

// mergeText is diff3 of texts: by lines, and where both changed lines that
// touch, by the words of those. Two changes have a word between them that
// neither changed; what lies closer is a conflict (false).
func mergeText(base, mine, theirs string) (string, bool) {
	return diff3(base, mine, theirs, lines, func(b, m, t string) (string, bool) {
		return diff3(b, m, t, words, nil)
	})
}

// diff3 merges three texts cut into parts. Parts that both sides kept are
// stable; what lies between two of them was changed by one side, by both in the
// same way, or is for finer to merge, where there is one.
// https://www.cis.upenn.edu/~bcpierce/papers/diff3-short.pdf
func diff3(base, mine, theirs string, cut func(string) []string, finer func(b, m, t string) (string, bool)) (string, bool) {
	b, m, t := cut(base), cut(mine), cut(theirs)
	inMine, ok := match(b, m)
	if !ok {
		return "", false
	}
	inTheirs, ok := match(b, t)
	if !ok {
		return "", false
	}
	var out strings.Builder
	for i, j, k := 0, 0, 0; ; {
		// [i, next) of base, [j, endMine) and [k, endTheirs) are one region.
		next := i
		for next < len(b) && (inMine[next] < 0 || inTheirs[next] < 0) {
			next++
		}
		endMine, endTheirs := len(m), len(t)
		if next < len(b) {
			endMine, endTheirs = inMine[next], inTheirs[next]
		}
		was, has, had := strings.Join(b[i:next], ""), strings.Join(m[j:endMine], ""), strings.Join(t[k:endTheirs], "")
		switch {
		case has == was || has == had:
			out.WriteString(had)
		case had == was:
			out.WriteString(has)
		case finer == nil:
			return "", false
		default:
			merged, ok := finer(was, has, had)
			if !ok {
				return "", false
			}
			out.WriteString(merged)
		}
		if next == len(b) {
			return out.String(), true
		}
		out.WriteString(b[next])
		i, j, k = next+1, endMine+1, endTheirs+1
	}
}

// lines cuts a text behind its line ends.
func lines(s string) (out []string) {
	for len(s) > 0 {
		n := strings.IndexByte(s, '\n') + 1
		if n == 0 {
			n = len(s)
		}
		out, s = append(out, s[:n]), s[n:]
	}
	return out
}

// words cuts a text into words and marks, each with the blanks before it.
func words(s string) (out []string) {
	for len(s) > 0 {
		n := 0
		for n < len(s) && blank(s[n]) {
			n++
		}
		start := n
		for n < len(s) && letter(s[n]) {
			n++
		}
		if n == start && n < len(s) {
			n++
		}
		out, s = append(out, s[:n]), s[n:]
	}
	return out
}

func blank(c byte) bool { return c <= ' ' }

// letter takes all beyond ASCII for letters: a character is never cut.
func letter(c byte) bool {
	return c >= 0x80 || c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}
