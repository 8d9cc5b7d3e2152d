package query

// Function is one function that a built query may call.
type Function struct {
	Name string
	// Min and Max bound the number of arguments; Max -1 is no bound.
	Min, Max int
	// Aggregate functions take Distinct and, for count, a star.
	Aggregate bool
}

// Functions are all that ExprCall may name, sorted. What both engines answer alike
// is here; anything else is raw SQL and the developer's own responsibility. Lists and
// not maps, as in all of the core: a map is made by code, an entry at a time.
var Functions = [...]Function{
	{Name: "abs", Min: 1, Max: 1},
	// Postgres's @> and && by what they are about: jsonb, or arrays as text.
	{Name: "array_contains", Min: 2, Max: 2},
	{Name: "array_overlaps", Min: 2, Max: 2},
	{Name: "avg", Min: 1, Max: 1, Aggregate: true},
	{Name: "coalesce", Min: 2, Max: -1},
	{Name: "concat", Min: 1, Max: -1},
	{Name: "count", Min: 1, Max: 1, Aggregate: true},
	{Name: "json_contains", Min: 2, Max: 2},
	{Name: "length", Min: 1, Max: 1},
	{Name: "lower", Min: 1, Max: 1},
	{Name: "ltrim", Min: 1, Max: 2},
	{Name: "max", Min: 1, Max: 1, Aggregate: true},
	{Name: "min", Min: 1, Max: 1, Aggregate: true},
	{Name: "nullif", Min: 2, Max: 2},
	{Name: "replace", Min: 3, Max: 3},
	{Name: "round", Min: 1, Max: 2},
	{Name: "rtrim", Min: 1, Max: 2},
	{Name: "substr", Min: 2, Max: 3},
	{Name: "sum", Min: 1, Max: 1, Aggregate: true},
	{Name: "trim", Min: 1, Max: 2},
	{Name: "upper", Min: 1, Max: 1},
}

// FindFunction returns the function of a name, or nil.
func FindFunction(name string) *Function {
	for i := range Functions {
		if Functions[i].Name == name {
			return &Functions[i]
		}
	}
	return nil
}

// compares and ariths are the operators of ExprCompare and ExprArith, sorted.
var (
	compares = []string{"<", "<=", "<>", "=", ">", ">=", "ilike", "like"}
	ariths   = []string{"%", "*", "+", "-", "/", "||"}
)
