package changelog

import "rockpool.dev/fault"

// ErrFenced is what Append returns when another appender was first.
var ErrFenced error = fault.New(fault.Fenced, "append to the log", "the log's head is not where the writer thought")

// ErrTrimmed is what Read yields when the log no longer reaches back that far.
var ErrTrimmed error = fault.New(fault.Trimmed, "read the log", "the log no longer holds this position")
