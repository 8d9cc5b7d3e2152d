package source

import (
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// WriteCheck says whether a client may turn a row into another: old is nil for
// an insert, new for a delete. fault.Forbidden or fault.NoPolicy when not. It
// is the write policy of rockpool.yaml, for sources without their own.
type WriteCheck func(who *Client, t *schema.Table, old, new value.Row) error
