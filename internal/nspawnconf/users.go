package nspawnconf

import (
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
)

// idsOfOne is how many ids a container of systemd-nspawn has by default.
const idsOfOne = 65536

// users is what PrivateUsers= says. The zero value is the template's: a range that is picked.
type users struct {
	at          setting
	mode        string // "", no, yes, identity or fixed
	first, many uint32
}

func (c *conversion) privateUsers(s setting) {
	if on, ok := boolean(s.value); ok && s.value != "0" && s.value != "1" {
		c.users = users{at: s, mode: map[bool]string{true: "yes", false: "no"}[on]}
		return
	}
	switch s.value {
	case "pick", "":
		c.users = users{at: s}
		return
	case "managed":
		c.users = users{at: s}
		c.warn(s, "the ids are of Berth's own range, IDRange= in berth.conf(5)")
		return
	case "identity":
		c.users = users{at: s, mode: "identity"}
		return
	}
	first, many, both := strings.Cut(s.value, ":")
	from, err := strconv.ParseUint(first, 10, 32)
	count := uint64(idsOfOne)
	if both && err == nil {
		count, err = strconv.ParseUint(many, 10, 32)
	}
	if err != nil || count == 0 || from+count > 1<<32-1 {
		c.bad(s, "yes, no, pick, identity, or the first id of the host with a number of ids")
		return
	}
	c.users = users{at: s, mode: "fixed", first: uint32(from), many: uint32(count)}
}

func (c *conversion) ownership(s setting) {
	switch s.value {
	case "chown", "yes", "true", "1", "on":
		if c.options.Owner != nil && *c.options.Owner < idsOfOne {
			c.warn(s, "no owner on the disk is changed: the mount maps them")
		}
	}
}

// finishUsers sets the ids. A tree that belongs to a range keeps it: its files are that range's on the disk.
func (c *conversion) finishUsers() {
	owner := uint32(0)
	if c.options.Owner != nil {
		owner = *c.options.Owner &^ (idsOfOne - 1)
	}
	switch u := c.users; {
	case u.mode == "no":
	case u.mode == "fixed" && u.first != 0:
		c.setRange(u.first, u.many)
	case u.mode == "fixed" || u.mode == "identity":
		c.warn(u.at, "the container gets ids of its own: a definition maps root of the container to no root of the host")
		c.def.Extension.AutoIDMap = true
	case owner != 0:
		c.setRange(owner, idsOfOne)
	default:
		c.def.Extension.AutoIDMap = true
	}
}

func (c *conversion) setRange(first, many uint32) {
	list := []domain.IDRange{{Start: 0, Target: first, Count: many}}
	c.def.IDMap = domain.IDMap{UIDs: list, GIDs: list}
}
