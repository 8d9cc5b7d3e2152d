//go:build !js

package provider_test

import (
	"os"
	"testing"

	"rockpool.dev/wire"
)

// A reader that cannot be opened is told, and the pool lends what it has: the
// file goes away by its name, which databases have natively only.
func TestReaderThatDoesNotOpen(t *testing.T) {
	t.Chdir(t.TempDir())
	d := newDesk()
	var told results
	o := options(false)
	o.Readers = 3
	d.p.Open(o, told.add)
	d.p.Answered(1, nil)
	first, second := d.p.Pool.Take(wire.LaneInteractive), d.p.Pool.Take(wire.LaneInteractive)
	if first == nil || second == nil {
		t.Fatal("two of three readers are not lent")
	}
	if err := os.Rename("shop", "elsewhere"); err != nil {
		t.Fatal(err)
	}
	if r := d.p.Pool.Take(wire.LaneInteractive); r != nil || len(d.warned) != 1 || d.p.Pool.Size() != 2 {
		t.Errorf("without its file a reader is %v; warned %v, size %d", r, d.warned, d.p.Pool.Size())
	}
	if err := os.Rename("elsewhere", "shop"); err != nil {
		t.Fatal(err)
	}
	d.p.Pool.Give(first)
	if d.p.Pool.Take(wire.LaneInteractive) != first {
		t.Error("a reader that was given back is not lent again")
	}
	if err := d.p.Close(); err != nil {
		t.Error(err)
	}
}
