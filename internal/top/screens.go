package top

import "fmt"

// helpLines tell the keys.
func helpLines() []Line {
	lines := []Line{{"Keys", Head}}
	for _, l := range []string{
		"q            end",
		"space        look now",
		"P M T        order by processors, memory, time",
		"N I B K      order by name, id, bytes written, tasks",
		"X Y          order by bytes received, bytes sent",
		"< >          order by the column to the left, to the right",
		"r            the other way round",
		"/            show the names that have a text; escape shows all again",
		"a            leave out containers that are shut off, or not",
		"f            choose columns",
		"d            time between two looks",
		"up down      scroll; also page up, page down, home, end",
		"",
		"Any key goes back.",
	} {
		lines = append(lines, Line{Text: l})
	}
	return lines
}

// choices lists the columns, around the cursor.
func (v *View) choices(room int) []Line {
	lines := []Line{{"Columns: space shows or hides one, s orders by it, enter goes back", Head}}
	from := max(0, v.cursor-max(1, room-1)+1)
	for i, c := range v.all[from:] {
		i += from
		mark, style := " ", Plain
		if v.shown[i] {
			mark = "x"
		}
		if i == v.cursor {
			style = Chosen
		}
		star := " "
		if i == v.sort {
			star = "*"
		}
		lines = append(lines, Line{fmt.Sprintf("%s[%s] %-13s %-6s %s", star, mark, c.key, c.head, c.about), style})
	}
	return lines
}
