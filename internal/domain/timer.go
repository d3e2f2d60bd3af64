package domain

import "slices"

// Timer is one <timer> of <clock>. Those with the names rtc and hpet are devices of the host. The others are kept only.
type Timer struct {
	Name       string
	Present    string // "yes", "no" or unset, which means yes
	TickPolicy string // kept only
	Track      string // kept only
}

// Device reports whether a container may use the host's device of this name.
func (t Timer) Device() bool { return (t.Name == "rtc" || t.Name == "hpet") && t.Present != "no" }

// timer is <timer>, in libvirt's order of attributes.
type timer struct {
	Name       string `xml:"name,attr"`
	Present    string `xml:"present,attr,omitempty"`
	TickPolicy string `xml:"tickpolicy,attr,omitempty"`
	Track      string `xml:"track,attr,omitempty"`
}

func timerNames() []string {
	return []string{"rtc", "hpet", "pit", "platform", "tsc", "kvmclock", "hypervclock", "armvtimer"}
}

func readTimers(d *Def, x *document, f *faults) {
	if x.Clock == nil {
		return
	}
	seen := map[string]bool{}
	for i, t := range x.Clock.Timer {
		at := nth("domain/clock/timer", i)
		if i == len(timerNames()) {
			f.invalid(at, "there are more than %d timers, one of each name", i)
			return
		}
		for _, a := range []struct {
			name, value string
			known       []string
		}{
			{"name", t.Name, timerNames()},
			{"present", t.Present, []string{"", "yes", "no"}},
			{"tickpolicy", t.TickPolicy, []string{"", "delay", "catchup", "merge", "discard"}},
			{"track", t.Track, []string{"", "boot", "guest", "wall", "realtime"}},
		} {
			if !slices.Contains(a.known, a.value) {
				f.invalid(at+"@"+a.name, "'%.40s' is unknown", a.value)
			}
		}
		if seen[t.Name] {
			f.invalid(at+"@name", "there are two timers of the name '%.40s'", t.Name)
		}
		seen[t.Name] = true
		d.Clock.Timers = append(d.Clock.Timers, Timer(t))
	}
}

func (d *Def) formatClock() *clock {
	c := d.Clock
	x := &clock{Offset: c.Offset, Adjustment: c.Adjustment, Basis: c.Basis, TimeZone: c.TimeZone, Start: c.Start}
	for _, t := range d.Clock.Timers {
		x.Timer = append(x.Timer, timer(t))
	}
	return x
}
