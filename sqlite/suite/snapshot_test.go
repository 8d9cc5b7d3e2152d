package suite

import (
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// TestSnapshotReads: readers keep what they saw while one connection writes.
func TestSnapshotReads(t *testing.T) {
	for storage, name := range map[string]string{"file": fresh(t), "memory": sqlite.MemoryName()} {
		t.Run(storage, func(t *testing.T) {
			w := open(t, sqlite.Options{Name: name})
			exec(t, w, "CREATE TABLE v(id INTEGER PRIMARY KEY, x); INSERT INTO v SELECT value, 'old' FROM json_each('[1,2,3,4,5,6,7,8,9,10]')")
			readers := make([]*sqlite.Conn, 3)
			for i := range readers {
				readers[i] = open(t, sqlite.Options{Name: name})
			}
			exec(t, readers[0], "BEGIN")
			wantInt(t, readers[0], "SELECT count(*) FROM v", 10)
			cursor, err := readers[1].Prepare("SELECT x FROM v")
			if err != nil {
				t.Fatal(err)
			}
			defer cursor.Close()
			if err := cursor.Start(nil); err != nil {
				t.Fatal(err)
			}
			var chunk sqlite.Chunk
			if _, err := cursor.Fetch(&chunk, 3, 0); err != nil || chunk.Rows() != 3 {
				t.Fatalf("Fetch = %d rows, %v", chunk.Rows(), err)
			}

			exec(t, w, "BEGIN IMMEDIATE; DELETE FROM v WHERE id > 5; UPDATE v SET x = 'new'")
			wantInt(t, readers[2], "SELECT count(*) FROM v", 10) // uncommitted
			wantKind(t, "a second writer", readers[2].Exec("BEGIN IMMEDIATE"), fault.Busy)
			exec(t, w, "COMMIT")

			wantInt(t, readers[0], "SELECT count(*) FROM v WHERE x = 'old'", 10)
			old := 3
			for done := false; !done; {
				if done, err = cursor.Fetch(&chunk, 3, 0); err != nil {
					t.Fatal(err)
				}
				for _, row := range chunk.Decode() {
					if !row[0].Equal(value.Text("old")) {
						t.Errorf("the open cursor read %v", row)
					}
					old++
				}
			}
			if old != 10 {
				t.Errorf("the open cursor read %d rows, want 10", old)
			}
			wantInt(t, readers[2], "SELECT count(*) FROM v WHERE x = 'new'", 5)
			err = readers[0].Exec("INSERT INTO v VALUES (99, 'late')")
			wantKind(t, "a write on an old snapshot", err, fault.Busy)
			if code := sqlite.ExtendedCode(err); code != sqlite.BusySnapshot {
				t.Errorf("its code is %d, want SQLITE_BUSY_SNAPSHOT", code)
			}
			exec(t, readers[0], "COMMIT; BEGIN IMMEDIATE; INSERT INTO v VALUES (99, 'now'); COMMIT")
			wantInt(t, w, "SELECT count(*) FROM v", 6)
			if got := one(t, w, "PRAGMA integrity_check"); !got.Equal(value.Text("ok")) {
				t.Errorf("integrity_check = %v", got)
			}
		})
	}
}

// TestCheckpoint copies the WAL when no reader holds it back.
func TestCheckpoint(t *testing.T) {
	name := fresh(t)
	w, r := open(t, sqlite.Options{Name: name}), open(t, sqlite.Options{Name: name})
	exec(t, w, "CREATE TABLE v(x); INSERT INTO v VALUES (zeroblob(100000))")
	if w.WALBytes() < 100000 {
		t.Errorf("WALBytes() = %d after 100 kB, want them in the WAL", w.WALBytes())
	}
	exec(t, r, "BEGIN")
	wantInt(t, r, "SELECT count(*) FROM v", 1)
	exec(t, w, "INSERT INTO v VALUES (1)")
	frames, done, err := w.Checkpoint(sqlite.CheckpointPassive)
	if err != nil || frames == 0 || done >= frames {
		t.Errorf("Checkpoint with a reader behind = %d frames, %d copied, %v; want not all", frames, done, err)
	}
	_, _, err = w.Checkpoint(sqlite.CheckpointTruncate)
	wantKind(t, "a full checkpoint with a reader", err, fault.Busy)
	exec(t, r, "COMMIT")
	if _, _, err = w.Checkpoint(sqlite.CheckpointTruncate); err != nil || w.WALBytes() != 0 {
		t.Errorf("Checkpoint = %v, %d bytes left", err, w.WALBytes())
	}
	wantInt(t, r, "SELECT count(*) FROM v", 2)
	if err := w.Flush(); err != nil {
		t.Errorf("Flush = %v", err)
	}
}

// TestNestedSavepoints: every level can be kept or undone alone.
func TestNestedSavepoints(t *testing.T) {
	c := db(t, "CREATE TABLE v(x)")
	exec(t, c, `BEGIN; INSERT INTO v VALUES (0);
		SAVEPOINT a; INSERT INTO v VALUES (1);
			SAVEPOINT b; INSERT INTO v VALUES (2);
				SAVEPOINT c; INSERT INTO v VALUES (3); RELEASE c;
			ROLLBACK TO b; INSERT INTO v VALUES (4); RELEASE b;
			SAVEPOINT b; INSERT INTO v VALUES (5); ROLLBACK TO b; RELEASE b;
		RELEASE a; COMMIT`)
	wantRows(t, "rows", rows(t, c, "SELECT x FROM v ORDER BY x"), []value.Row{{value.Int(0)}, {value.Int(1)}, {value.Int(4)}})
	exec(t, c, "SAVEPOINT outer; INSERT INTO v VALUES (6)")
	if !c.InTransaction() {
		t.Error("SAVEPOINT opened no transaction")
	}
	exec(t, c, "RELEASE outer")
	if c.InTransaction() {
		t.Error("RELEASE of the outermost savepoint did not commit")
	}
	wantKind(t, "an unknown savepoint", c.Exec("RELEASE nothing"), fault.InvalidSQL)
	for i := range 200 {
		exec(t, c, "SAVEPOINT deep; INSERT INTO v VALUES ("+decimal(1000+i)+")")
	}
	for range 100 {
		exec(t, c, "ROLLBACK TO deep; RELEASE deep")
	}
	for range 100 {
		exec(t, c, "RELEASE deep")
	}
	wantInt(t, c, "SELECT count(*) FROM v WHERE x >= 1000", 100)
}

func TestReopen(t *testing.T) {
	name := fresh(t)
	c := open(t, sqlite.Options{Name: name})
	exec(t, c, "CREATE TABLE v(x); INSERT INTO v VALUES ('kept'); BEGIN; INSERT INTO v VALUES ('open')")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = open(t, sqlite.Options{Name: name})
	wantRows(t, "after reopening", rows(t, c, "SELECT x FROM v"), []value.Row{{value.Text("kept")}})
}
