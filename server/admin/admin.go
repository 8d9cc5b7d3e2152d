// Package admin answers what a person or a monitor asks of a relay: health,
// figures, digests. It changes nothing.
package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"rockpool.dev/server/store"
	"rockpool.dev/version"
)

// askTimeout bounds one question to the relay's parts.
const askTimeout = 2 * time.Second

// Figures are a relay's numbers at one moment.
type Figures struct {
	Sessions, Live, Buckets, Lagging                  int
	Head                                              version.Pos
	Frames, FramesSent, BytesSent, Records, Mutations uint64
	Outcomes, Refused                                 map[string]uint64
	// Pool is the source's own, by name, as a Postgres pool's.
	Pool map[string]float64
}

// Options are what the pages ask.
type Options struct {
	Store *store.Store
	// Figures reads the numbers; ok is false when the relay does not answer.
	Figures func(ctx context.Context) (f Figures, ok bool)
	// Source is nil when the source answers.
	Source func(ctx context.Context) error
	// Snapshots is the bytes of kept chunks.
	Snapshots func() uint64
	// Kind is "embedded" or "postgres".
	Kind, Version string
	Started       time.Time
	Now           func() time.Time
}

type health struct {
	Status   string `json:"status"`
	Source   string `json:"source"`
	Problem  string `json:"problem,omitempty"`
	Version  string `json:"version"`
	Epoch    uint32 `json:"epoch"`
	Seq      uint64 `json:"seq"`
	Schema   uint32 `json:"schema"`
	Sessions int    `json:"sessions"`
	UptimeMs int64  `json:"uptime_ms"`
}

// Health answers 200 when the relay and its source do, else 503.
func Health(o Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), askTimeout)
		defer cancel()
		head := o.Store.Head()
		h := health{
			Status: "ok", Source: o.Kind, Version: o.Version, Epoch: head.Epoch, Seq: head.Seq,
			Schema: o.Store.Schema().Version, UptimeMs: o.Now().Sub(o.Started).Milliseconds(),
		}
		f, ok := o.Figures(ctx)
		h.Sessions = f.Sessions
		if !ok {
			h.Status, h.Problem = "down", "the relay does not answer"
		} else if err := o.Source(ctx); err != nil {
			h.Status, h.Problem = "degraded", err.Error()
		}
		status := http.StatusOK
		if h.Status != "ok" {
			status = http.StatusServiceUnavailable
		}
		answer(w, status, h)
	})
}

type digest struct {
	Epoch  uint32                 `json:"epoch"`
	Seq    uint64                 `json:"seq"`
	Tables map[string]tableDigest `json:"tables"`
}

type tableDigest struct {
	Rows int64 `json:"rows"`
	// Digest is value.Digest in hexadecimal, as clients compute it.
	Digest string `json:"digest"`
}

// Digest answers each table's rows and digest, or those of ?table=.
func Digest(o Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := digest{Tables: map[string]tableDigest{}}
		for i := range o.Store.Schema().Tables {
			name := o.Store.Schema().Tables[i].Name
			if want := r.URL.Query().Get("table"); want != "" && want != name {
				continue
			}
			sum, rows, at, err := o.Store.Digest(name)
			if err != nil {
				answer(w, http.StatusInternalServerError, map[string]string{"problem": err.Error()})
				return
			}
			d.Epoch, d.Seq = at.Epoch, at.Seq
			d.Tables[name] = tableDigest{rows, strconv.FormatUint(sum, 16)}
		}
		answer(w, http.StatusOK, d)
	})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// Metrics answers in Prometheus's text form.
func Metrics(o Options) http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collector{o}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{Timeout: 2 * askTimeout})
}

// collector reads the relay's figures when it is asked.
type collector struct{ o Options }

// Describe leaves the collector unchecked: which outcomes there are changes.
func (collector) Describe(chan<- *prometheus.Desc) {}

func (c collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	f, ok := c.o.Figures(ctx)
	if !ok {
		return
	}
	one := func(kind prometheus.ValueType, name, help string, v float64, labels ...string) {
		var names, values []string
		for i := 0; i+1 < len(labels); i += 2 {
			names, values = append(names, labels[i]), append(values, labels[i+1])
		}
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc("rockpool_"+name, help, names, nil), kind, v, values...)
	}
	gauge, counter := prometheus.GaugeValue, prometheus.CounterValue
	one(gauge, "sessions", "Open sockets.", float64(f.Sessions))
	one(gauge, "sessions_live", "Sockets of admitted clients.", float64(f.Live))
	one(gauge, "sessions_lagging", "Clients that read on from the log.", float64(f.Lagging))
	one(gauge, "buckets", "Distinct sets of rows that are followed.", float64(f.Buckets))
	one(gauge, "head_seq", "Sequence number of the newest transaction.", float64(f.Head.Seq))
	one(gauge, "snapshot_bytes", "Bytes of kept snapshot chunks.", float64(c.o.Snapshots()))
	one(counter, "frames_received_total", "Frames from clients.", float64(f.Frames))
	one(counter, "frames_sent_total", "Frames to clients.", float64(f.FramesSent))
	one(counter, "bytes_sent_total", "Bytes of frames to clients.", float64(f.BytesSent))
	one(counter, "transactions_total", "Transactions handed out.", float64(f.Records))
	one(counter, "mutations_total", "Client transactions taken.", float64(f.Mutations))
	for k, v := range f.Outcomes {
		one(counter, "outcomes_total", "Client transactions by how they ended.", float64(v), "status", k)
	}
	for k, v := range f.Refused {
		one(counter, "refused_total", "What was refused, by kind.", float64(v), "kind", k)
	}
	for k, v := range f.Pool {
		one(gauge, "pool", "The source's connection pool.", v, "figure", k)
	}
}
