package sim

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"rockpool.dev/fault"
	"rockpool.dev/server/auth"
	"rockpool.dev/server/policy"
	"rockpool.dev/server/shape"
)

// Times and chances of tokens, virtual milliseconds.
const (
	tokenLifeMin  = 2_000
	tokenLifeMax  = 12_000
	tokenGrace    = 1_000
	staleTokenP   = 0.05 // the app hands out a token that has run out
	otherRoomsP   = 0.4  // a new token opens other rooms
	lateRenewalP  = 0.3  // it is renewed after it has run out
	signInMillis  = 400  // until the app has a good one for a client that was refused
	calmTokenLife = 10 * 60_000
)

// rooms are what posts are in; a token names those that its holder may read
// and write.
var rooms = []string{"red", "green", "blue"}

// token is what a client shows: who it is, until when, and which rooms.
type token struct {
	user  string
	until int64 // milliseconds since 1970
	rooms []string
}

func (t *token) text() string {
	return t.user + "|" + strconv.FormatInt(t.until, 10) + "|" + strings.Join(t.rooms, ",")
}

func parseToken(s string) (token, bool) {
	parts := strings.Split(s, "|")
	if len(parts) != 3 {
		return token{}, false
	}
	until, err := strconv.ParseInt(parts[1], 10, 64)
	t := token{user: parts[0], until: until}
	if parts[2] != "" {
		t.rooms = strings.Split(parts[2], ",")
	}
	return t, err == nil
}

// opens reports whether a row of posts may be seen with the token.
func (t *token) opens(room string) bool { return slices.Contains(t.rooms, room) }

// verifier is the relay's: it believes every token that is whole and has not
// run out.
type verifier struct{ w *world }

// Verify implements relay.Verifier.
func (v verifier) Verify(s string) (auth.Identity, error) {
	t, ok := parseToken(s)
	if !ok {
		return auth.Identity{}, fault.New(fault.Unauthenticated, "check the token", "it is none")
	}
	if t.until < startWall+v.w.now {
		return auth.Identity{}, fault.New(fault.TokenExpired, "check the token", "it has run out")
	}
	list := make([]any, len(t.rooms))
	for i, r := range t.rooms {
		list[i] = r
	}
	claims := map[string]any{"sub": t.user, "rooms": list}
	body, err := json.Marshal(claims)
	return auth.Identity{User: t.user, Expires: time.UnixMilli(t.until), Claims: claims, ClaimsJSON: string(body)}, err
}

// simCatalog lets everybody read and write everything but the posts of rooms
// that are not theirs.
func simCatalog(w *world) (*shape.Catalog, error) {
	rules := map[string]shape.Rule{}
	for i := range w.schema.Tables {
		p := policy.Always(true)
		if w.schema.Tables[i].ID == postsID {
			var err error
			if p, err = policy.Parse("room IN (auth.rooms)"); err != nil {
				return nil, err
			}
		}
		rule := shape.Rule{Read: p, Write: p}
		if w.opt.Bug == NoPolicy {
			rule.Read = policy.Always(true)
		}
		rules[w.schema.Tables[i].Name] = rule
	}
	return shape.New(w.schema, rules, nil)
}

// reopenCatalog makes the policies of the schema that is in force.
func (w *world) reopenCatalog() (err error) {
	w.catalog, err = simCatalog(w)
	return err
}

// giveToken hands the client a token, in the middle of things or because it
// has asked.
func (c *client) giveToken() {
	w := c.w
	if c.stopped.on {
		c.stopped.run(c.giveToken)
		return
	}
	if c.dead {
		return
	}
	life := w.between(tokenLifeMin, tokenLifeMax)
	if len(c.token.rooms) == 0 || w.chance(otherRoomsP) {
		c.token.rooms = nil
		for _, r := range rooms {
			if w.rng.IntN(2) == 0 {
				c.token.rooms = append(c.token.rooms, r)
			}
		}
	}
	switch {
	case w.quiet:
		life = calmTokenLife
	case w.chance(staleTokenP):
		life = -1
	}
	c.token.user, c.token.until = c.user, startWall+w.now+life
	w.stats.Tokens++
	w.logf("%s: has token %s", c.name, c.token.text())
	c.drv.Token(c.token.text(), nil)
	c.after()
	if w.quiet {
		return
	}
	at := life * 3 / 4
	if w.chance(lateRenewalP) {
		at = life + w.between(0, 2*tokenGrace)
	}
	c.renewals++
	n, alive := c.renewals, c.life
	w.after(max(at, 1), func() {
		if c.life == alive && c.renewals == n {
			c.giveToken()
		}
	})
}

// wantsToken answers the engine a little later.
func (c *client) wantsToken() {
	life := c.life
	c.w.after(c.w.delay(), func() {
		if c.life == life {
			c.giveToken()
		}
	})
}

// signIn gets a good token for a client that the relay has refused.
func (c *client) signIn() {
	life := c.life
	c.w.after(signInMillis, func() {
		if c.life == life && !c.dead {
			c.giveToken()
		}
	})
}
