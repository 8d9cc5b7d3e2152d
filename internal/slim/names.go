package main

import "fmt"

// uniqueNames are the functions' names by their numbers. The second of a name
// gets #2 behind it, and so on: closures in bodies that were copied share one.
func (t *tables) uniqueNames() (map[uint64]string, error) {
	names, seen := map[uint64]string{}, map[string]int{}
	for i := range t.funcs {
		f, err := t.function(i)
		if err != nil {
			return nil, err
		}
		name := string(t.name(f))
		if seen[name]++; seen[name] > 1 {
			name = fmt.Sprint(name, "#", seen[name])
		}
		names[t.number(i)] = name
	}
	return names, nil
}

// numbers are the functions of these names. A name that is no function's any
// more is passed over.
func (t *tables) numbers(names []string) (map[uint64]bool, error) {
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	all, err := t.uniqueNames()
	if err != nil {
		return nil, err
	}
	numbers := map[uint64]bool{}
	for number, name := range all {
		if wanted[name] {
			numbers[number] = true
		}
	}
	return numbers, nil
}
