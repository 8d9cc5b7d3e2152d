package main

import "fmt"

// counts is the outcome of some tests, subtests included.
type counts struct {
	passed, failed, skipped int
}

func (c *counts) add(d counts) {
	c.passed += d.passed
	c.failed += d.failed
	c.skipped += d.skipped
}

// String returns the line that CI reads.
func (c counts) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.passed, c.failed, c.skipped)
}
