package sqlite

import (
	"strings"

	"rockpool.dev/fault"
)

// ReservedPrefix is of the tables that only the product itself writes.
const ReservedPrefix = "_rockpool_"

// Guard is what statements of the app must not do. It is checked when a
// statement is compiled, and again when SQLite compiles it anew. Whatever is
// refused is told by name: DDL on synced tables as fault.SchemaDDL, all else
// as fault.Forbidden. ATTACH, DETACH, writes and DDL on ReservedPrefix, and
// PRAGMAs outside PragmaRead and PragmaCall are always refused.
// A Guard must not be changed once SetGuard has seen it.
type Guard struct {
	// Synced names the tables whose shape belongs to the server: no DDL, no
	// triggers, no temporary table of that name.
	Synced []string
	// Indexes names the indexes that belong to them and must not be dropped.
	Indexes []string
	// NoTransactions refuses BEGIN, COMMIT, ROLLBACK, SAVEPOINT and RELEASE.
	NoTransactions bool
}

// PragmaRead lists the PRAGMAs that may be read, without an argument.
var PragmaRead = []string{
	"application_id", "auto_vacuum", "busy_timeout", "cache_size", "collation_list", "compile_options", "data_version",
	"database_list", "encoding", "foreign_keys", "freelist_count", "function_list", "journal_mode", "module_list",
	"page_count", "page_size", "pragma_list", "schema_version", "synchronous", "table_list", "user_version", "wal_autocheckpoint",
}

// PragmaCall lists the PRAGMAs that may have an argument: they change nothing.
var PragmaCall = []string{
	"foreign_key_check", "foreign_key_list", "index_info", "index_list", "index_xinfo", "integrity_check",
	"optimize", "quick_check", "table_info", "table_list", "table_xinfo",
}

// Authorizer actions, https://www.sqlite.org/c3ref/c_alter_table.html.
const (
	actCreateIndex       = 1
	actCreateTable       = 2
	actCreateTempIndex   = 3
	actCreateTempTable   = 4
	actCreateTempTrigger = 5
	actCreateTempView    = 6
	actCreateTrigger     = 7
	actCreateView        = 8
	actDelete            = 9
	actDropIndex         = 10
	actDropTable         = 11
	actDropTempIndex     = 12
	actDropTempTrigger   = 14
	actDropTrigger       = 16
	actDropView          = 17
	actInsert            = 18
	actPragma            = 19
	actTransaction       = 22
	actUpdate            = 23
	actAttach            = 24
	actDetach            = 25
	actAlterTable        = 26
	actCreateVTable      = 29
	actDropVTable        = 30
	actSavepoint         = 32
)

// refusal is what a guard said no to.
type refusal struct {
	kind      fault.Kind
	msg, hint string
}

// check answers one authorizer call; nil allows it. unique says that the
// statement begins with CREATE UNIQUE INDEX.
func (g *Guard) check(action int, arg1, arg2 string, unique bool) *refusal {
	switch action {
	case actAttach:
		return &refusal{fault.Forbidden, "ATTACH and VACUUM INTO are not available", "open the other database by its own name"}
	case actDetach:
		return &refusal{fault.Forbidden, "DETACH is not available", "there is nothing to detach: ATTACH is not available either"}
	case actPragma:
		return g.pragma(arg1, arg2)
	case actTransaction, actSavepoint:
		if g.NoTransactions {
			return &refusal{fault.Forbidden, arg1 + " as SQL text is not available here", "use db.transaction"}
		}
	case actInsert, actDelete, actUpdate:
		if reserved(arg1) {
			return &refusal{fault.Forbidden, "table " + arg1 + " is written by the database itself", "change the synced table instead; it is only bookkeeping"}
		}
	case actCreateIndex, actCreateTempIndex:
		return g.index(arg1, arg2, unique)
	case actDropIndex, actDropTempIndex:
		if reserved(arg2) || reserved(arg1) || contains(g.Indexes, arg1) {
			return ddl("index "+arg1, "belongs to a synced table")
		}
	case actCreateTrigger, actCreateTempTrigger, actDropTrigger, actDropTempTrigger:
		if reserved(arg1) || reserved(arg2) || contains(g.Synced, arg2) {
			return ddl("triggers on table "+arg2, "are run by the server, not here")
		}
	case actAlterTable:
		return g.table(arg2)
	case actCreateTable, actCreateTempTable, actCreateTempView, actCreateView, actCreateVTable, actDropTable, actDropVTable, actDropView:
		return g.table(arg1)
	}
	return nil
}

func (g *Guard) table(name string) *refusal {
	if reserved(name) {
		return &refusal{fault.Forbidden, "names that begin with " + ReservedPrefix + " are the database's own: " + name, "choose another name"}
	}
	if contains(g.Synced, name) {
		return ddl("table "+name, "is synced: its shape is the server's")
	}
	return nil
}

func (g *Guard) index(index, table string, unique bool) *refusal {
	if reserved(index) || reserved(table) {
		return g.table(ReservedPrefix)
	}
	if unique && contains(g.Synced, table) {
		return ddl("a unique index on table "+table, "could refuse the server's rows")
	}
	return nil
}

func (g *Guard) pragma(name, arg string) *refusal {
	if contains(PragmaCall, name) || arg == "" && contains(PragmaRead, name) {
		return nil
	}
	return &refusal{fault.Forbidden, "PRAGMA " + name + " is not available here", "the runtime sets journal, locking, key and schema itself"}
}

func ddl(what, why string) *refusal {
	return &refusal{fault.SchemaDDL, what + " " + why, "change the source database, then run `rockpool generate`"}
}

func (r *refusal) err(op string) *Error {
	f := fault.New(r.kind, op, r.msg).WithHint(r.hint)
	return &Error{Extended: codeAuth, Message: r.msg, fault: f}
}

// reserved reports whether a name has the reserved prefix, in any case.
func reserved(name string) bool {
	return len(name) >= len(ReservedPrefix) && strings.EqualFold(name[:len(ReservedPrefix)], ReservedPrefix)
}

// contains compares as SQLite compares names: without regard to case.
func contains(list []string, name string) bool {
	for _, s := range list {
		if strings.EqualFold(s, name) {
			return true
		}
	}
	return false
}

// createsUnique reports whether sql begins with CREATE UNIQUE, comments aside.
func createsUnique(sql string) bool {
	word, rest := nextWord(sql)
	if !strings.EqualFold(word, "CREATE") {
		return false
	}
	word, _ = nextWord(rest)
	return strings.EqualFold(word, "UNIQUE")
}

// nextWord skips space and comments and cuts a run of letters off.
func nextWord(s string) (word, rest string) {
	for {
		s = strings.TrimLeft(s, " \t\r\n\f;\ufeff")
		switch {
		case strings.HasPrefix(s, "--"):
			_, s, _ = strings.Cut(s, "\n")
		case strings.HasPrefix(s, "/*"):
			_, s, _ = strings.Cut(s[2:], "*/")
		default:
			n := 0
			for n < len(s) && (s[n]|0x20) >= 'a' && (s[n]|0x20) <= 'z' {
				n++
			}
			return s[:n], s[n:]
		}
	}
}
