package sqlite

// Extended result codes that callers tell apart, https://www.sqlite.org/rescode.html.
const (
	ConstraintCheck      = 19 | 1<<8
	ConstraintCommitHook = 19 | 2<<8
	ConstraintForeignKey = 19 | 3<<8
	ConstraintNotNull    = 19 | 5<<8
	ConstraintPrimaryKey = 19 | 6<<8
	ConstraintTrigger    = 19 | 7<<8
	ConstraintUnique     = 19 | 8<<8
	ConstraintRowID      = 19 | 10<<8
	ConstraintDatatype   = 19 | 12<<8
	BusySnapshot         = 5 | 2<<8
	IOErrData            = 10 | 32<<8
)

// Primary result codes.
const (
	codeError      = 1
	codeInternal   = 2
	codePerm       = 3
	codeAbort      = 4
	codeBusy       = 5
	codeLocked     = 6
	codeNoMem      = 7
	codeReadOnly   = 8
	codeInterrupt  = 9
	codeIOErr      = 10
	codeCorrupt    = 11
	codeFull       = 13
	codeCantOpen   = 14
	codeSchema     = 17
	codeTooBig     = 18
	codeConstraint = 19
	codeMismatch   = 20
	codeMisuse     = 21
	codeAuth       = 23
	codeRange      = 25
	codeNotADB     = 26
)

// Extended codes that change the kind of their primary code.
const (
	ioerrNoMem  = 10 | 12<<8
	ioerrBadKey = 10 | 35<<8
	ioerrCodec  = 10 | 36<<8
)
