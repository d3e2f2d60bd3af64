package domain

import "strconv"

// clock is <clock>, in libvirt's order of attributes. libvirtxml's loses a start of 0.
type clock struct {
	Offset     string  `xml:"offset,attr,omitempty"`
	Adjustment string  `xml:"adjustment,attr,omitempty"`
	Basis      string  `xml:"basis,attr,omitempty"`
	TimeZone   string  `xml:"timezone,attr,omitempty"`
	Start      string  `xml:"start,attr,omitempty"`
	Timer      []timer `xml:"timer"`
}

// readClock reads <clock> but for its timers, by libvirt's rules. A container has the host's clock, whatever it says.
func readClock(d *Def, x *document, f *faults) {
	const at = "domain/clock"
	c := &d.Clock
	c.Offset = "utc"
	if x.Clock == nil || x.Clock.Offset == "" {
		return
	}
	from := x.Clock
	switch c.Offset = from.Offset; c.Offset {
	case "utc", "localtime":
		c.Adjustment = from.Adjustment
		if c.Adjustment != "" && c.Adjustment != "reset" { // libvirt does the same
			c.Offset, c.Basis = "variable", c.Offset
			f.seconds(at+"@adjustment", c.Adjustment)
		}
	case "variable":
		if c.Adjustment, c.Basis = from.Adjustment, from.Basis; c.Adjustment == "" {
			c.Adjustment = "0"
		}
		f.seconds(at+"@adjustment", c.Adjustment)
		if c.Basis == "" {
			c.Basis = "utc"
		}
		if c.Basis != "utc" && c.Basis != "localtime" {
			f.unsupported(at+"@basis", "'%.40s' is unknown; known are utc and localtime", c.Basis)
		}
	case "timezone":
		if c.TimeZone = from.TimeZone; c.TimeZone == "" {
			f.invalid(at+"@timezone", "it is missing: the offset 'timezone' must have one")
		}
	case "absolute":
		if c.Start = from.Start; c.Start == "" {
			f.invalid(at+"@start", "it is missing: the offset 'absolute' must have one")
			return
		}
		f.seconds(at+"@start", c.Start)
	default:
		f.unsupported(at+"@offset", "'%.40s' is unknown; known are utc, localtime, variable, timezone, absolute, and a container has the host's clock with each", c.Offset)
	}
}

// seconds notes a text that is no number of seconds.
func (f *faults) seconds(at, text string) {
	if _, err := strconv.ParseInt(text, 10, 64); err != nil {
		f.invalid(at, "'%.40s' is not a number of seconds", text)
	}
}
