package lxcconf

import (
	"slices"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/lxcconf/syntax"
)

// caps is what the keys say of capabilities. A container drops some, or keeps some and no others.
type caps struct {
	drop, keep []string
	keeps      syntax.Entry // the last line with lxc.cap.keep
}

func (c *conversion) capDrop(e syntax.Entry) {
	if e.Value == "" {
		c.caps.drop = nil
	}
	c.caps.drop = append(c.caps.drop, c.capNames(e)...)
}

func (c *conversion) capKeep(e syntax.Entry) {
	if e.Value == "" {
		c.caps.keep, c.caps.keeps = nil, syntax.Entry{}
		return
	}
	c.caps.keeps = e
	if e.Value == "none" {
		c.caps.keep = nil
		return
	}
	c.caps.keep = append(c.caps.keep, c.capNames(e)...)
}

// capNames returns the capabilities of a line, and warns of those that are unknown.
func (c *conversion) capNames(e syntax.Entry) (list []string) {
	for word := range strings.FieldsSeq(e.Value) {
		name := strings.TrimPrefix(strings.ToLower(word), "cap_")
		if !slices.Contains(domain.CapabilityNames(), name) {
			c.warn(e, "'%.40s' is no capability that Berth knows", word)
			continue
		}
		list = append(list, name)
	}
	return list
}

// finishCaps sets the capabilities. LXC refuses both kinds of keys together, too.
func (c *conversion) finishCaps() {
	states, list, on := map[string]bool{}, c.caps.drop, false
	if c.caps.keeps.Key != "" {
		if len(c.caps.drop) > 0 {
			c.fail(c.caps.keeps, "capabilities are dropped or kept, not both")
			return
		}
		c.def.Features.Capabilities.Policy = domain.CapDeny
		list, on = c.caps.keep, true
	}
	for _, name := range list {
		states[name] = on
	}
	c.def.Features.Capabilities.States = states
}
