package live

// Diff is diff.
var Diff = diff
