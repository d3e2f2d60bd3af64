package nspawnconf

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
)

// limitKey returns the end of the key that sets a limit: LimitNOFILE=.
func limitKey(name string) string { return strings.ToUpper(name) }

// limit takes Limit*=: SOFT:HARD or one number for both, each with the units of systemd.exec(5).
func (c *conversion) limit(s setting) {
	name := strings.ToLower(strings.TrimPrefix(s.key, "Limit"))
	c.def.RLimits = slices.DeleteFunc(c.def.RLimits, func(l domain.RLimit) bool { return l.Name == name })
	if s.value == "" {
		return
	}
	soft, hard, two := strings.Cut(s.value, ":")
	if !two {
		hard = soft
	}
	l := domain.RLimit{Name: name}
	ok := true
	for _, side := range []struct {
		text string
		to   *uint64
	}{{soft, &l.Soft}, {hard, &l.Hard}} {
		var read bool
		*side.to, read = limitValue(name, strings.TrimSpace(side.text))
		ok = ok && read
	}
	if !ok || l.Soft > l.Hard {
		c.bad(s, "a limit, or SOFT:HARD")
		return
	}
	c.def.RLimits = append(c.def.RLimits, l)
}

// limitValue reads one limit in the units of its kind.
func limitValue(name, text string) (uint64, bool) {
	if text == "infinity" {
		return domain.Infinity, true
	}
	switch name {
	case "cpu":
		n, ok := microseconds(text, 1_000_000)
		return (n + 999_999) / 1_000_000, ok
	case "rttime":
		return microseconds(text, 1)
	case "nice":
		if n, err := strconv.ParseInt(text, 10, 8); err == nil && text[0] != '+' && text[0] != '-' {
			return uint64(n), n >= 0 && n <= 40
		} else if err == nil { // a nice level
			return uint64(20 - n), n >= -20 && n <= 19
		}
		return 0, false
	case "nofile", "nproc", "locks", "sigpending", "rtprio":
		n, err := strconv.ParseUint(text, 10, 63)
		return n, err == nil
	}
	return size(text)
}

// size reads bytes with a suffix for a power of 1024.
func size(text string) (uint64, bool) {
	digits := strings.TrimSuffix(strings.TrimSuffix(text, "B"), "i")
	shift := 0
	if i := strings.IndexByte("KMGTPE", last(digits)); i >= 0 {
		shift, digits = 10*(i+1), digits[:len(digits)-1]
	}
	n, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 63)
	if err != nil || n > math.MaxInt64>>shift {
		return 0, false
	}
	return n << shift, true
}

func last(s string) byte {
	if s == "" {
		return 0
	}
	return s[len(s)-1]
}

// microseconds reads a time span with one unit. A number without one is in units of plain microseconds.
func microseconds(text string, plain uint64) (uint64, bool) {
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz ")
	unit, known := map[string]uint64{
		"": plain, "us": 1, "usec": 1, "ms": 1000, "msec": 1000, "s": 1_000_000, "sec": 1_000_000, "second": 1_000_000, "seconds": 1_000_000,
		"m": 60_000_000, "min": 60_000_000, "minute": 60_000_000, "minutes": 60_000_000, "h": 3_600_000_000, "hr": 3_600_000_000, "hour": 3_600_000_000, "hours": 3_600_000_000,
	}[strings.TrimSpace(text[len(digits):])]
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || !known || n > math.MaxInt64/unit {
		return 0, false
	}
	return n * unit, true
}
