package fault

// Kind is the stable number of an error. It crosses the wire and is what
// TypeScript switches on. Append only: never renumber, never reuse.
type Kind uint16

// The kinds. Text and meaning are in kinds below.
const (
	Unknown Kind = iota
	Internal
	InvalidArgument
	InvalidSQL
	UnknownTable
	UnknownColumn
	WrongParameters
	Constraint
	TypeMismatch
	Busy
	Closed
	Cancelled
	DeadlineExceeded
	OutcomeUnknown
	OutOfMemory
	TooLarge
	LimitExceeded
	QuotaExceeded
	StorageUnavailable
	StorageLocked
	StorageNotDurable
	Corrupt
	NotADatabase
	WrongKey
	IO
	ReadOnly
	Forbidden
	SchemaDDL
	SchemaMismatch
	ReloadNeeded
	VersionMismatch
	WorkerDied
	LeaderUnreachable
	LeaderFrozen
	Offline
	Unauthenticated
	TokenExpired
	ForbiddenOrigin
	Protocol
	Conflict
	Rejected
	RolledBack
	Blocked
	NotFound
	Duplicate
	SourceUnavailable
	SlotLost
	SourceSetup
	ResyncNeeded
	Rewound
	Fenced
	Trimmed
	NoPolicy
	Timeout
	kindCount
)

// kinds names each Kind (the stable text that reaches TypeScript) and says
// whether the same call may succeed later without a change.
var kinds = [kindCount]struct {
	name  string
	retry bool
}{
	Unknown:            {"unknown", false},
	Internal:           {"internal", false},
	InvalidArgument:    {"invalid_argument", false},
	InvalidSQL:         {"invalid_sql", false},
	UnknownTable:       {"unknown_table", false},
	UnknownColumn:      {"unknown_column", false},
	WrongParameters:    {"wrong_parameters", false},
	Constraint:         {"constraint", false},
	TypeMismatch:       {"type_mismatch", false},
	Busy:               {"busy", true},
	Closed:             {"closed", false},
	Cancelled:          {"cancelled", false},
	DeadlineExceeded:   {"deadline_exceeded", true},
	OutcomeUnknown:     {"outcome_unknown", true},
	OutOfMemory:        {"out_of_memory", true},
	TooLarge:           {"too_large", false},
	LimitExceeded:      {"limit_exceeded", true},
	QuotaExceeded:      {"quota_exceeded", true},
	StorageUnavailable: {"storage_unavailable", false},
	StorageLocked:      {"storage_locked", true},
	StorageNotDurable:  {"storage_not_durable", false},
	Corrupt:            {"corrupt", false},
	NotADatabase:       {"not_a_database", false},
	WrongKey:           {"wrong_key", false},
	IO:                 {"io", true},
	ReadOnly:           {"read_only", false},
	Forbidden:          {"forbidden", false},
	SchemaDDL:          {"schema_ddl", false},
	SchemaMismatch:     {"schema_mismatch", false},
	ReloadNeeded:       {"reload_needed", false},
	VersionMismatch:    {"version_mismatch", false},
	WorkerDied:         {"worker_died", true},
	LeaderUnreachable:  {"leader_unreachable", true},
	LeaderFrozen:       {"leader_frozen", true},
	Offline:            {"offline", true},
	Unauthenticated:    {"unauthenticated", false},
	TokenExpired:       {"token_expired", true},
	ForbiddenOrigin:    {"forbidden_origin", false},
	Protocol:           {"protocol", false},
	Conflict:           {"conflict", false},
	Rejected:           {"rejected", false},
	RolledBack:         {"rolled_back", false},
	Blocked:            {"blocked", false},
	NotFound:           {"not_found", false},
	Duplicate:          {"duplicate", false},
	SourceUnavailable:  {"source_unavailable", true},
	SlotLost:           {"slot_lost", false},
	SourceSetup:        {"source_setup", false},
	ResyncNeeded:       {"resync_needed", true},
	Rewound:            {"rewound", false},
	Fenced:             {"fenced", true},
	Trimmed:            {"trimmed", true},
	NoPolicy:           {"no_policy", false},
	Timeout:            {"timeout", true},
}

// String returns the stable text, as "invalid_sql".
func (k Kind) String() string {
	if k < kindCount {
		return kinds[k].name
	}
	return kinds[Unknown].name
}

// Retryable reports whether the same call may succeed later unchanged.
func (k Kind) Retryable() bool { return k < kindCount && kinds[k].retry }

// Kinds returns every kind in number order, for generators.
func Kinds() []Kind {
	all := make([]Kind, kindCount)
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}
