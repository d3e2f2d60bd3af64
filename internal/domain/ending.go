package domain

// Ending is an end of a container that a definition has an action for.
type Ending string

// The endings, by the elements.
const (
	EndingPoweroff Ending = "on_poweroff"
	EndingReboot   Ending = "on_reboot"
	EndingCrash    Ending = "on_crash"
)

// WithAction returns a definition with another action upon an ending. It returns an *Error if the ending cannot have
// that. The definition of a run keeps the names that the run has chosen.
func (d *Def) WithAction(e Ending, a Action, running bool) (*Def, error) {
	changed := *d
	switch e {
	case EndingPoweroff:
		changed.OnPoweroff = a
	case EndingReboot:
		changed.OnReboot = a
	case EndingCrash:
		changed.OnCrash = a
	default:
		return nil, invalid("", "'%s' is no end of a container", string(e))
	}
	text, err := changed.Format(FormatOptions{Run: running})
	if err != nil {
		return nil, err
	}
	parse := Parse
	if running {
		parse = ParseRun
	}
	read, err := parse([]byte(text))
	if err != nil {
		return nil, withoutLines(err)
	}
	return read, nil
}
