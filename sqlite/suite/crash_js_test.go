package suite

import (
	"math/rand/v2"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/internal/enginehost"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// lossSeeds is how many random cuts each operation gets, for each kind of loss.
const lossSeeds = 3

// rowText is what a row holds, as SQL over its numbers: some 700 bytes.
const rowText = "?1 || ' and ' || ?2 || hex(zeroblob(350))"

// history is a run of the workload: what was acknowledged and what was begun
// after each recorded operation.
type history struct {
	acked, begun []int // by operation
	name         string
}

// note extends the history up to the operations recorded by now.
func (h *history) note(acked, begun int) {
	for len(h.acked) <= enginehost.Operations() {
		h.acked = append(h.acked, acked)
		h.begun = append(h.begun, begun)
	}
}

// workload opens a new file and commits transactions of three rows, with a
// checkpoint among them; durable says whether each is flushed before it counts.
func workload(t *testing.T, transactions int, durable bool) *history {
	t.Helper()
	h := &history{name: fresh(t)}
	enginehost.Record(h.name)
	c := open(t, sqlite.Options{Name: h.name})
	exec(t, c, "CREATE TABLE v(tx INT, n INT, x, PRIMARY KEY(tx, n)) WITHOUT ROWID")
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	h.note(0, 0)
	for tx := 1; tx <= transactions; tx++ {
		exec(t, c, "BEGIN IMMEDIATE")
		for n := range 3 {
			s, err := c.Cached("INSERT INTO v VALUES (?1, ?2, " + rowText + ")")
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Run(value.Int(int64(tx)), value.Int(int64(n))); err != nil {
				t.Fatal(err)
			}
		}
		exec(t, c, "COMMIT")
		if durable {
			if err := c.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		h.note(tx-1, tx)
		h.acked[len(h.acked)-1] = tx // acknowledged once the last operation is done
		if tx%3 == 0 {
			if _, _, err := c.Checkpoint(sqlite.CheckpointPassive); err != nil {
				t.Fatal(err)
			}
			h.note(tx, tx)
		}
	}
	return h
}

// survives opens what a cut left and returns how many whole transactions it
// holds, or what is wrong with it.
func survives(name string) (transactions int, wrong string) {
	c, err := sqlite.Open(sqlite.Options{Name: name})
	if err != nil {
		return 0, "open: " + err.Error()
	}
	defer c.Close()
	row, _, err := sqlite.OneRow(c, "PRAGMA integrity_check")
	if err != nil || row[0].Str() != "ok" {
		return 0, "integrity_check: " + row[0].Str()
	}
	row, _, err = sqlite.OneRow(c, "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return 0, err.Error()
	}
	if row[0].Int() == 0 {
		return -1, "" // cut before the table was made
	}
	row, _, err = sqlite.OneRow(c, "SELECT count(*), count(DISTINCT tx), coalesce(max(tx), 0) FROM v")
	if err != nil {
		return 0, err.Error()
	}
	if n := row[2].Int(); row[0].Int() != 3*n || row[1].Int() != n {
		return 0, "torn transactions: " + row[0].Str()
	}
	transactions = int(row[2].Int())
	row, _, err = sqlite.OneRow(c, "SELECT count(*) FROM v WHERE x <> tx || ' and ' || n || hex(zeroblob(350))")
	if err != nil || row[0].Int() != 0 {
		return 0, "rows that nobody wrote"
	}
	return transactions, ""
}

// cuts cuts the power after each operation, in each way, and returns the first thing that is wrong.
func cuts(t *testing.T, h *history, seed int64) string {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	name := fresh(t)
	for n := range h.acked {
		for _, loss := range []enginehost.Loss{enginehost.Kept, enginehost.Dropped, enginehost.Torn, enginehost.Shuffled} {
			times := lossSeeds
			if loss == enginehost.Kept || loss == enginehost.Dropped {
				times = 1
			}
			for range times {
				s := int(random.Int32())
				enginehost.Replay(name, n, loss, s)
				got, wrong := survives(name)
				where := " after operation " + decimal(n) + " of " + decimal(len(h.acked)-1) + ", loss " + decimal(int(loss)) + ", seed " + decimal(s)
				switch {
				case wrong != "":
					return wrong + where
				case got < h.acked[n]-boolInt(got == -1 && h.acked[n] == 0):
					return "an acknowledged transaction is lost" + where
				case got > h.begun[n]:
					return "a transaction that was not begun is there" + where
				}
			}
		}
	}
	return ""
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestPowerCuts: after a cut at any operation of a first open, transactions and
// checkpoints, the acknowledged transactions are there, whole, and nothing else.
func TestPowerCuts(t *testing.T) {
	const seed = 7
	h := workload(t, 7, true)
	t.Logf("%d operations, seed %d", len(h.acked)-1, seed)
	if len(h.acked) < 40 {
		t.Fatalf("only %d operations were recorded", len(h.acked))
	}
	if wrong := cuts(t, h, seed); wrong != "" {
		t.Error(wrong)
	}
}

// TestPowerCutsWithoutFlush shows that the test above can fail: without our
// flush the cuts lose what was acknowledged.
func TestPowerCutsWithoutFlush(t *testing.T) {
	h := workload(t, 7, false)
	if wrong := cuts(t, h, 7); wrong != "" {
		t.Logf("as it must: %s", wrong)
	} else {
		t.Error("nothing is lost without a flush: the cuts prove nothing")
	}
}

// TestEveryOperationFails: whichever write, truncate or flush fails, the error
// is typed, nothing half is there, and the connection or a new one works on.
func TestEveryOperationFails(t *testing.T) {
	for kind, want := range map[enginehost.Failure]fault.Kind{enginehost.IO: fault.IO, enginehost.Full: fault.QuotaExceeded} {
		failures := 0
		for n := 0; ; n++ {
			name := fresh(t)
			enginehost.FailAfter(n, kind)
			acked, err := small(name)
			failed := enginehost.Failed()
			enginehost.FailAfter(-1, kind)
			if !failed {
				if err != nil || acked != smallTransactions {
					t.Fatalf("without a failure: %d transactions, %v", acked, err)
				}
				break
			}
			failures++
			if err != nil {
				wantKind(t, "operation "+decimal(n)+" fails", err, want)
			}
			c, oerr := sqlite.Open(sqlite.Options{Name: name})
			if oerr != nil {
				t.Errorf("operation %d failed; opening again = %v", n, oerr)
				continue
			}
			// Without a table nothing can have been acknowledged.
			var whole int64
			if one(t, c, "SELECT count(*) FROM sqlite_schema WHERE name = 'v'").Int() == 1 {
				rows := one(t, c, "SELECT count(*) FROM v").Int()
				if whole = rows / 3; rows%3 != 0 {
					t.Errorf("operation %d failed; a transaction is torn: %d rows", n, rows)
				}
			}
			if whole < int64(acked) || whole > int64(acked)+1 {
				t.Errorf("operation %d failed; %d transactions are there, %d were acknowledged", n, whole, acked)
			}
			if got := one(t, c, "PRAGMA integrity_check"); !got.Equal(value.Text("ok")) {
				t.Errorf("operation %d failed; integrity_check = %v", n, got)
			}
			exec(t, c, "CREATE TABLE IF NOT EXISTS v(x); INSERT INTO v VALUES ('works on')")
			if cerr := c.Close(); cerr != nil {
				t.Errorf("operation %d failed; Close = %v", n, cerr)
			}
		}
		if failures < 15 {
			t.Errorf("only %d operations failed", failures)
		}
	}
}

// smallTransactions is how many transactions small commits.
const smallTransactions = 2

// small does what an app does; it returns how many transactions were
// acknowledged, and its first error.
func small(name string) (acked int, err error) {
	c, err := sqlite.Open(sqlite.Options{Name: name})
	if err != nil {
		return 0, err
	}
	defer func() {
		if cerr := c.Close(); err == nil {
			err = cerr
		}
	}()
	if err := c.Exec("CREATE TABLE v(x)"); err != nil {
		return 0, err
	}
	for range smallTransactions {
		if err := c.Exec("BEGIN IMMEDIATE; INSERT INTO v VALUES (1), (2); INSERT INTO v VALUES (randomblob(9000)); COMMIT"); err != nil {
			if c.InTransaction() {
				_ = c.Exec("ROLLBACK")
			}
			return acked, err
		}
		if err := c.Flush(); err != nil {
			return acked, err
		}
		acked++
	}
	_, _, err = c.Checkpoint(sqlite.CheckpointTruncate)
	return acked, err
}

// TestQuota: a full disk is a typed error that undoes the transaction, whether
// a write or a checkpoint meets it; what was acknowledged stays, reads and
// deletes go on, and writes again once there is room.
func TestQuota(t *testing.T) {
	c := db(t, "CREATE TABLE v(x)")
	defer enginehost.Quota(0)
	enginehost.Quota(enginehost.Total() + 300000)
	var err error
	acked := int64(0)
	for ; err == nil && acked < 100; acked++ {
		if err = c.Exec("BEGIN IMMEDIATE; INSERT INTO v VALUES (randomblob(10000)); INSERT INTO v VALUES (randomblob(10000)); COMMIT"); err == nil {
			err = c.Flush()
		}
	}
	acked-- // the last one failed
	wantKind(t, "a full disk", err, fault.QuotaExceeded)
	if c.InTransaction() {
		exec(t, c, "ROLLBACK")
	}
	if acked < 3 {
		t.Errorf("%d transactions of 20 kB fit into 300 kB", acked)
	}
	wantInt(t, c, "SELECT count(*) FROM v", 2*acked)
	_, _, err = c.Checkpoint(sqlite.CheckpointPassive)
	wantKind(t, "a checkpoint on a full disk", err, fault.QuotaExceeded)
	wantInt(t, c, "SELECT count(*) FROM v", 2*acked)
	again := open(t, sqlite.Options{Name: c.Name()})
	wantInt(t, again, "SELECT count(*) FROM v", 2*acked)
	if err := again.Close(); err != nil {
		t.Errorf("Close on a full disk = %v", err)
	}
	enginehost.Quota(0)
	exec(t, c, "INSERT INTO v VALUES (1)")
	wantInt(t, c, "SELECT count(*) FROM v", 2*acked+1)
	if _, _, err := c.Checkpoint(sqlite.CheckpointTruncate); err != nil {
		t.Errorf("a checkpoint with room again = %v", err)
	}
	if got := one(t, c, "PRAGMA integrity_check"); !got.Equal(value.Text("ok")) {
		t.Errorf("integrity_check = %v", got)
	}
}
