package sim

import (
	"os"
	"sync"
)

// TempDir is a directory in memory where there is one, else the usual one.
func TempDir() string {
	if st, err := os.Stat("/dev/shm"); err == nil && st.IsDir() {
		return "/dev/shm"
	}
	return os.TempDir()
}

// Seeds plays n seeds from first on with some workers. It returns the lowest
// seed that failed, of those that were played before all workers stopped.
func Seeds(opt Options, first uint64, n, workers int, progress func(done int)) (total Stats, failed uint64, err error) {
	var mu sync.Mutex
	next, done := 0, 0
	var wg sync.WaitGroup
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				mu.Lock()
				if next >= n || err != nil {
					mu.Unlock()
					return
				}
				seed := first + uint64(next)
				next++
				mu.Unlock()
				o := opt
				o.Seed = seed
				stats, e := Run(o)
				mu.Lock()
				total.add(stats)
				done++
				if e != nil && (err == nil || seed < failed) {
					failed, err = seed, e
				}
				if progress != nil {
					progress(done)
				}
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	return total, failed, err
}
