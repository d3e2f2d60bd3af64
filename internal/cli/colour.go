package cli

import "strings"

// The colours of words, as escape sequences of a terminal.
const (
	bold   = "\x1b[1m"
	red    = "\x1b[1;31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	grey   = "\x1b[90m"
	normal = "\x1b[0m"
)

// colours reports whether a terminal shows colours, and the user wants them (see no-color.org).
func (a *app) colours(terminal bool) bool {
	return terminal && a.Getenv("NO_COLOR") == "" && a.Getenv("TERM") != "dumb" && a.Getenv("TERM") != ""
}

// stateColour returns the colour of a state, "" if it has none.
func stateColour(word string) string {
	switch word {
	case "running", "active":
		return green
	case "paused", "starting", "stopping":
		return yellow
	case "unusable":
		return red
	case "shut off", "inactive":
		return grey
	}
	return ""
}

// inColour puts a colour around a text, but not around the blanks at its end.
func inColour(colour, text string) string {
	word := strings.TrimRight(text, " ")
	if colour == "" || word == "" {
		return text
	}
	return colour + word + normal + text[len(word):]
}
