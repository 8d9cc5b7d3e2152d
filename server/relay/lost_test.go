package relay_test

import (
	"testing"

	"rockpool.dev/mutation"
	"rockpool.dev/server/relay/relaytest"
	"rockpool.dev/value"
)

// A client whose committed value another's later write replaced is told once,
// at once or when it comes back; nobody learns who the other one is.
func TestOverwrittenIsTold(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]bool{"at once": false, "when it comes back": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := relaytest.NewWorld(t, relaytest.Options{Seed: stock(3)})
			a, b := w.NewClient("a"), w.NewClient("b")
			a.Follow(1, "products")
			b.Follow(1, "products")
			la, lb := w.Connect(t, 1, a), w.Connect(t, 2, b)
			products, row := a.Schema.Table("products"), relaytest.Product(1, "p1", "1.00", 10)
			beside := relaytest.Product(2, "p2", "2.00", 10)
			later := b.Mutation( // the same clock, and the greater name
				relaytest.Set(products, row, "name", value.Text("from b")),
				relaytest.Set(products, beside, "price", value.Text("9.00")),
			)
			la.Send(t, a.Mutation(
				relaytest.Set(products, row, "name", value.Text("from a")),
				relaytest.Set(products, beside, "name", value.Text("beside")),
			))
			if away {
				la.Drop(t)
			}
			lb.Send(t, later)
			if away {
				w.Connect(t, 3, a)
			}
			if len(a.Lost) != 1 {
				t.Fatalf("told %+v, want the one value that was replaced", a.Lost)
			}
			x := a.Lost[0]
			if x.Mine[1].Str() != "from a" || x.Theirs[1].Str() != "from b" || x.Chosen[1].Str() != "from b" ||
				x.Rule != mutation.RuleLWWTheirs || x.WriterMid != 1 || x.Writer != "" {
				t.Errorf("told %+v", x)
			}
			for _, x := range b.Outcomes[1].Conflicts {
				if x.Writer != "" || x.WriterMid != 0 {
					t.Errorf("the winner learns who the other is: %+v", x)
				}
			}
			if len(b.Lost) != 0 {
				t.Errorf("the winner is told of a loss: %+v", b.Lost)
			}
		})
	}
}

// What another writer made of the row is told only to those who may read it.
func TestOverwrittenBeyondSightIsNotTold(t *testing.T) {
	t.Parallel()
	for price, told := range map[string]int{"2.00": 1, "50.00": 0} {
		w := relaytest.NewWorld(t, relaytest.Options{Rules: "tables:\n  products: { read: \"price < 10\", write: true }\n", Verifier: tokens{}, Seed: stock(3)})
		a, b := w.NewClient("a"), w.NewClient("b")
		a.Token, b.Token = "ann", "bob"
		a.Follow(1, "products")
		b.Follow(1, "products")
		la, lb := w.Connect(t, 1, a), w.Connect(t, 2, b)
		products, row := a.Schema.Table("products"), relaytest.Product(1, "p1", "1.00", 10)
		op := relaytest.Set(products, row, "name", value.Text("from b"))
		dearer := relaytest.Set(products, row, "price", value.Text(price))
		op.Cols, op.Old, op.New = append(op.Cols, dearer.Cols...), append(op.Old, dearer.Old...), append(op.New, dearer.New...)
		later := b.Mutation(op)
		la.Send(t, a.Mutation(relaytest.Set(products, row, "name", value.Text("from a"))))
		lb.Send(t, later)
		if b.Outcomes[1].Status != mutation.Merged || len(a.Lost) != told {
			t.Errorf("at %s: outcome %v, told %+v, want %d", price, b.Outcomes[1].Status, a.Lost, told)
		}
	}
}
