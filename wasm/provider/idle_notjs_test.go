//go:build !js

package provider_test

import (
	"path/filepath"
	"strconv"
	"testing"

	"rockpool.dev/wasm/provider"
)

// A commit never copies the log into the file: idle time does, and a pause
// between calls once the log has outgrown its bound. The file is on disk.
func TestCheckpointsAreForIdleTime(t *testing.T) {
	t.Parallel()
	d := newDesk()
	var told results
	o := options(false)
	o.Name = filepath.Join(t.TempDir(), "shop.db")
	d.p.Open(o, told.add)
	d.p.Answered(1, nil)
	if len(told) != 1 || told[0] != nil {
		t.Fatalf("told %v", told)
	}
	defer func() { _ = d.p.Close() }()
	write := func(bytes int) (logged int64) {
		t.Helper()
		if err := d.p.Writer.Exec("BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS mine(x); INSERT INTO mine VALUES (zeroblob(" + strconv.Itoa(bytes) + ")); COMMIT"); err != nil {
			t.Fatal(err)
		}
		d.p.Wrote()
		if err := d.p.Bound(); err != nil {
			t.Fatal(err)
		}
		return int64(d.p.Writer.WALBytes())
	}
	idle := func(busy bool) {
		t.Helper()
		d.now += provider.IdleMillis
		if err := d.p.Tick(busy); err != nil {
			t.Fatal(err)
		}
	}
	const row = 300_000
	for n := int64(1); n*row < 2*provider.CheckpointBytes; n++ {
		if got := write(row); got < n*row {
			t.Fatalf("after %d writes of %d bytes the log has %d: a commit has copied it", n, row, got)
		}
	}
	before := write(row)
	idle(true)
	after := write(row)
	if after < before+row {
		t.Errorf("the log went from %d to %d bytes: it was copied while a transaction was open", before, after)
	}
	idle(false)
	if got := write(row); got > after { // a log that is begun anew keeps its file
		t.Errorf("after idle time the log went from %d to %d bytes, want it begun anew", after, got)
	}
	// Without a pause it grows to its bound, and no further.
	most := int64(0)
	for range 2 * provider.CheckpointBytesMax / row {
		most = max(most, write(row))
	}
	if most < provider.CheckpointBytesMax/2 || most > provider.CheckpointBytesMax+2*row {
		t.Errorf("without a pause the log grew to %d bytes, want the bound of %d", most, provider.CheckpointBytesMax)
	}
}
