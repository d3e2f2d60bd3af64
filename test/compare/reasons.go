package main

import (
	"bufio"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// reason explains a difference that is intended.
type reason struct {
	row            string           // the first cell of its row in the page
	line           int              // of its first line in the file
	documents      []string         // patterns for the names of the documents that have it; none means all
	libvirt, berth []*regexp.Regexp // of lines one after the other; nil is any number of lines
	used           bool
}

// The files, below the top of the source tree.
const (
	reasonsFile = "test/compare/reasons.txt"
	manual      = "docs/differences-from-libvirt.md"
)

// readReasons reads the reasons, and checks that the page has a row for each.
func readReasons(top string) ([]*reason, error) {
	text, err := os.ReadFile(filepath.Join(top, reasonsFile))
	if err != nil {
		return nil, err
	}
	page, err := os.ReadFile(filepath.Join(top, manual))
	if err != nil {
		return nil, err
	}
	return parseReasons(string(text), rows(string(page)))
}

// rows returns the first cells of a page's tables.
func rows(page string) []string {
	var list []string
	for line := range strings.Lines(page) {
		if cells := strings.Split(line, "|"); len(cells) > 2 && cells[0] == "" {
			list = append(list, strings.TrimSpace(cells[1]))
		}
	}
	return list
}

// parseReasons parses the file of reasons, whose head describes it.
func parseReasons(text string, rows []string) ([]*reason, error) {
	var list []*reason
	var row string
	var now *reason
	scanner := bufio.NewScanner(strings.NewReader(text))
	for n := 1; scanner.Scan(); n++ {
		line := strings.TrimSpace(scanner.Text())
		switch {
		case line == "":
			now = nil
		case line[0] == '#':
		case line[0] == '[' && strings.HasSuffix(line, "]"):
			row, now = line[1:len(line)-1], nil
			if !slices.Contains(rows, row) {
				return nil, fmt.Errorf("%s:%d: %s has no row %q", reasonsFile, n, manual, row)
			}
		case strings.Contains("-+@", line[:1]) && row != "":
			if now == nil {
				now = &reason{row: row, line: n}
				list = append(list, now)
			}
			switch text := strings.TrimSpace(line[1:]); line[0] {
			case '@':
				now.documents = append(now.documents, strings.Fields(text)...)
			case '-':
				now.libvirt = append(now.libvirt, pattern(text))
			case '+':
				now.berth = append(now.berth, pattern(text))
			}
		default:
			return nil, fmt.Errorf("%s:%d: expecting a row in brackets, or a line with @, - or +", reasonsFile, n)
		}
	}
	return list, scanner.Err()
}

// pattern matches a whole line, in which * stands for any characters. It is nil for "...".
func pattern(line string) *regexp.Regexp {
	if line == "..." {
		return nil
	}
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(line), `\*`, ".*") + "$")
}

// isFor reports whether a reason counts for a document.
func (r *reason) isFor(name string) bool {
	return len(r.documents) == 0 || slices.ContainsFunc(r.documents, func(p string) bool {
		ok, err := path.Match(p, name)
		return ok && err == nil
	})
}

// explained is a part of a difference, with its row of the page; the row is empty if nothing explains the part.
type explained struct {
	hunk
	Row string `json:"reason,omitempty"`
}

// explain takes a hunk of a document apart by the reasons. The first reason in the file wins.
func explain(name string, h hunk, reasons []*reason) []explained {
	var list []explained
	h = hunk{slices.Clone(h.Libvirt), slices.Clone(h.Berth)}
	for _, r := range reasons {
		for r.isFor(name) {
			i, m := find(h.Libvirt, r.libvirt)
			j, n := find(h.Berth, r.berth)
			if i < 0 || j < 0 || m+n == 0 {
				break
			}
			r.used = true
			list = append(list, explained{hunk{slices.Clone(h.Libvirt[i : i+m]), slices.Clone(h.Berth[j : j+n])}, r.row})
			h.Libvirt, h.Berth = slices.Delete(h.Libvirt, i, i+m), slices.Delete(h.Berth, j, j+n)
		}
	}
	if !h.empty() {
		list = append(list, explained{hunk: h})
	}
	return list
}

// find returns where lines match patterns, and how many do. It returns -1 if they do nowhere.
func find(lines []string, patterns []*regexp.Regexp) (at, count int) {
	for at = range len(lines) + 1 {
		if n := match(lines[at:], patterns); n >= 0 {
			return at, n
		}
	}
	return -1, 0
}

// match returns how many lines the patterns take from the first line on: as few as possible. It returns -1 if they do
// not match.
func match(lines []string, patterns []*regexp.Regexp) int {
	switch {
	case len(patterns) == 0:
		return 0
	case patterns[0] == nil:
		for skip := range len(lines) + 1 {
			if n := match(lines[skip:], patterns[1:]); n >= 0 {
				return skip + n
			}
		}
		return -1
	case len(lines) == 0 || !patterns[0].MatchString(lines[0]):
		return -1
	}
	if n := match(lines[1:], patterns[1:]); n >= 0 {
		return n + 1
	}
	return -1
}
