package syncer

// Limits of the engine, each named in this one place. Times are milliseconds.
const (
	// backoffFirst and backoffMax bound the full-jitter exponential back-off.
	backoffFirst = 500
	backoffMax   = 30_000
	// stableMillis is how long a socket must have lived for the attempts to
	// be counted from nothing again.
	stableMillis = 5_000
	// tokenMillisMax is how long the app may take to give a token.
	tokenMillisMax = 15_000
	// dialMillisMax and helloMillisMax bound opening and the welcome.
	dialMillisMax  = 15_000
	helloMillisMax = 10_000
	// pingMillisDefault is used when the relay names no interval.
	pingMillisDefault = 10_000
	// probeMillisMax is how long a nudged socket may take to answer a probe.
	probeMillisMax = 3_000
	// inboxBytesMax and inboxJobsMax bound what waits for the store. Beyond
	// them the socket ends; the next one resumes from the cursor.
	inboxBytesMax = 8 << 20
	inboxJobsMax  = 8192
	// txBytesMax is the largest transaction, all parts together.
	txBytesMax = 64 << 20
	// ackMillis and ackBytes: an ack leaves after this long or this much.
	ackMillis = 1_000
	ackBytes  = 256 << 10
	// outboxReadMax is how many mutations are read at once.
	outboxReadMax = 64
	// retryMillisMin and retryMillisMax bound the pause after a FrameRetry:
	// answers to mutations that were in flight must not each start a new run.
	retryMillisMin = 100
	retryMillisMax = 30_000
	// fetchesMax is how many chunks are fetched or wait to be staged.
	fetchesMax = 4
	// fetchAttemptsMax is how often one chunk is tried; then the shape is
	// asked for again after resubFirst, doubling to resubMax.
	fetchAttemptsMax = 4
	fetchRetryFirst  = 300
	fetchMillisMax   = 60_000
	resubFirst       = 1_000
	resubMax         = 60_000
	// togetherTries is how often a shape is asked for again before the others'
	// new rows are shown without its own.
	togetherTries = 5
	// chunksMax is the most chunks of one snapshot.
	chunksMax = 1 << 20
	// applyFailuresMax is how often an apply may fail at one cursor before
	// every shape is asked for anew.
	applyFailuresMax = 3
	// roundMillisMax bounds a forced round.
	roundMillisMax = 30_000
	// statusMillis is the least time between two StatusChanged that differ
	// only in figures.
	statusMillis = 100
	// quotaMillis is the pause after the store has run out of room.
	quotaMillis = 30_000
)
