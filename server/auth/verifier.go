// Package auth verifies callers' tokens: JWTs signed with a shared secret
// (HS256) or with a key of a JWKS. It owns who somebody is, not what they may
// do: that is package policy's.
package auth

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"

	"rockpool.dev/fault"
)

// Options say which tokens are good. At least one of Secret and JWKS must be
// set, or every token is refused.
type Options struct {
	// Secret verifies HS256 tokens; 32 bytes at least.
	Secret []byte
	// JWKS is the URL of a key set; it is fetched at the start and renewed.
	JWKS string
	// Audience and Issuer must be in the token where they are not "".
	Audience, Issuer string
	// Now is the relay's clock.
	Now func() time.Time
}

const (
	// secretBytesMin is RFC 7518's least key for HS256.
	secretBytesMin = 32
	// tokenBytesMax is the longest token that is looked at.
	tokenBytesMax = 16 << 10
	// signInHint is the remedy for a token that nobody we trust has made.
	signInHint = "sign in again; if it goes on, compare auth in rockpool.yaml with who issues the tokens"
	// leeway allows for clocks that differ.
	leeway = 5 * time.Second
)

// asymmetric are the algorithms a JWKS key may use. HS256 is not among them:
// a public key must never serve as a secret.
var asymmetric = []string{"RS256", "RS384", "RS512", "ES256", "ES384", "EdDSA", "PS256"}

// Identity is a verified caller.
type Identity struct {
	// User is the token's subject, "" for an API key; Role its role claim or "".
	User, Role string
	// Expires is when the token ends.
	Expires time.Time
	// ClaimsJSON is the token's payload as it was signed.
	ClaimsJSON string
	// Claims is the same, decoded with numbers kept as json.Number.
	Claims map[string]any
}

// Verifier checks tokens. Safe for concurrent use.
type Verifier struct {
	options Options
	keys    keyfunc.Keyfunc // nil without a JWKS
	parser  *jwt.Parser     // checks signatures alone
	// claims checks what a token says; keyClaims what an API key does, which has no audience.
	claims, keyClaims *jwt.Validator
}

// Open makes a verifier and fetches the key set. fault.InvalidArgument when the
// options verify nothing or the secret is too short; fault.Unauthenticated when
// the key set cannot be had. Keys are renewed until ctx ends.
func Open(ctx context.Context, o Options) (*Verifier, error) {
	if len(o.Secret) == 0 && o.JWKS == "" {
		return nil, fault.New(fault.InvalidArgument, "read the auth settings", "there is no way to verify tokens").
			WithHint("set auth.jwks in rockpool.yaml, or ROCKPOOL_JWT_SECRET for HS256")
	}
	if len(o.Secret) > 0 && len(o.Secret) < secretBytesMin {
		return nil, fault.New(fault.InvalidArgument, "read the auth settings", "the HS256 secret is shorter than 32 bytes")
	}
	v := &Verifier{options: o}
	algorithms := []string{}
	if len(o.Secret) > 0 {
		algorithms = append(algorithms, "HS256")
	}
	if o.JWKS != "" {
		algorithms = append(algorithms, asymmetric...)
		keys, err := keyfunc.NewDefaultCtx(ctx, []string{o.JWKS})
		if err != nil {
			return nil, fault.Wrap(fault.Unauthenticated, "fetch the key set", err)
		}
		v.keys = keys
	}
	v.parser = jwt.NewParser(jwt.WithValidMethods(algorithms), jwt.WithJSONNumber(), jwt.WithoutClaimsValidation())
	checks := []jwt.ParserOption{jwt.WithExpirationRequired(), jwt.WithLeeway(leeway), jwt.WithTimeFunc(o.Now)}
	if o.Issuer != "" {
		checks = append(checks, jwt.WithIssuer(o.Issuer))
	}
	v.keyClaims = jwt.NewValidator(checks...)
	if o.Audience != "" {
		checks = append(checks, jwt.WithAudience(o.Audience))
	}
	v.claims = jwt.NewValidator(checks...)
	return v, nil
}

