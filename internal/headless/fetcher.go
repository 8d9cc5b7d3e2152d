package headless

import (
	"context"
	"io"
	"net/http"

	"rockpool.dev/wire"
)

// fetcher implements transport.Fetcher. Its map belongs to the loop.
type fetcher struct {
	c       *Client
	pending map[uint32]context.CancelFunc
}

// Start gets a body.
func (f *fetcher) Start(id uint32, url, token string) {
	ctx, cancel := context.WithCancel(context.Background())
	f.pending[id] = cancel
	f.c.loop.tasks.Go(func() {
		defer cancel()
		status, body, err := get(ctx, url, token)
		f.c.loop.post(func() {
			if f.pending[id] == nil {
				return // cancelled meanwhile
			}
			delete(f.pending, id)
			if err != nil {
				f.c.host.FetchFailed(id, err.Error())
				return
			}
			f.c.host.Fetched(id, status, body)
		})
	})
}

// Cancel ends a fetch without an event.
func (f *fetcher) Cancel(id uint32) {
	if cancel := f.pending[id]; cancel != nil {
		delete(f.pending, id)
		cancel()
	}
}

func (f *fetcher) cancelAll() {
	for id := range f.pending {
		f.Cancel(id)
	}
}

// get reads a whole body, of at most what a chunk may have.
func get(ctx context.Context, url, token string) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(res.Body, wire.RowBytesMax+wire.FrameBytesMax))
	return res.StatusCode, body, err
}
