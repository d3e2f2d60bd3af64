package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	day   = 24 * time.Hour
	month = year / 12
	year  = 365*day + day/4
)

// ParseSpan reads a time span in the syntax of systemd.time(7): "5min 20s", "90" (seconds), "1.5h".
// It returns 0, which means no limit, for "infinity".
func ParseSpan(text string) (time.Duration, error) {
	rest := strings.TrimSpace(text)
	if rest == "infinity" {
		return 0, nil
	}
	if rest == "" {
		return 0, errors.New("a time span is missing")
	}
	var total float64
	for rest != "" {
		var number, word string
		number, rest = take(rest, func(r rune) bool { return r == '.' || '0' <= r && r <= '9' })
		n, err := strconv.ParseFloat(number, 64)
		if err != nil || strings.HasSuffix(number, ".") {
			return 0, fmt.Errorf("%q is not a time span; write it as in 5min 20s", text)
		}
		word, rest = take(rest, unicode.IsLetter)
		unit, ok := unitOf(word)
		if !ok {
			return 0, fmt.Errorf("%q in %q is not a unit of time", word, text)
		}
		total += n * float64(unit)
	}
	if total >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is too long a time span", text)
	}
	return time.Duration(total), nil
}

// take cuts the leading runes of a kind off s, and the white space after them.
func take(s string, kind func(rune) bool) (taken, rest string) {
	i := strings.IndexFunc(s, func(r rune) bool { return !kind(r) })
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimLeftFunc(s[i:], unicode.IsSpace)
}

func unitOf(word string) (time.Duration, bool) {
	switch word {
	case "us", "usec", "µs", "μs": // the micro sign, and the letter mu
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
		return day, true
	case "w", "week", "weeks":
		return 7 * day, true
	case "M", "month", "months":
		return month, true
	case "y", "year", "years":
		return year, true
	}
	return 0, false
}
