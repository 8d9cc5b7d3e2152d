package headless

import (
	"encoding/json"
	"net/http"
	"time"

	"rockpool.dev/fault"
)

const (
	// bodyBytesMax bounds a request.
	bodyBytesMax = 1 << 20
	// waitEvery is the pause between two looks of a call that waits for a queue
	// to empty or for rows to come.
	waitEvery = 100 * time.Millisecond
	// uploadWaitMax and downloadWaitMax bound those calls, as the contract's
	// other clients do.
	uploadWaitMax   = 60 * time.Second
	downloadWaitMax = 30 * time.Second
)

// Serve returns the HTTP contract of a client.
func Serve(c *Client) http.Handler {
	s := &server{c}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sql-txn", s.transaction)
	mux.HandleFunc("GET /db-api/{action}", s.action)
	mux.HandleFunc("GET /status", s.status)
	return mux
}

type server struct{ c *Client }

// transaction answers with the request, filled in: its type is "ok", or "fail"
// with why nothing of it was done. An error that leaves that open is status 500,
// which the contract counts as unknown.
func (s *server) transaction(w http.ResponseWriter, r *http.Request) {
	var op Op
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyBytesMax)).Decode(&op); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	err := op.run(r.Context(), s.c)
	switch k := fault.KindOf(err); {
	case err == nil:
		op.Type = typeOK
	case k == fault.OutcomeUnknown || k == fault.Closed || r.Context().Err() != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	default:
		op.Type, op.Error = typeFail, err.Error()
	}
	answer200(w, op)
}

// action answers the calls that are not transactions.
func (s *server) action(w http.ResponseWriter, r *http.Request) {
	body, err := s.act(r)
	if err != nil {
		status := http.StatusInternalServerError
		if fault.KindOf(err) == fault.NotFound {
			status = http.StatusNotFound
		}
		http.Error(w, err.Error(), status)
		return
	}
	answer200(w, body)
}

func (s *server) act(r *http.Request) (any, error) {
	ctx := r.Context()
	switch action := r.PathValue("action"); action {
	case "connect":
		return map[string]string{"db": "connected"}, s.c.Connect(ctx, true)
	case "disconnect":
		return map[string]string{"db": "disconnected"}, s.c.Connect(ctx, false)
	case "close":
		s.c.Close()
		return map[string]string{"db": "closed"}, nil
	case "selectAll":
		return s.c.selectAll(ctx)
	case "uploadQueueCount":
		now, err := s.c.Status(ctx)
		return map[string]int{"db.uploadQueueStats.count": now.Pending}, err
	case "uploadQueueWait":
		err := s.until(r, uploadWaitMax, func(now Status) bool { return now.Pending == 0 })
		return map[string]string{"db.uploadQueueStats.count": "queue-empty"}, err
	case "downloadingWait":
		err := s.until(r, downloadWaitMax, func(now Status) bool { return !now.Loading })
		return map[string]bool{"db.SyncStatus.downloading:": false}, err
	default:
		return nil, fault.New(fault.NotFound, "serve /db-api", "there is no action "+action).
			WithHint("connect, disconnect, close, selectAll, uploadQueueCount, uploadQueueWait or downloadingWait")
	}
}

// until looks at the status until it is as wanted.
func (s *server) until(r *http.Request, most time.Duration, wanted func(Status) bool) error {
	end := time.After(most)
	tick := time.NewTicker(waitEvery)
	defer tick.Stop()
	for {
		now, err := s.c.Status(r.Context())
		if err != nil || wanted(now) {
			return err
		}
		select {
		case <-tick.C:
		case <-end:
			return fault.New(fault.DeadlineExceeded, "wait for the client", "it did not come to rest in "+most.String()).
				WithHint("GET /status tells where it stands")
		case <-r.Context().Done():
			return r.Context().Err()
		}
	}
}

func (s *server) status(w http.ResponseWriter, r *http.Request) {
	now, err := s.c.Status(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer200(w, now)
}

func answer200(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // who asked has gone
}
