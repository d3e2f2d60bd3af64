// Package pattern has regular expressions that are compiled when they are first used. Most runs of berthctl use none of
// them, and to compile them all takes it longer than a call to berthd does. It is pure, and imports nothing of Berth.
package pattern

import (
	"regexp"
	"sync"
)

// Of returns a function that returns the expression. It panics at its first call if text is none (regexp.MustCompile).
func Of(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
