package top

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Style is how a line looks.
type Style uint8

// The styles.
const (
	Plain  Style = iota
	Head         // the heads of the columns
	Notice       // an error or a prompt
	Chosen       // the line that the cursor is on
)

// Line is a line of the screen. It may be longer than the screen is wide.
type Line struct {
	Text  string
	Style Style
}

// leastTable is how many lines the table has before there are others, besides a notice.
const leastTable = 4

// Lines returns a screen of this size. On a low one the table comes first.
func (v *View) Lines(width, height int) []Line {
	lines := v.summary()
	notice := Line{v.failure, Notice}
	if v.mode == askFilter || v.mode == askSeconds {
		notice.Text = v.prompt() + v.typed + "_"
	}
	if height < len(lines)+1+leastTable && notice.Text == "" {
		lines = lines[:min(len(lines), max(0, height-leastTable))]
	} else {
		lines = append(lines[:min(len(lines), max(0, height-leastTable-1))], notice)
	}
	room := max(0, height-len(lines))
	switch v.mode {
	case help:
		lines = append(lines, helpLines()...)
	case choose:
		lines = append(lines, v.choices(room)...)
	default:
		lines = append(lines, v.table(width, room)...)
	}
	return lines[:min(len(lines), height)]
}

// summary is the host, and the containers as a whole.
func (v *View) summary() []Line {
	states, cpu, memory, counted := map[string]int{}, 0.0, 0.0, false
	clock, total := "", 0
	if v.now != nil {
		for _, r := range rows(v.before, v.now) {
			states[r.State]++
			share, _ := cpuShare(&r, v.host)
			used, known := level(Memory)(&r, v.host)
			cpu, memory, counted = cpu+share, memory+used, counted || known
		}
		clock, total = v.now.Clock, len(v.now.Containers)
	}
	sum := fmt.Sprintf("%s (%.1f%%)", short(memory), memory/float64(max(1, v.host.Memory))*100)
	if !counted && states["running"]+states["paused"] > 0 {
		sum = "-" // the host does not count it
	}
	frequency := ""
	if v.host.MHz > 0 {
		frequency = fmt.Sprintf(" %dMHz", v.host.MHz)
	}
	filter := ""
	if v.filter != "" {
		filter = fmt.Sprintf(", names with %q", v.filter)
	}
	return []Line{
		{Text: fmt.Sprintf("berthctl top %s - %s %dCPU%s %s, every %gs", clock, v.host.Architecture, v.host.CPUs, frequency, short(float64(v.host.Memory)), v.seconds)},
		{Text: fmt.Sprintf("%d domains, %d active, %d running, %d paused, %d inactive%s",
			total, total-states["shutoff"], states["running"], states["paused"], states["shutoff"], filter)},
		{Text: fmt.Sprintf("CPU: %.1f%%  Mem: %s", cpu, sum)},
	}
}

// table returns the heads, and the rows that fit.
func (v *View) table(width, room int) []Line {
	columns, list := v.fitting(width), v.rows()
	v.page = max(1, room-1)
	v.offset = max(0, min(v.offset, len(list)-v.page))
	lines := []Line{{heads(columns, v.all[v.sort].key, width), Head}}
	for i := v.offset; i < min(len(list), v.offset+v.page); i++ {
		lines = append(lines, Line{Text: v.line(columns, &list[i])})
	}
	if v.now != nil && len(list) == 0 {
		lines = append(lines, Line{Text: "no containers"})
	}
	return lines
}

// heads returns the heads of the columns, with a star before the one that the rows are ordered by, over the whole
// width.
func heads(columns []column, by string, width int) string {
	var text strings.Builder
	for _, c := range columns {
		head := c.head
		if c.key == by {
			head = "*" + head
		}
		text.WriteString(padded(head, c.width) + " ")
	}
	return fmt.Sprintf("%-*s", width, strings.TrimRight(text.String(), " "))
}

func (v *View) line(columns []column, r *row) string {
	var text strings.Builder
	for _, c := range columns {
		text.WriteString(padded(c.cell(r, v.host), c.width) + " ")
	}
	return strings.TrimRight(text.String(), " ")
}

// padded moves a text to the right of its column.
func padded(text string, width int) string {
	return strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text))) + text
}

// Batch returns the table as text without a terminal, with all rows and columns.
func (v *View) Batch() []string {
	var text []string
	for _, l := range append(v.summary(), Line{}) {
		text = append(text, l.Text)
	}
	columns := v.fitting(0)
	text = append(text, strings.TrimRight(heads(columns, "", 0), " "))
	for _, r := range v.rows() {
		text = append(text, v.line(columns, &r))
	}
	return text
}
