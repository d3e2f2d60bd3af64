package cli

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// printTable prints headings, a line of dashes and rows, as virsh does. On a terminal it has colours.
func (a *app) printTable(heads []string, rows [][]string) {
	widths := columns(append([][]string{heads}, rows...))
	colours := a.colours(a.OutTerminal)
	style := func(int, string) string { return "" }
	if colours {
		style = func(int, string) string { return bold }
	}
	a.printPadded(heads, widths, style)
	total := 0
	for _, w := range widths {
		total += w + len("   ")
	}
	fmt.Fprintln(a.out, strings.Repeat("-", total))
	style = func(i int, cell string) string {
		if colours && heads[i] == "State" {
			return stateColour(cell)
		}
		return ""
	}
	for _, row := range rows {
		a.printPadded(row, widths, style)
	}
}

// printRows prints a table without headings.
func (a *app) printRows(rows [][]string) {
	widths := columns(rows)
	for _, row := range rows {
		a.printPadded(row, widths, func(int, string) string { return "" })
	}
}

func columns(rows [][]string) []int {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

// printPadded prints a row. style returns the colour of a cell.
func (a *app) printPadded(row []string, widths []int, style func(column int, cell string) string) {
	var line strings.Builder
	for i, cell := range row {
		line.WriteString(" " + inColour(style(i, cell), cell))
		line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
	}
	fmt.Fprintln(a.out, strings.TrimRight(line.String(), " "))
}

func (a *app) printJSON(v any) error {
	enc := a.encoder()
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// encoder returns what writes values as JSON, one a line.
func (a *app) encoder() *json.Encoder {
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	return enc
}

// unlessZero returns a pointer to v. It returns nil, which is null in JSON, if v is the zero value.
func unlessZero[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// printable escapes control characters and invalid UTF-8: a name or a message must not move the cursor
// or break a table.
func printable(s string) string {
	if strings.IndexFunc(s, unprintable) < 0 && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && s[i] != "\uFFFD"[0]:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unprintable(r):
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func unprintable(r rune) bool { return !strconv.IsPrint(r) }

// stateWord returns virsh's word for a state. Only "shut off" differs from Berth's.
func stateWord(state string) string {
	if state == "shutoff" {
		return "shut off"
	}
	return state
}
