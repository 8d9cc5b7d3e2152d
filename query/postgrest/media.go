package postgrest

import "strings"

// media is the form of an answer's body.
type media struct {
	csv, object, stripped bool
}

const objectType = "application/vnd.pgrst.object+json"

// readMedia takes the first of the accepted types that can be made.
func readMedia(accept string) (media, *Error) {
	if strings.TrimSpace(accept) == "" {
		return media{}, nil
	}
	var offered []string
	for _, one := range strings.Split(accept, ",") {
		name, parameters, _ := strings.Cut(strings.TrimSpace(one), ";")
		stripped := strings.Contains(strings.ReplaceAll(parameters, " ", ""), "nulls=stripped")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "*/*", "application/*", "application/json":
			return media{}, nil
		case objectType, "application/vnd.pgrst.object":
			return media{object: true, stripped: stripped}, nil
		case "application/vnd.pgrst.array+json", "application/vnd.pgrst.array":
			return media{stripped: stripped}, nil
		case "text/csv":
			return media{csv: true}, nil
		}
		offered = append(offered, strings.TrimSpace(one))
	}
	return media{}, refuse("PGRST107", "None of these media types are available: "+strings.Join(offered, ", "))
}

// contentType is the Content-Type of an answer.
func (m media) contentType() string {
	name := "application/json"
	switch {
	case m.csv:
		return "text/csv; charset=utf-8"
	case m.object:
		name = objectType
	case m.stripped:
		name = "application/vnd.pgrst.array+json"
	}
	if m.stripped {
		name += ";nulls=stripped"
	}
	return name + "; charset=utf-8"
}
