package mutation

// For tests of the merges by themselves.
var (
	MergeText = mergeText
	MergeJSON = mergeJSON
	MergeSet  = mergeSet
	Match     = match
)
