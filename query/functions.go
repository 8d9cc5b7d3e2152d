package query

// Function is one function that a built query may call.
type Function struct {
	// Min and Max bound the number of arguments; Max -1 is no bound.
	Min, Max int
	// Aggregate functions take Distinct and, for count, a star.
	Aggregate bool
}

// Functions are all that ExprCall may name. What both engines answer alike is
// here; anything else is raw SQL and the developer's own responsibility.
var Functions = map[string]Function{
	"abs": {Min: 1, Max: 1},
	// Postgres's @> and && by what they are about: jsonb, or arrays as text.
	"array_contains": {Min: 2, Max: 2},
	"array_overlaps": {Min: 2, Max: 2},
	"json_contains":  {Min: 2, Max: 2},
	"avg":            {Min: 1, Max: 1, Aggregate: true},
	"coalesce":       {Min: 2, Max: -1},
	"concat":         {Min: 1, Max: -1},
	"count":          {Min: 1, Max: 1, Aggregate: true},
	"length":         {Min: 1, Max: 1},
	"lower":          {Min: 1, Max: 1},
	"ltrim":          {Min: 1, Max: 2},
	"max":            {Min: 1, Max: 1, Aggregate: true},
	"min":            {Min: 1, Max: 1, Aggregate: true},
	"nullif":         {Min: 2, Max: 2},
	"replace":        {Min: 3, Max: 3},
	"round":          {Min: 1, Max: 2},
	"rtrim":          {Min: 1, Max: 2},
	"substr":         {Min: 2, Max: 3},
	"sum":            {Min: 1, Max: 1, Aggregate: true},
	"trim":           {Min: 1, Max: 2},
	"upper":          {Min: 1, Max: 1},
}

// compares and ariths are the operators of ExprCompare and ExprArith.
var (
	compares = map[string]bool{
		"=": true, "<>": true, "<": true, "<=": true, ">": true, ">=": true, "like": true, "ilike": true,
	}
	ariths = map[string]bool{"+": true, "-": true, "*": true, "/": true, "%": true, "||": true}
)
