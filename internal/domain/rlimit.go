package domain

import (
	"slices"
	"strconv"
	"strings"
)

// RLimit is one <berth:rlimit>: a limit of init, which all its children inherit (getrlimit(2)).
type RLimit struct {
	Name       string // as RLimitNames has it
	Soft, Hard uint64 // Infinity means none
}

// Infinity means "no limit" in an RLimit.
const Infinity = ^uint64(0)

// infinity is what a document says for it, as systemd does.
const infinity = "infinity"

type extRLimit struct {
	Name string `xml:"name,attr"`
	Soft string `xml:"soft,attr,omitempty"`
	Hard string `xml:"hard,attr,omitempty"`
}

// RLimitNames returns the names of the kernel's limits: those of getrlimit(2) in lower case, without RLIMIT_.
func RLimitNames() []string {
	return []string{
		"as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime",
		"sigpending", "stack",
	}
}

func readRLimits(d *Def, e *extension, f *faults) {
	const at = "domain/berth:container/berth:rlimit"
	for i, x := range e.RLimits {
		at := nth(at, i)
		l := RLimit{Name: x.Name}
		switch {
		case !slices.Contains(RLimitNames(), x.Name):
			f.invalid(at+"@name", "'%.40s' is unknown; known are %s", x.Name, strings.Join(RLimitNames(), ", "))
			continue
		case slices.ContainsFunc(d.RLimits, func(other RLimit) bool { return other.Name == x.Name }):
			f.invalid(at+"@name", "there is an <rlimit> for %s already", x.Name)
			continue
		case x.Soft == "" && x.Hard == "":
			f.invalid(at+"@soft", "it is missing, and so is hard: an <rlimit> has at least one of them")
			continue
		case x.Soft == "": // one of them stands for both, as in systemd
			x.Soft = x.Hard
		case x.Hard == "":
			x.Hard = x.Soft
		}
		l.Soft, l.Hard = f.rlimit(at+"@soft", x.Soft), f.rlimit(at+"@hard", x.Hard)
		if l.Soft > l.Hard && !f.within(at) {
			f.invalid(at+"@soft", "%s is above the hard limit, %s", x.Soft, x.Hard)
		}
		d.RLimits = append(d.RLimits, l)
	}
}

func (f *faults) rlimit(at, text string) uint64 {
	text = strings.TrimSpace(text)
	if text == infinity {
		return Infinity
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == Infinity {
		f.invalid(at, "'%.40s' is neither a number nor %s", text, infinity)
	}
	return n
}

func formatRLimits(list []RLimit) (out []extRLimit) {
	text := func(n uint64) string {
		if n == Infinity {
			return infinity
		}
		return strconv.FormatUint(n, 10)
	}
	for _, l := range list {
		out = append(out, extRLimit{Name: l.Name, Soft: text(l.Soft), Hard: text(l.Hard)})
	}
	return out
}
