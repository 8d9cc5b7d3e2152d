package schema

import (
	"strconv"
	"strings"
)

// civil is a point of the calendar and the clock, in the zone offset seconds
// east of UTC. Package time would cost the page 40 KB (brotli).
type civil struct {
	year, month, day     int
	hour, minute, second int
	micros               int
	offset               int
	hasOffset            bool
}

// scanner cuts a text from its start.
type scanner struct{ rest string }

// number cuts min to max digits.
func (s *scanner) number(least, most int) (int, bool) {
	head, _ := digits(s.rest)
	if len(head) < least {
		return 0, false
	}
	head = head[:min(len(head), most)]
	n, err := strconv.Atoi(head)
	s.rest = s.rest[len(head):]
	return n, err == nil
}

// skip cuts one byte of set.
func (s *scanner) skip(set string) bool {
	if s.rest == "" || strings.IndexByte(set, s.rest[0]) < 0 {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// parseDate cuts YYYY-MM-DD; the year has 4 to 6 digits.
func (s *scanner) parseDate(c *civil) bool {
	var ok [3]bool
	c.year, ok[0] = s.number(4, 6)
	if !s.skip("-") {
		return false
	}
	c.month, ok[1] = s.number(1, 2)
	if !s.skip("-") {
		return false
	}
	c.day, ok[2] = s.number(1, 2)
	return ok[0] && ok[1] && ok[2] && c.month >= 1 && c.month <= 12 && c.day >= 1 && c.day <= daysIn(c.year, c.month)
}

// parseTime cuts HH:MM[:SS[.fraction]]; the fraction is rounded to
// microseconds as Postgres does, which may reach the next second.
func (s *scanner) parseTime(c *civil) bool {
	var ok [2]bool
	c.hour, ok[0] = s.number(1, 2)
	if !s.skip(":") {
		return false
	}
	c.minute, ok[1] = s.number(2, 2)
	if !ok[0] || !ok[1] || c.hour > 24 || c.minute > 59 {
		return false
	}
	if s.skip(":") {
		var found bool
		if c.second, found = s.number(2, 2); !found || c.second > 60 {
			return false
		}
		if s.skip(".,") && !s.parseFraction(c) {
			return false
		}
	}
	return c.hour < 24 || c.minute == 0 && c.second == 0 && c.micros == 0
}

func (s *scanner) parseFraction(c *civil) bool {
	head, rest := digits(s.rest)
	if head == "" {
		return false
	}
	s.rest = rest
	six := (head + "000000")[:6]
	c.micros, _ = strconv.Atoi(six)
	if len(head) > 6 && head[6] >= '5' {
		c.micros++
	}
	return true
}

// parseOffset cuts Z or ±HH[[:]MM[[:]SS]], if there is one.
func (s *scanner) parseOffset(c *civil) bool {
	s.rest = strings.TrimLeft(s.rest, " ")
	if s.skip("Zz") {
		c.hasOffset = true
		return true
	}
	if strings.HasPrefix(strings.ToUpper(s.rest), "UTC") || strings.HasPrefix(strings.ToUpper(s.rest), "GMT") {
		s.rest, c.hasOffset = s.rest[3:], true
		return true
	}
	negative := strings.HasPrefix(s.rest, "-")
	if !s.skip("+-") {
		return true
	}
	c.hasOffset = true
	parts := [3]int{}
	for i := range parts {
		if i > 0 {
			if !s.skip(":") && (s.rest == "" || s.rest[0] < '0' || s.rest[0] > '9') {
				break
			}
		}
		var ok bool
		if parts[i], ok = s.number(2, 2); !ok {
			return false
		}
	}
	if parts[0] > 15 || parts[1] > 59 || parts[2] > 59 {
		return false
	}
	c.offset = parts[0]*3600 + parts[1]*60 + parts[2]
	if negative {
		c.offset = -c.offset
	}
	return true
}

// parseCivil reads a date, and a time and an offset where there are some, as
// ISO 8601 and Postgres write them. bc is true for a year before 1.
func parseCivil(text string) (c civil, bc, ok bool) {
	s := scanner{strings.TrimSpace(text)}
	if !s.parseDate(&c) {
		return c, false, false
	}
	if s.skip("Tt ") {
		s.rest = strings.TrimLeft(s.rest, " ")
		if s.rest != "" && s.rest[0] >= '0' && s.rest[0] <= '9' {
			if !s.parseTime(&c) || !s.parseOffset(&c) {
				return c, false, false
			}
		}
	}
	switch strings.ToUpper(strings.TrimSpace(s.rest)) {
	case "":
	case "BC":
		bc = true
	case "AD":
	default:
		return c, false, false
	}
	return c, bc, c.year > 0
}

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysIn(year, month int) int {
	switch month {
	case 2:
		if leap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

const (
	daySeconds  = 24 * 60 * 60
	secondMicro = 1000000
)

// days counts from 1970-01-01; http://howardhinnant.github.io/date_algorithms.html.
func (c civil) days() int {
	y := c.year
	if c.month <= 2 {
		y--
	}
	era := floorDiv(y, 400)
	yoe := y - era*400
	doy := (153*((c.month+9)%12)+2)/5 + c.day - 1
	return era*146097 + yoe*365 + yoe/4 - yoe/100 + doy - 719468
}

// utc returns the same moment at offset 0, with every part in its range.
func (c civil) utc() civil {
	total := c.days()*daySeconds + c.hour*3600 + c.minute*60 + c.second - c.offset
	micros := c.micros
	if micros >= secondMicro {
		micros -= secondMicro
		total++
	}
	day := floorDiv(total, daySeconds)
	rest := total - day*daySeconds
	out := fromDays(day)
	out.hour, out.minute, out.second, out.micros = rest/3600, rest/60%60, rest%60, micros
	return out
}

func fromDays(day int) (c civil) {
	day += 719468
	era := floorDiv(day, 146097)
	doe := day - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	c.day, c.month, c.year = doy-(153*mp+2)/5+1, (mp+2)%12+1, yoe+era*400
	if c.month <= 2 {
		c.year++
	}
	return c
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// pad appends n with at least width digits.
func pad(dst []byte, n, width int) []byte {
	text := strconv.Itoa(n)
	for i := len(text); i < width; i++ {
		dst = append(dst, '0')
	}
	return append(dst, text...)
}

func (c civil) appendDate(dst []byte) []byte {
	dst = append(pad(dst, c.year, 4), '-')
	dst = append(pad(dst, c.month, 2), '-')
	return pad(dst, c.day, 2)
}

func (c civil) appendTime(dst []byte) []byte {
	dst = append(pad(dst, c.hour, 2), ':')
	dst = append(pad(dst, c.minute, 2), ':')
	return pad(dst, c.second, 2)
}

// timestamp is the fixed-width form; zone adds +00:00.
func (c civil) timestamp(zone bool) string {
	dst := append(c.appendDate(make([]byte, 0, 32)), 'T')
	dst = pad(append(c.appendTime(dst), '.'), c.micros, 6)
	if zone {
		dst = append(dst, "+00:00"...)
	}
	return string(dst)
}
