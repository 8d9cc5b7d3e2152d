package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// count is how a suite's tests ended. A test with subtests counts as one more.
type count struct{ passed, failed, skipped int }

// event is a line of go test -json.
// https://pkg.go.dev/cmd/test2json
type event struct {
	Action, Package, Test, Output string
}

// outputLinesMax bounds what is kept of one test's output.
const outputLinesMax = 200

// goTest runs go test with more environment and prints what failed.
func goTest(env []string, args ...string) (count, error) {
	cmd := exec.Command("go", append([]string{"test", "-json", "-count=1", "-timeout=20m"}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return count{}, err
	}
	if err := cmd.Start(); err != nil {
		return count{}, err
	}
	var c count
	output := map[string][]string{}
	lines := bufio.NewScanner(pipe)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Println(lines.Text())
			continue
		}
		c.add(e, output)
	}
	err = cmd.Wait()
	if err != nil && c.failed > 0 {
		err = nil // the failures say more
	}
	return c, err
}

func (c *count) add(e event, output map[string][]string) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output", "build-output":
		if len(output[key]) < outputLinesMax {
			output[key] = append(output[key], e.Output)
		}
		return
	case "pass":
		if e.Test != "" {
			c.passed++
		}
	case "skip":
		if e.Test != "" {
			c.skipped++
			fmt.Print(strings.Join(output[key], ""))
		}
	case "fail":
		if e.Test != "" {
			c.failed++
		}
		fmt.Print(strings.Join(output[key], ""))
	default:
		return
	}
	delete(output, key)
}
