package session

// Rate is a token bucket.
type Rate struct {
	perSecond, burst float64
	left             float64
	at               int64 // milliseconds
}

// NewRate returns a full bucket.
func NewRate(perSecond, burst float64, nowMillis int64) Rate {
	return Rate{perSecond, burst, burst, nowMillis}
}

// Take takes one token, or says after how many milliseconds there will be one.
func (r *Rate) Take(nowMillis int64) (waitMillis int64, ok bool) {
	if nowMillis > r.at {
		r.left = min(r.burst, r.left+float64(nowMillis-r.at)*r.perSecond/1000)
		r.at = nowMillis
	}
	if r.left >= 1 {
		r.left--
		return 0, true
	}
	return int64((1-r.left)*1000/r.perSecond) + 1, false
}
