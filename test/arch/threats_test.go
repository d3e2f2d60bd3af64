package arch

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestThreats: each threat of docs/threats.md is there once, and each test that it names exists. A
// threat names tests exactly when it is answered.
func TestThreats(t *testing.T) {
	t.Parallel()
	exists := map[string]bool{}
	for _, f := range testFuncs(t) {
		exists[f.dir+" "+f.name] = true
	}
	const name = "docs/threats.md"
	answered, open, _ := strings.Cut(read(t, name), "\n## Not answered\n")
	shown := map[string]int{} // how many tests show that it fails
	for number, text := range threats(answered) {
		shown[number] += shows(t, name+", "+number, text, exists)
		if shown[number] == 0 {
			t.Errorf("%s: %s is answered, and no test shows it", name, number)
		}
	}
	for number, text := range threats(open) {
		if _, twice := shown[number]; twice || shows(t, name+", "+number, text, exists) > 0 {
			t.Errorf("%s: %s is not answered, and has tests", name, number)
		}
		shown[number] = 0
	}
	for n := 1; n <= len(shown); n++ {
		number := fmt.Sprint("T", n)
		if _, ok := shown[number]; !ok {
			t.Errorf("%s: there is no %s", name, number)
		}
		if times := strings.Count(answered+open, "\n### "+number+": "); times > 1 {
			t.Errorf("%s: %s is there %d times", name, number, times)
		}
	}
	if len(shown) < 39 {
		t.Errorf("%s has %d threats; a number is kept for good", name, len(shown))
	}
}

// threats cuts a part of the page into what it says of each threat, by number.
func threats(text string) map[string]string {
	all := map[string]string{}
	for _, part := range strings.Split("\n"+text, "\n### ")[1:] {
		number, rest, _ := strings.Cut(part, ": ")
		all[number] = rest
	}
	return all
}

// shows counts the tests that a threat names, and checks that each exists.
func shows(t *testing.T, place, text string, exists map[string]bool) int {
	t.Helper()
	count := 0
	for _, row := range regexp.MustCompile("(?m)^- (.*)$").FindAllStringSubmatch(text, -1) {
		dir, names, ok := strings.Cut(row[1], "`: ")
		if !ok {
			t.Errorf("%s: %q is no directory with its tests", place, row[1])
		}
		for test := range strings.SplitSeq(names, ", ") {
			count++
			if !exists[strings.TrimPrefix(dir, "`")+" "+test] {
				t.Errorf("%s: there is no %s in %s", place, test, dir[1:])
			}
		}
	}
	return count
}
