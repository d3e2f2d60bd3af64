package node

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseList reads a list such as "0-3,8" of processors or cells (cpuset(7), "List format"). It returns an error if the
// list is not in order or has a number above 65,535.
func ParseList(text string) ([]int, error) {
	var list []int
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err := number(from)
		last, err2 := number(to)
		if err != nil || err2 != nil || last < first || len(list) > 0 && first <= list[len(list)-1] {
			return nil, fmt.Errorf("list %.100q: %.30q is out of place", text, part)
		}
		for n := first; n <= last; n++ {
			list = append(list, n)
		}
	}
	return list, nil
}

// number reads a number of a list.
func number(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	return int(n), err
}

// ParseDistances reads a cell's row of distances, one for each of cells.
func ParseDistances(text string, cells []int) ([]Distance, error) {
	fields := strings.Fields(text)
	if len(fields) != len(cells) {
		return nil, fmt.Errorf("%d distances for %d cells", len(fields), len(cells))
	}
	var row []Distance
	for i, field := range fields {
		value, err := number(field)
		if err != nil {
			return nil, fmt.Errorf("distance %.30q: not a number", field)
		}
		row = append(row, Distance{cells[i], value})
	}
	return row, nil
}
