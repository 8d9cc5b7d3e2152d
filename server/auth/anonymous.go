package auth

// Anonymous lets everybody in as one user, for rockpool dev.
type Anonymous struct{}

// Verify says "anonymous" of any token.
func (Anonymous) Verify(string) (Identity, error) {
	return Identity{
		User: "anonymous", Role: "anon", ClaimsJSON: `{"sub":"anonymous","role":"anon"}`,
		Claims: map[string]any{"sub": "anonymous", "role": "anon"},
	}, nil
}

// VerifyKey is Verify.
func (a Anonymous) VerifyKey(token string) (Identity, error) { return a.Verify(token) }
