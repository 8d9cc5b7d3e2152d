package auth_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"rockpool.dev/fault"
	"rockpool.dev/server/auth"
)

var (
	secret = []byte("a secret that is at least 32 bytes long")
	now    = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

func claims(change func(jwt.MapClaims)) jwt.MapClaims {
	c := jwt.MapClaims{"sub": "u1", "role": "authenticated", "aud": "authenticated", "exp": now.Add(time.Hour).Unix(), "big": 9007199254740993}
	if change != nil {
		change(c)
	}
	return c
}

func signed(t *testing.T, method jwt.SigningMethod, key any, c jwt.MapClaims, kid string) string {
	t.Helper()
	token := jwt.NewWithClaims(method, c)
	if kid != "" {
		token.Header["kid"] = kid
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Every token but a good one is refused, with a kind that says what to do.
func TestVerify(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, stranger, _ := ed25519.GenerateKey(rand.Reader)
	set := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		key := map[string]string{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "k1", "x": base64.RawURLEncoding.EncodeToString(public)}
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{key}})
	}))
	defer set.Close()
	v, err := auth.Open(t.Context(), auth.Options{Secret: secret, JWKS: set.URL, Audience: "authenticated", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	none := jwt.NewWithClaims(jwt.SigningMethodNone, claims(nil))
	unsigned, err := none.SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	good := signed(t, jwt.SigningMethodHS256, secret, claims(nil), "")
	parts := strings.Split(good, ".")
	const fine = fault.Unknown
	for _, c := range []struct {
		name, token string
		kind        fault.Kind
	}{
		{"HS256", good, fine},
		{"a key of the set", signed(t, jwt.SigningMethodEdDSA, private, claims(nil), "k1"), fine},
		{"no token", "", fault.Unauthenticated},
		{"not a token", "hello", fault.Unauthenticated},
		{"too long", strings.Repeat("a", 20000), fault.Unauthenticated},
		{"unsigned", unsigned, fault.Unauthenticated},
		{"another secret", signed(t, jwt.SigningMethodHS256, []byte("another secret of more than 32 bytes!"), claims(nil), ""), fault.Unauthenticated},
		{"the public key as a secret", signed(t, jwt.SigningMethodHS256, []byte(public), claims(nil), "k1"), fault.Unauthenticated},
		{"a stranger's key", signed(t, jwt.SigningMethodEdDSA, stranger, claims(nil), "k1"), fault.Unauthenticated},
		{"an unknown key", signed(t, jwt.SigningMethodEdDSA, private, claims(nil), "k2"), fault.Unauthenticated},
		{"an algorithm that is not allowed", signed(t, jwt.SigningMethodHS512, secret, claims(nil), ""), fault.Unauthenticated},
		{"changed claims", parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"admin"}`)) + "." + parts[2], fault.Unauthenticated},
		{"expired", signed(t, jwt.SigningMethodHS256, secret, claims(func(c jwt.MapClaims) { c["exp"] = now.Add(-time.Minute).Unix() }), ""), fault.TokenExpired},
		{"expired and forged", signed(t, jwt.SigningMethodHS256, []byte("another secret of more than 32 bytes!"), claims(func(c jwt.MapClaims) { c["exp"] = now.Add(-time.Minute).Unix() }), ""), fault.Unauthenticated},
		{"not yet good", signed(t, jwt.SigningMethodHS256, secret, claims(func(c jwt.MapClaims) { c["nbf"] = now.Add(time.Hour).Unix() }), ""), fault.Unauthenticated},
		{"without an end", signed(t, jwt.SigningMethodHS256, secret, claims(func(c jwt.MapClaims) { delete(c, "exp") }), ""), fault.Unauthenticated},
		{"without a subject", signed(t, jwt.SigningMethodHS256, secret, claims(func(c jwt.MapClaims) { delete(c, "sub") }), ""), fault.Unauthenticated},
		{"another audience", signed(t, jwt.SigningMethodHS256, secret, claims(func(c jwt.MapClaims) { c["aud"] = "anon" }), ""), fault.Unauthenticated},
	} {
		if other, err := v.VerifyKey(c.token); fault.KindOf(err) != c.kind || c.kind == fine && other.User != "u1" {
			t.Errorf("%s: VerifyKey = %v (%v), want %v", c.name, err, fault.KindOf(err), c.kind)
		}
		id, err := v.Verify(c.token)
		if fault.KindOf(err) != c.kind {
			t.Errorf("%s: Verify = %v (%v), want %v", c.name, err, fault.KindOf(err), c.kind)
		}
		if c.kind != fine {
			if fault.HintOf(err) == "" {
				t.Errorf("%s: the error has no remedy: %v", c.name, err)
			}
			if c.token != "" && strings.Contains(err.Error(), c.token) {
				t.Errorf("%s: the error repeats the token", c.name)
			}
			continue
		}
		if id.User != "u1" || id.Role != "authenticated" || !id.Expires.Equal(now.Add(time.Hour)) || id.Claims["big"] != json.Number("9007199254740993") {
			t.Errorf("%s: identity %+v", c.name, id)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		o    auth.Options
		kind fault.Kind
	}{
		{"no way to verify", auth.Options{}, fault.InvalidArgument},
		{"a short secret", auth.Options{Secret: []byte("short")}, fault.InvalidArgument},
	} {
		if _, err := auth.Open(t.Context(), c.o); fault.KindOf(err) != c.kind {
			t.Errorf("%s: Open = %v (%v), want %v", c.name, err, fault.KindOf(err), c.kind)
		}
	}
}

// Supabase's anon key has a role and an end, no subject and no audience.
func TestVerifyKey(t *testing.T) {
	t.Parallel()
	v, err := auth.Open(t.Context(), auth.Options{Secret: secret, Audience: "authenticated", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	anon := func(c jwt.MapClaims) {
		delete(c, "sub")
		delete(c, "aud")
		c["role"] = "anon"
	}
	key := signed(t, jwt.SigningMethodHS256, secret, claims(anon), "")
	if id, err := v.VerifyKey(key); err != nil || id.User != "" || id.Role != "anon" || id.Claims["role"] != "anon" {
		t.Errorf("VerifyKey = %+v, %v", id, err)
	}
	if _, err := v.Verify(key); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("Verify of a key: %v", err)
	}
	for name, change := range map[string]func(jwt.MapClaims){
		"expired":      func(c jwt.MapClaims) { anon(c); c["exp"] = now.Add(-time.Minute).Unix() },
		"an audience":  func(c jwt.MapClaims) { anon(c); c["aud"] = "other" },
		"a user alone": func(c jwt.MapClaims) { delete(c, "aud") },
	} {
		if id, err := v.VerifyKey(signed(t, jwt.SigningMethodHS256, secret, claims(change), "")); err == nil {
			t.Errorf("%s: VerifyKey = %+v", name, id)
		}
	}
	forged := signed(t, jwt.SigningMethodHS256, []byte("another secret of more than 32 bytes!"), claims(anon), "")
	if id, err := v.VerifyKey(forged); err == nil {
		t.Errorf("forged: %+v", id)
	}
}
