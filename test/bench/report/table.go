package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// table has a title, a heading and rows. All rows have as many cells as the heading.
type table struct {
	title string
	head  []string
	rows  [][]string
	left  int // the number of columns, from the first, that hold text and are aligned to the left
}

// write prints the table with aligned columns. It prints nothing if there is no row.
func (t table) write(w io.Writer) error {
	if len(t.rows) == 0 {
		return nil
	}
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var text strings.Builder
	fmt.Fprintf(&text, "\n%s\n", t.title)
	t.line(&text, widths, t.head)
	rules := make([]string, len(widths))
	for i, width := range widths {
		if i == t.left-1 && i == len(widths)-1 {
			width = utf8.RuneCountInString(t.head[i]) // a last column of prose gets a short rule
		}
		rules[i] = strings.Repeat("-", width)
	}
	t.line(&text, widths, rules)
	for _, row := range t.rows {
		t.line(&text, widths, row)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func (t table) line(text *strings.Builder, widths []int, row []string) {
	var line strings.Builder
	for i, cell := range row {
		gap := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if i < t.left {
			cell += gap
		} else {
			cell = gap + cell
		}
		if i > 0 {
			line.WriteString("  ")
		}
		line.WriteString(cell)
	}
	text.WriteString(strings.TrimRight(line.String(), " ") + "\n")
}

// number returns a figure as text, or "-" if it is NaN or infinite.
func number(value float64, decimals int) string {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return "-"
	}
	return fmt.Sprintf("%.*f", decimals, value)
}

// times returns a ratio as text, or "-" if there is none.
func times(ratio float64) string {
	if text := number(ratio, 2); text != "-" {
		return text + "x"
	}
	return "-"
}
