package store

// SetHook has f called before every statement of the store's own.
func SetHook(db *DB, f func(sql string) error) { db.hook = f }
