package main

import (
	"slices"
	"strings"
)

// hunk is a place at which two answers differ: the lines that each has alone, without indentation.
type hunk struct {
	Libvirt []string `json:"libvirt"`
	Berth   []string `json:"berth"`
}

func (h hunk) empty() bool { return len(h.Libvirt) == 0 && len(h.Berth) == 0 }

// diff returns the places at which two texts differ, by their longest common subsequence of lines.
func diff(libvirt, berth string) []hunk {
	a, b := strings.Split(libvirt, "\n"), strings.Split(berth, "\n")
	common := make([][]int, len(a)+1) // common[i][j]: the longest one of a[i:] and b[j:]
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i, mine := range slices.Backward(a) {
		for j, yours := range slices.Backward(b) {
			if mine == yours {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var list []hunk
	for i, j := 0, 0; i < len(a) || j < len(b); {
		i0, j0 := i, j
		for (i < len(a) || j < len(b)) && (i == len(a) || j == len(b) || a[i] != b[j]) {
			if j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1] {
				i++
			} else {
				j++
			}
		}
		switch {
		case i0 == i && j0 == j:
			i, j = i+1, j+1
			continue
		case i0 == i:
			first := slide(b, j0, j)
			list = append(list, hunk{Berth: trimmed(b[first : first+j-j0])})
		case j0 == j:
			first := slide(a, i0, i)
			list = append(list, hunk{Libvirt: trimmed(a[first : first+i-i0])})
		default:
			list = append(list, hunk{trimmed(a[i0:i]), trimmed(b[j0:j])})
		}
	}
	return list
}

// slide returns where a run of lines of one text begins best. A run after which its first line comes again can begin a
// line later, and one after its own last line a line earlier. The best one begins with a tag of the least depth, so
// that it is a whole element.
func slide(lines []string, from, to int) int {
	best, depth := from, indentation(lines[from])
	try := func(f int) {
		if d := indentation(lines[f]); d < depth {
			best, depth = f, d
		}
	}
	for f, t := from, to; f > 0 && lines[f-1] == lines[t-1]; {
		f, t = f-1, t-1
		try(f)
	}
	for f, t := from, to; t < len(lines) && lines[f] == lines[t]; {
		f, t = f+1, t+1
		try(f)
	}
	return best
}

// indentation returns the depth of a line. An end tag is deeper than all others.
func indentation(line string) int {
	text := strings.TrimLeft(line, " ")
	if strings.HasPrefix(text, "</") {
		return 1 << 20
	}
	return len(line) - len(text)
}

func trimmed(lines []string) []string {
	list := make([]string, len(lines))
	for i, l := range lines {
		list[i] = strings.TrimSpace(l)
	}
	return list
}
