package postgrest

// order is one term of an order parameter.
type order struct {
	field field
	// embed is the relation whose column it is, or "".
	embed                 string
	desc                  bool
	nullsFirst, nullsLast bool
}

// readOrder reads a.desc.nullslast,b,rel(c).
func readOrder(text string) (terms []order, err *Error) {
	s := &scanner{what: "order", text: text}
	for {
		s.blanks()
		terms = append(terms, order{})
		o := &terms[len(terms)-1]
		if err = s.field(&o.field); err != nil {
			return nil, err
		}
		if len(o.field.path) == 0 && s.take("(") {
			o.embed = o.field.name
			if err = s.field(&o.field); err != nil {
				return nil, err
			}
			if !s.take(")") {
				return nil, s.fail(`")"`)
			}
		}
		if s.take(".desc") {
			o.desc = true
		} else {
			s.take(".asc")
		}
		switch {
		case s.take(".nullsfirst"):
			o.nullsFirst = true
		case s.take(".nullslast"):
			o.nullsLast = true
		}
		if s.blanks(); s.comma() {
			continue
		}
		if s.end() {
			return terms, nil
		}
		if s.take(".") {
			return nil, s.fail(`"asc", "desc", "nullsfirst" or "nullslast"`)
		}
		return nil, s.fail(`"," or end of input`)
	}
}
