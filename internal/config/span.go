package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// ParseSpan reads a time span as systemd.time(7) writes them: "5min 20s", "90" (seconds),
// "1.5h", or "infinity", which is 0 here: no limit.
func ParseSpan(text string) (time.Duration, error) {
	rest := strings.TrimSpace(text)
	if rest == "infinity" {
		return 0, nil
	}
	if rest == "" {
		return 0, fmt.Errorf("time span is empty")
	}
	var total float64
	for rest != "" {
		digits := strings.IndexFunc(rest, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		if digits < 0 {
			digits = len(rest)
		}
		n, err := strconv.ParseFloat(rest[:digits], 64)
		if err != nil {
			return 0, fmt.Errorf("%q is no time span; write as in 5min 20s", text)
		}
		rest = strings.TrimLeft(rest[digits:], " ")
		letters := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) })
		if letters < 0 {
			letters = len(rest)
		}
		unit, ok := unitOf(rest[:letters])
		if !ok {
			return 0, fmt.Errorf("%q in %q is no unit of time", rest[:letters], text)
		}
		total += n * float64(unit)
		rest = strings.TrimLeft(rest[letters:], " ")
	}
	if total > math.MaxInt64/2 {
		return 0, fmt.Errorf("time span %q is too long", text)
	}
	return time.Duration(total), nil
}

func unitOf(word string) (time.Duration, bool) {
	switch word {
	case "us", "usec", "µs":
		return time.Microsecond, true
	case "ms", "msec":
		return time.Millisecond, true
	case "", "s", "sec", "second", "seconds":
		return time.Second, true
	case "m", "min", "minute", "minutes":
		return time.Minute, true
	case "h", "hr", "hour", "hours":
		return time.Hour, true
	case "d", "day", "days":
		return 24 * time.Hour, true
	case "w", "week", "weeks":
		return 7 * 24 * time.Hour, true
	}
	return 0, false
}
