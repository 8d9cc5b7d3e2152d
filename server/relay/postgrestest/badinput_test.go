package postgrestest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/golang-jwt/jwt/v5"

	"rockpool.dev/fault"
	"rockpool.dev/server/relay/relaytest"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

const hs256 = "a secret of the tests, 32 bytes or more"

// issuer signs tokens; its public key is in the key set.
type issuer struct {
	private ed25519.PrivateKey
	public  ed25519.PublicKey
	url     string
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{}
	var err error
	if i.public, i.private, err = ed25519.GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	set := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		key := map[string]string{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "k1", "x": base64.RawURLEncoding.EncodeToString(i.public)}
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{key}})
	}))
	t.Cleanup(set.Close)
	i.url = set.URL
	return i
}

func sign(t *testing.T, method jwt.SigningMethod, key any, change func(jwt.MapClaims)) string {
	t.Helper()
	claims := jwt.MapClaims{"sub": "ada", "role": "authenticated", "aud": "authenticated", "exp": time.Now().Add(time.Hour).Unix()}
	if change != nil {
		change(claims)
	}
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = "k1"
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// bad is a client that does something wrong; the relay's last word comes back.
type bad struct {
	// token goes into a hello that is sent first; "" sends none, unless change
	// is set. The frames then wait for the welcome.
	token    string
	origin   string
	protocol string
	// frames are sent then; text says that they are text.
	frames [][]byte
	text   bool
	// change spoils the hello.
	change func(*wire.Hello)
}

func (b bad) goodbye(ctx context.Context, address, id string) (*wire.Bye, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if b.protocol == "" {
		b.protocol = wire.Subprotocol
	}
	o := &websocket.DialOptions{Subprotocols: []string{b.protocol}, HTTPHeader: http.Header{}}
	if b.origin != "" {
		o.HTTPHeader.Set("Origin", b.origin)
	}
	conn, _, err := websocket.Dial(ctx, "ws://"+address+"/sync", o)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(wire.FrameBytesMax)
	greeted := make(chan struct{})
	if b.token == "" && b.change == nil {
		close(greeted)
	} else {
		h := &wire.Hello{Version: wire.Version, Token: b.token, ClientID: id, IncarnationNew: "1", Build: "test"}
		if b.change != nil {
			b.change(h)
		}
		if err := conn.Write(ctx, websocket.MessageBinary, relaytest.Frame(wire.FrameHello, h)); err != nil {
			return nil, err
		}
	}
	kind := websocket.MessageBinary
	if b.text {
		kind = websocket.MessageText
	}
	go func() { // the relay may end it in the middle
		select {
		case <-greeted:
		case <-ctx.Done():
		}
		for _, f := range b.frames {
			if conn.Write(ctx, kind, f) != nil {
				return
			}
		}
	}()
	for {
		_, frame, err := conn.Read(ctx)
		if err != nil {
			return nil, err
		}
		switch wire.RelayFrame(frame[0]) {
		case wire.FrameWelcome:
			close(greeted)
		case wire.FrameBye:
			bye := &wire.Bye{}
			return bye, bye.Decode(frame[2:])
		}
	}
}

// TestBadInput: whatever a stranger sends ends with a typed error that names
// the cause and the remedy, and nobody else notices.
func TestBadInput(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	s := newSite(t, `
auth: { jwks: "`+i.url+`", audience: authenticated }
origins: ["https://app.example"]
tables:
  counter: { read: true, write: true, conflict: { columns: { n: delta } } }
  line: { read: true, write: true }
`, counterTable)
	s.env = []string{"ROCKPOOL_JWT_SECRET=" + hs256}
	p := s.relay(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, stranger, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good, other := sign(t, jwt.SigningMethodHS256, []byte(hs256), nil), sign(t, jwt.SigningMethodEdDSA, i.private, func(c jwt.MapClaims) { c["sub"] = "bob" })
	past := func(c jwt.MapClaims) { c["exp"] = time.Now().Add(-time.Hour).Unix() }

	witness := follower("witness")
	witness.Token = good
	socket := connected(ctx, t, p, witness, 2)
	bystander := follower("bystander") // by a key of the set
	bystander.Token = other
	connected(ctx, t, p, bystander, 2)

	parts := strings.Split(good, ".")
	garbage := make([]byte, 4096)
	if _, err := rand.Read(garbage); err != nil {
		t.Fatal(err)
	}
	huge := make([]byte, 100<<20)
	huge[0] = byte(wire.FrameMut)
	mut := relaytest.Frame(wire.FrameMut, &wire.Ack{})
	for name, c := range map[string]struct {
		bad
		kind fault.Kind
		says string
	}{
		"a version long gone":        {bad{change: func(h *wire.Hello) { h.Version = 0 }}, fault.VersionMismatch, "version"},
		"another protocol":           {bad{protocol: "graphql-ws"}, fault.VersionMismatch, wire.Subprotocol},
		"no token":                   {bad{change: func(*wire.Hello) {}}, fault.Unauthenticated, "there is none"},
		"no JWT":                     {bad{token: "hello"}, fault.Unauthenticated, "not a JWT"},
		"another secret":             {bad{token: sign(t, jwt.SigningMethodHS256, []byte("another secret of more than 32 bytes"), nil)}, fault.Unauthenticated, "signature"},
		"the public key as secret":   {bad{token: sign(t, jwt.SigningMethodHS256, []byte(i.public), nil)}, fault.Unauthenticated, "signature"},
		"a stranger's key":           {bad{token: sign(t, jwt.SigningMethodEdDSA, stranger, nil)}, fault.Unauthenticated, "signature"},
		"changed claims":             {bad{token: parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"root"}`)) + "." + parts[2]}, fault.Unauthenticated, "signature"},
		"expired, by the secret":     {bad{token: sign(t, jwt.SigningMethodHS256, []byte(hs256), past)}, fault.TokenExpired, "expired"},
		"expired, by the key set":    {bad{token: sign(t, jwt.SigningMethodEdDSA, i.private, past)}, fault.TokenExpired, "expired"},
		"another audience":           {bad{token: sign(t, jwt.SigningMethodEdDSA, i.private, func(c jwt.MapClaims) { c["aud"] = "anon" })}, fault.Unauthenticated, "audience"},
		"a forbidden origin":         {bad{token: good, origin: "https://evil.example"}, fault.ForbiddenOrigin, "evil.example"},
		"another user's database":    {bad{token: other, change: func(h *wire.Hello) { h.ClientID = "witness" }}, fault.Forbidden, "another user"},
		"100 MB as a hello":          {bad{frames: [][]byte{huge}}, fault.TooLarge, "longer than"},
		"100 MB as a mutation":       {bad{token: good, frames: [][]byte{huge}}, fault.TooLarge, "longer than"},
		"100 MB of text":             {bad{frames: [][]byte{huge}, text: true}, fault.Protocol, "text"},
		"text":                       {bad{frames: [][]byte{[]byte(`{"type":"hello"}`)}, text: true}, fault.Protocol, "text"},
		"garbage":                    {bad{frames: [][]byte{garbage}}, fault.Protocol, ""},
		"garbage behind a type":      {bad{frames: [][]byte{append([]byte{byte(wire.FrameHello), 0}, garbage...)}}, fault.Protocol, ""},
		"nothing":                    {bad{frames: [][]byte{{}}}, fault.Protocol, "too short"},
		"a mutation before a hello":  {bad{frames: [][]byte{mut}}, fault.Protocol, "hello"},
		"garbage after a welcome":    {bad{token: good, frames: [][]byte{append([]byte{byte(wire.FrameSub), 0}, garbage...)}}, fault.Protocol, ""},
		"an unknown type":            {bad{token: good, frames: [][]byte{{250, 0}}}, fault.Protocol, "type"},
		"unknown flags":              {bad{token: good, frames: [][]byte{{byte(wire.FrameSub), 128}}}, fault.Protocol, "flags"},
		"a second hello":             {bad{token: good, frames: [][]byte{relaytest.Frame(wire.FrameHello, &wire.Hello{})}}, fault.Protocol, "hello"},
		"a mutation without digest":  {bad{token: good, frames: [][]byte{mut}}, fault.Protocol, ""},
		"an acknowledgement to come": {bad{token: good, frames: [][]byte{relaytest.Frame(wire.FrameAck, &wire.Ack{Pos: version.Pos{Epoch: 1 << 31, Seq: 1}})}}, fault.Protocol, "ahead"},
	} {
		bye, err := c.goodbye(ctx, p.Address, "bad-"+strings.ReplaceAll(name, " ", "-"))
		switch {
		case err != nil:
			t.Errorf("%s: ended without a word: %v", name, err)
		case fault.Kind(bye.Kind) != c.kind || !strings.Contains(bye.Msg, c.says) || bye.Hint == "":
			t.Errorf("%s: told %v %q, hint %q; want %v that says %q, with a remedy", name, fault.Kind(bye.Kind), bye.Msg, bye.Hint, c.kind, c.says)
		case strings.Contains(bye.Msg+bye.Hint, parts[2]):
			t.Errorf("%s: the answer repeats a token", name)
		}
	}

	// A request for a snapshot from a forbidden page, and a name that is made up.
	for _, c := range []struct {
		origin string
		status int
		kind   string
	}{{"https://evil.example", http.StatusForbidden, "forbidden_origin"}, {"https://app.example", http.StatusGone, "not_found"}} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Address+"/chunk/made-up", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", c.origin)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != c.status || !strings.Contains(string(body), c.kind) {
			t.Errorf("chunk for %s: %s %s (%v), want %d %s", c.origin, res.Status, body, err, c.status, c.kind)
		}
	}

	s.exec(t, "UPDATE counter SET n = 5")
	until(ctx, t, socket, "a change after all that", func() bool { return row(witness, 1, 1)[1].Int() == 5 })
}

// A relay does not start on settings that would let everybody in, or on a
// database that it cannot follow; it says what to do.
func TestRelayRefusesToStart(t *testing.T) {
	t.Parallel()
	s := newSite(t, counterRules, counterTable+"CREATE TABLE keyless (a int);")
	const rules = "tables: { counter: { read: true } }\n"
	for _, c := range []struct {
		name, config, url, listen string
		says                      []string
	}{
		{"no way to verify tokens", rules, s.pg.DSN(), "127.0.0.1:0", []string{"verify tokens", "ROCKPOOL_JWT_SECRET"}},
		{"anonymous on every address", "auth: { anonymous: true }\n" + rules, s.pg.DSN(), "0.0.0.0:0", []string{"anonymous", "127.0.0.1"}},
		{"no table", "auth: { anonymous: true }\n", s.pg.DSN(), "127.0.0.1:0", []string{"no table", "tables:"}},
		{"a table that is not there", "auth: { anonymous: true }\ntables: { nothing: { read: true } }\n", s.pg.DSN(), "127.0.0.1:0", []string{"public.nothing", "create it"}},
		{"a table without a key", "auth: { anonymous: true }\ntables: { keyless: { read: true } }\n", s.pg.DSN(), "127.0.0.1:0", []string{"primary key", "ADD PRIMARY KEY"}},
		{"a setting that is not known", "auth: { anonymos: true }\n" + rules, s.pg.DSN(), "127.0.0.1:0", []string{"anonymos", "the fields are"}},
		{"no server", "auth: { anonymous: true }\n" + rules, "postgres://postgres@127.0.0.1:1/postgres", "127.0.0.1:0", []string{"connect to Postgres"}},
	} {
		s.configure(t, c.config)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		out, err := exec.CommandContext(ctx, bin, "relay", "--config", s.path("rockpool.yaml"), "--database-url", c.url, "--store", s.path("none.db"), "--listen", c.listen).CombinedOutput()
		cancel()
		if err == nil {
			t.Errorf("%s: the relay served", c.name)
		}
		for _, say := range c.says {
			if !strings.Contains(string(out), say) {
				t.Errorf("%s: the relay said %q, want %q in it", c.name, out, say)
			}
		}
	}
}
