package postgrest

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// depthMax is how deep embeds and logic may nest in one URL.
const depthMax = 16

// scanner reads one parameter of a URL.
type scanner struct {
	what string // as "filter", for errors
	text string
	at   int
}

// fail is PGRST100 at the current place.
func (s *scanner) fail(expecting string) *Error {
	details := "unexpected end of input"
	if s.at < len(s.text) {
		_, n := utf8.DecodeRuneInString(s.text[s.at:])
		details = `unexpected "` + s.text[s.at:s.at+n] + `"`
	}
	if expecting != "" {
		details += " expecting " + expecting
	}
	return s.failed(details)
}

func (s *scanner) failed(details string) *Error {
	return refuse("PGRST100", `"failed to parse `+s.what+` (`+s.text+`)" (line 1, column `+strconv.Itoa(utf8.RuneCountInString(s.text[:s.at])+1)+`)`).with(details, "")
}

func (s *scanner) rest() string { return s.text[s.at:] }
func (s *scanner) end() bool    { return s.at == len(s.text) }

// take cuts a word, if it is the next.
func (s *scanner) take(word string) bool {
	if !strings.HasPrefix(s.rest(), word) {
		return false
	}
	s.at += len(word)
	return true
}

// sees reports whether a word is the next.
func (s *scanner) sees(word string) bool { return strings.HasPrefix(s.rest(), word) }

func (s *scanner) blanks() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\t') {
		s.at++
	}
}

// comma cuts a comma with the blanks around it.
func (s *scanner) comma() bool {
	before := s.at
	s.blanks()
	if s.take(",") {
		s.blanks()
		return true
	}
	s.at = before
	return false
}

// name reads the name of a column, a relation or an alias: "quoted", or letters,
// digits and _ $ with blanks and single hyphens inside.
func (s *scanner) name() (string, *Error) {
	if s.sees(`"`) {
		return s.quoted()
	}
	begin := s.at
	for s.at < len(s.text) {
		r, n := utf8.DecodeRuneInString(s.rest())
		hyphen := r == '-' && s.at > begin && !strings.HasPrefix(s.text[s.at+1:], ">")
		if !isNameRune(r) && !hyphen {
			break
		}
		s.at += n
	}
	name := strings.TrimSpace(s.text[begin:s.at])
	if name == "" {
		return "", s.fail("field name (* or [a..z0..9_$])")
	}
	return name, nil
}

// isNameRune: an identifier's rune.
func isNameRune(r rune) bool {
	return unicode.IsLetter(r) && r != utf8.RuneError || '0' <= r && r <= '9' || r == '_' || r == ' ' || r == '$'
}

// quoted reads a text in double quotes, with backslashes before what it means
// literally.
func (s *scanner) quoted() (string, *Error) {
	begin := s.at
	s.at++
	var b strings.Builder
	for s.at < len(s.text) {
		if s.take(`"`) {
			return b.String(), nil
		}
		if s.text[s.at] == '\\' {
			s.at++
		}
		if s.at < len(s.text) {
			b.WriteByte(s.text[s.at])
			s.at++
		}
	}
	s.at = begin
	return "", s.fail("")
}

// step is one step of a JSON path.
type step struct {
	key   string
	index int
	isKey bool
	text  bool // ->>
}

// field is a column and a path into its JSON.
type field struct {
	name string
	path []step
}

// What is read into a place of the caller's is not copied on its way there, which
// keeps the Worker's binary small.
func (s *scanner) field(f *field) (err *Error) {
	if f.name, err = s.name(); err == nil {
		f.path, err = s.path()
	}
	return err
}

// path reads -> and ->> steps.
func (s *scanner) path() (steps []step, err *Error) {
	for s.sees("->") {
		if len(steps) == depthMax {
			return nil, s.failed("the path has too many steps")
		}
		var one step
		if one.text = s.take("->>"); !one.text {
			s.at += 2
		}
		begin := s.at
		negative := s.take("-")
		from := s.at
		for s.at < len(s.text) && '0' <= s.text[s.at] && s.text[s.at] <= '9' {
			s.at++
		}
		n, ok := digits(s.text[from:s.at])
		if ok && n < 1<<31 && (s.end() || strings.IndexByte(".,:-)", s.text[s.at]) >= 0) {
			if one.index = int(n); negative {
				one.index = -one.index
			}
		} else {
			if negative {
				return nil, s.fail("digit")
			}
			s.at = begin
			if one.key, err = s.name(); err != nil {
				return nil, err
			}
			one.isKey = true
		}
		steps = append(steps, one)
	}
	return steps, nil
}
