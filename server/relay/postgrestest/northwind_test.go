package postgrestest

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"rockpool.dev/mutation"
	"rockpool.dev/server/relay/relaytest"
	"rockpool.dev/value"
)

const orderID = "0196f000-0000-7000-8000-000000000001"

// order is an order of two Chai, as the shop makes it: the order, its line, and
// the stock by increment.
func order(c *relaytest.Client) []byte {
	orders, lines, products := c.Schema.Table("orders"), c.Schema.Table("order_lines"), c.Schema.Table("products")
	head := make(value.Row, len(orders.Columns))
	set := func(column string, v value.Value) { head[orders.Index(column)] = v }
	set("id", value.Text(orderID))
	set("customer_id", value.Text("ALFKI"))
	set("ordered_on", value.Text("2026-02-01"))
	set("freight", value.Text("0.00"))
	set("ship_name", value.Text("Alfreds Futterkiste"))
	set("ship_city", value.Text("Berlin"))
	set("ship_country", value.Text("Germany"))
	set("status", value.Text("open"))
	line := make(value.Row, len(lines.Columns))
	line[lines.Index("order_id")], line[lines.Index("product_id")] = value.Text(orderID), value.Int(1)
	line[lines.Index("price")], line[lines.Index("quantity")] = value.Text("18.00"), value.Int(2)
	line[lines.Index("discount")] = value.Float(0)
	stock := uint32(products.Index("units_in_stock"))
	return c.Mutation(
		relaytest.Insert(orders, head), relaytest.Insert(lines, line),
		mutation.Op{
			Table: products.ID, Kind: mutation.Update, Key: value.Row{value.Int(1)}, Cols: []uint32{stock},
			Old: value.Row{value.Int(39)}, New: value.Row{value.Int(-2)}, Deltas: []uint32{0},
		},
	)
}

// TestNorthwind is the whole path: the relay makes what it needs in Postgres,
// loads its store, serves a snapshot, applies an order once, tells the outcome
// in the log, and passes on what another program writes.
func TestNorthwind(t *testing.T) {
	t.Parallel()
	config := open("categories", "suppliers", "shippers", "customers", "orders", "order_lines") +
		"  products: { read: true, write: true, conflict: { columns: { units_in_stock: delta } } }\n"
	s := newSite(t, config, northwind(t))
	p := s.relay(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()

	here, there := client("here"), client("there")
	for _, c := range []*relaytest.Client{here, there} {
		c.Follow(1, "products")
		c.Follow(2, "orders")
		c.Follow(3, "order_lines")
	}
	h, th := connected(ctx, t, p, here, 3), connected(ctx, t, p, there, 3)
	if len(here.Rows[1]) != 77 || len(here.Rows[2]) != 830 || len(here.Rows[3]) != 2155 {
		t.Fatalf("%d products, %d orders, %d lines, want 77, 830, 2155", len(here.Rows[1]), len(here.Rows[2]), len(here.Rows[3]))
	}

	if err := h.Send(ctx, order(here)); err != nil {
		t.Fatal(err)
	}
	until(ctx, t, h, "the outcome", func() bool { return here.Acked == 1 })
	if o := here.Outcomes[1]; o.Status != mutation.Applied {
		t.Fatalf("the order ended %+v, want applied", o)
	}
	stock := here.Schema.Table("products").Index("units_in_stock")
	if got := row(here, 1, 1)[stock].Int(); got != 37 || len(here.Rows[2]) != 831 {
		t.Errorf("with the outcome: stock %d and %d orders, want 37 and 831", got, len(here.Rows[2]))
	}
	if got, want := s.ask(t, `SELECT (SELECT units_in_stock FROM products WHERE id = 1) AS stock, (SELECT count(*) FROM orders) AS orders,
		(SELECT quantity FROM order_lines WHERE order_id = '`+orderID+`') AS lines, (SELECT number FROM orders WHERE id = '`+orderID+`') AS number`), "37|831|2|11078"; got != want {
		t.Errorf("Postgres has %s, want %s", got, want)
	}
	until(ctx, t, th, "the order on the other device", func() bool { return row(there, 1, 1)[stock].Int() == 37 && len(there.Rows[2]) == 831 })

	s.exec(t, "UPDATE products SET name = 'Chai tea' WHERE id = 1")
	for c, socket := range map[*relaytest.Client]*relaytest.Socket{here: h, there: th} {
		until(ctx, t, socket, "another program's change", func() bool { return row(c, 1, 1)[1].Str() == "Chai tea" })
	}

	// The same mutation again has no second effect.
	if err := h.Send(ctx, here.Again(1)); err != nil {
		t.Fatal(err)
	}
	here.Received = 0
	until(ctx, t, h, "the answer to a repeat", func() bool { return here.Received == 1 })
	if got := s.ask(t, "SELECT units_in_stock FROM products WHERE id = 1"); got != "37" {
		t.Errorf("stock after a repeat %s, want 37", got)
	}

	// The pool's figures are for a monitor to read.
	figures := metrics(ctx, t, p)
	for _, name := range []string{"max", "total", "acquired", "idle"} {
		if !strings.Contains(figures, `rockpool_pool{figure="`+name+`"} `) {
			t.Errorf("the figures lack the pool's %s:\n%s", name, figures)
		}
	}

	// Another start goes on where the first ended.
	if err := p.Stop(); err != nil {
		t.Errorf("the relay did not stop in order: %v", err)
	}
	s.exec(t, "UPDATE products SET name = 'Chai' WHERE id = 1")
	p = s.relay(t, "")
	h = connected(ctx, t, p, here, 3)
	if !here.Welcome.Resume {
		t.Error("the relay forgot where the client stood")
	}
	until(ctx, t, h, "what was written meanwhile", func() bool { return row(here, 1, 1)[1].Str() == "Chai" })
}

// metrics is what the relay tells a monitor.
func metrics(ctx context.Context, t *testing.T, p *relaytest.Process) string {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Address+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("metrics: %s, %v", res.Status, err)
	}
	return string(body)
}
