package top

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// mode is what the keys are for.
type mode uint8

const (
	watch mode = iota
	askFilter
	askSeconds
	choose // the columns
	help
)

// Key is a key that was typed: a character, or one of the names below.
type Key string

// The keys that are no characters.
const (
	Up        Key = "up"
	Down      Key = "down"
	PageUp    Key = "page up"
	PageDown  Key = "page down"
	Home      Key = "home"
	End       Key = "end"
	Enter     Key = "enter"
	Escape    Key = "escape"
	Backspace Key = "backspace"
	Interrupt Key = "^C"
)

// Action is what the program has to do after a key.
type Action uint8

// The actions.
const (
	Redraw  Action = iota
	Refresh        // look at once, and count the time anew
	Quit
)

// least is the shortest time between two looks, in seconds.
const least = 0.1

// Press takes a key.
func (v *View) Press(k Key) Action {
	if k == Interrupt {
		return Quit
	}
	switch v.mode {
	case askFilter, askSeconds:
		return v.answer(k)
	case choose:
		return v.pick(k)
	case help:
		v.mode = watch
		return Redraw
	}
	if v.scroll(k) {
		return Redraw
	}
	return v.command(k)
}

// scroll moves the rows.
func (v *View) scroll(k Key) bool {
	by, known := map[Key]int{Up: -1, "k": -1, Down: 1, "j": 1, PageUp: -v.page, PageDown: v.page, Home: -1 << 30, End: 1 << 30}[k]
	v.offset = max(0, v.offset+by) // the next Lines knows the end
	return known
}

func (v *View) command(k Key) Action {
	switch k {
	case "q":
		return Quit
	case " ":
		return Refresh
	case "h", "?":
		v.mode = help
	case "/":
		v.mode, v.typed = askFilter, v.filter
	case "d", "s":
		v.mode, v.typed = askSeconds, ""
	case "f":
		v.mode, v.cursor = choose, 0
	case "r", "R":
		v.reverse = !v.reverse
	case "a":
		v.active, v.offset = !v.active, 0
	case Escape:
		v.filter = ""
	default:
		return v.order(k)
	}
	return Redraw
}

// order changes the column that the rows are ordered by.
func (v *View) order(k Key) Action {
	before := v.Needs()
	switch k {
	case "<", ">":
		step := map[Key]int{"<": len(v.all) - 1, ">": 1}[k]
		for range v.all {
			if v.sort = (v.sort + step) % len(v.all); v.shown[v.sort] {
				break
			}
		}
	default:
		key, known := map[Key]string{"P": "cpu", "M": "memory", "T": "time", "N": "name", "I": "id", "B": "write", "K": "tasks", "X": "receive", "Y": "transmit"}[k]
		if !known {
			return Redraw
		}
		v.sort = slices.IndexFunc(v.all, func(c column) bool { return c.key == key })
	}
	v.reverse, v.offset = false, 0
	return v.refreshFor(before)
}

// refreshFor asks for a look if the figures of the last one are not enough.
func (v *View) refreshFor(before Kinds) Action {
	if v.Needs()&^before != 0 {
		return Refresh
	}
	return Redraw
}

func (v *View) prompt() string {
	if v.mode == askFilter {
		return "Names with: "
	}
	return "Seconds between two looks: "
}

// answer takes a key at a prompt.
func (v *View) answer(k Key) Action {
	switch {
	case k == Escape:
		v.mode = watch
	case k == Enter:
		return v.answered()
	case k == Backspace:
		_, size := utf8.DecodeLastRuneInString(v.typed)
		v.typed = v.typed[:len(v.typed)-size]
	case utf8.RuneCountInString(string(k)) == 1 && len(v.typed) < 256:
		v.typed += string(k)
	}
	return Redraw
}

func (v *View) answered() Action {
	asked := v.mode
	v.mode = watch
	if asked == askFilter {
		v.filter, v.offset = v.typed, 0
		return Redraw
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(v.typed), 64)
	if err != nil || !ValidSeconds(seconds) {
		return Redraw
	}
	v.seconds = seconds
	return Refresh
}

// ValidSeconds reports whether a time between two looks is neither too short nor too long.
func ValidSeconds(s float64) bool { return s >= least && s <= 24*60*60 }

// pick takes a key in the list of columns.
func (v *View) pick(k Key) Action {
	before := v.Needs()
	switch k {
	case Up, "k":
		v.cursor = max(0, v.cursor-1)
	case Down, "j":
		v.cursor = min(len(v.all)-1, v.cursor+1)
	case " ":
		v.shown[v.cursor] = !v.shown[v.cursor]
	case "s":
		v.sort, v.reverse = v.cursor, false
	case Enter, Escape, "q", "f":
		v.mode = watch
	}
	return v.refreshFor(before)
}
