// Package policy is the closed subset of SQL predicates that says who may read
// and write which rows (SYNC.md §5): comparisons, AND, OR, NOT, IN (list),
// IS [NOT] NULL, and LIKE with a prefix, over a table's columns, the caller's
// claims (auth.sub, auth.role, auth.anything.below) and :parameters. Anything
// else is refused when it is parsed, never when a row is tested.
//
// A predicate is parsed once, checked against its table, and bound to one
// caller's claims and arguments. A bound predicate has no side effects and is
// safe for concurrent use. It evaluates as Postgres does: three-valued logic,
// numbers by value, and no ordering of text, whose collation only the source
// knows.
//
//	predicate = or
//	or        = and { OR and }
//	and       = not { AND not }
//	not       = NOT not | "(" or ")" | TRUE | FALSE | test
//	test      = operand [ op operand | [NOT] IN "(" operand {"," operand} ")" |
//	            IS [NOT] NULL | [NOT] LIKE 'prefix%' ]
//	operand   = column | "column" | auth.path | :name | 'text' | number | TRUE | FALSE | NULL
package policy