// Verify returns who sent a token. fault.TokenExpired for one that was good
// once, fault.Unauthenticated for anything else; neither repeats the token.
func (v *Verifier) Verify(token string) (Identity, error) { return v.verify(token, false) }

// VerifyKey is Verify that takes API keys too, as Supabase's anon key: tokens that
// name neither a subject nor an audience. Their User is "".
func (v *Verifier) VerifyKey(token string) (Identity, error) { return v.verify(token, true) }

func (v *Verifier) verify(token string, keys bool) (Identity, error) {
	const op = "verify a token"
	if token == "" {
		return Identity{}, fault.New(fault.Unauthenticated, op, "there is none").WithHint("give open() a relay.token function")
	}
	if len(token) > tokenBytesMax {
		return Identity{}, fault.New(fault.Unauthenticated, op, "it is longer than 16 KiB").WithHint("put less into the token's claims")
	}
	claims := jwt.MapClaims{}
	_, err := v.parser.ParseWithClaims(token, claims, v.key)
	isKey := keys && claims["sub"] == nil && claims["aud"] == nil
	switch {
	case err != nil:
	case isKey:
		err = v.keyClaims.Validate(claims)
	default:
		err = v.claims.Validate(claims)
	}
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return Identity{}, fault.New(fault.TokenExpired, op, "it has expired").WithHint("sign in again, or refresh the session")
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return Identity{}, fault.New(fault.Unauthenticated, op, "it is for another audience than "+v.options.Audience).
			WithHint("ask the issuer for that audience, or change auth.audience in rockpool.yaml")
	case errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return Identity{}, fault.New(fault.Unauthenticated, op, "it is from another issuer than "+v.options.Issuer).
			WithHint("use a token of that issuer, or change auth.issuer in rockpool.yaml")
	case errors.Is(err, jwt.ErrTokenMalformed):
		return Identity{}, fault.New(fault.Unauthenticated, op, "it is not a JWT").WithHint(signInHint)
	case err != nil:
		return Identity{}, fault.New(fault.Unauthenticated, op, "its signature or its claims do not hold").
			WithHint(signInHint)
	}
	id, err := identity(token, claims)
	if err == nil && id.User == "" && !isKey {
		return Identity{}, fault.New(fault.Unauthenticated, op, "it names no subject (sub)").WithHint("have the issuer put the user's name into sub")
	}
	return id, err
}

// key finds the key of a token by its algorithm: never a public key for HS256.
func (v *Verifier) key(t *jwt.Token) (any, error) {
	if t.Method.Alg() == "HS256" {
		return v.options.Secret, nil
	}
	if v.keys == nil {
		return nil, jwt.ErrTokenUnverifiable
	}
	return v.keys.Keyfunc(t)
}

func identity(token string, claims jwt.MapClaims) (Identity, error) {
	const op = "verify a token"
	user, err := claims.GetSubject()
	if err != nil {
		return Identity{}, fault.New(fault.Unauthenticated, op, "its subject (sub) is no text").WithHint("have the issuer put the user's name into sub")
	}
	expires, err := claims.GetExpirationTime()
	if err != nil || expires == nil {
		return Identity{}, fault.New(fault.Unauthenticated, op, "it has no end (exp)").WithHint("have the issuer put an end into exp")
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		return Identity{}, fault.New(fault.Unauthenticated, op, "it is not a JWT")
	}
	out := Identity{User: user, Expires: expires.Time, ClaimsJSON: string(payload)}
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.UseNumber()
	if err := decoder.Decode(&out.Claims); err != nil {
		return Identity{}, fault.New(fault.Unauthenticated, op, "its claims are not JSON")
	}
	out.Role, _ = out.Claims["role"].(string)
	return out, nil
}
