package main

import (
	"bytes"
	"compress/gzip"
	"io"

	"github.com/andybalholm/brotli"
)

// brotliWindow is the largest window that browsers take, as a power of two.
const brotliWindow = 24

// sizes of one content, in bytes.
type sizes struct {
	raw, gzip, brotli int
}

// measure compresses at the best settings, as a build step would.
func measure(content []byte) sizes {
	return sizes{raw: len(content), gzip: gzipped(content), brotli: brotlied(content)}
}

// less is what s has more than base.
func (s sizes) less(base sizes) sizes {
	return sizes{raw: s.raw - base.raw, gzip: s.gzip - base.gzip, brotli: s.brotli - base.brotli}
}

func gzipped(content []byte) int {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	return through(w, content, &out)
}

func brotlied(content []byte) int {
	var out bytes.Buffer
	w := brotli.NewWriterOptions(&out, brotli.WriterOptions{Quality: brotli.BestCompression, LGWin: brotliWindow})
	return through(w, content, &out)
}

// through writes all of content; a bytes.Buffer below takes everything.
func through(w io.WriteCloser, content []byte, out *bytes.Buffer) int {
	if _, err := w.Write(content); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Len()
}
