package domain

import (
	"strconv"
	"strings"

	"libvirt.org/go/libvirtxml"

	"github.com/berthd/berth/internal/pattern"
)

// Alias names a device of a container.
type Alias struct {
	// Run is the name that a run has chosen, such as "disk0". It is "" in a stored definition, and where it is that of the
	// device's place in its list.
	Run string
	// User is the name that an administrator has chosen. It begins with "ua-".
	User string
}

// userAlias matches the names that an administrator may choose, and runAlias those that a run chooses.
var (
	userAlias = pattern.Of(`^ua-[A-Za-z0-9_.-]{1,60}$`)
	runAlias  = pattern.Of(`^(disk|fs|net|hostdev)(0|[1-9][0-9]{0,5})$`)
)

// readAlias reads <alias>. The note of a run may have both names. All other names are libvirt's own, and left out.
func readAlias(x *libvirtxml.DomainAlias) (a Alias) {
	if x == nil {
		return a
	}
	for name := range strings.FieldsSeq(x.Name) {
		switch {
		case userAlias().MatchString(name):
			a.User = name
		case runAlias().MatchString(name):
			a.Run = name
		}
	}
	return a
}

// number returns the number in the name that a run has chosen: the index of the device unless it was chosen later.
func (a Alias) number(index int) int {
	if n, err := strconv.Atoi(strings.TrimLeft(a.Run, "abcdefghijklmnopqrstuvwxyz")); err == nil {
		return n
	}
	return index
}

// shown returns the name that the definition of a running container shows.
func (a Alias) shown(kind DeviceKind, index int) string {
	if a.User != "" {
		return a.User
	}
	return a.chosen(kind, index)
}

// chosen returns the name that the run has chosen.
func (a Alias) chosen(kind DeviceKind, index int) string {
	return kind.prefix() + strconv.Itoa(a.number(index))
}

// format returns <alias>: what a running container shows, what the note of its run has, or what is stored.
func (a Alias) format(kind DeviceKind, index int, o FormatOptions) *libvirtxml.DomainAlias {
	name := a.User
	switch {
	case o.Live != nil:
		name = a.shown(kind, index)
	case o.Run:
		name = strings.TrimSpace(a.Run + " " + a.User)
	}
	if name == "" {
		return nil
	}
	return &libvirtxml.DomainAlias{Name: name}
}

// WithoutRun takes out of a definition that somebody has given what only a run chooses.
func (d *Def) WithoutRun() {
	for _, s := range d.Slots() {
		d.at(s).alias().Run = ""
	}
	for i := range d.Interfaces {
		d.Interfaces[i].Actual = ""
	}
}

// withRun makes what the run has chosen by the places of the devices part of its definition: the places are about to
// change, and the names stay.
func (d *Def) withRun() {
	names := d.GuestLinks()
	for _, s := range d.Slots() {
		a := d.at(s).alias()
		a.Run = a.chosen(s.Kind, s.Index)
	}
	for i, name := range names {
		d.Interfaces[i].Actual = name
	}
}
