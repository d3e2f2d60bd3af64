// Package timeline finds the steps of a start and of a stop in what the kernel's tracing (tracefs) has seen. It is
// pure.
//
// The steps are those that the kernel sees of any container manager: who hears a message first, who creates, moves and
// executes a process, who has renamed a file. So no program has to be built for it, and a process that is born by raw
// calls is seen too.
package timeline

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Event is one tracepoint that was reached.
type Event struct {
	At      time.Duration // CLOCK_MONOTONIC
	Comm    string        // the last name that the thread had
	Thread  int
	Process int
	Name    string // such as "sched_process_exec" or "sys_recvmsg"
	Result  int64  // of the exit of a system call
	Text    string // all after the name
}

// line matches "   berthd-29376 (  29230) [001] ..... 46102.420731: sys_recvmsg -> 0xc8".
var line = regexp.MustCompile(`^ *(.+)-(\d+) +\( *(\d+|-+)\) +\[\d+\] \S+ +(\d+\.\d+): (\w+)(.*)$`)

// Parse reads the file "trace". The option record-tgid must be on.
func Parse(text string) ([]Event, error) {
	var all []Event
	for each := range strings.Lines(text) {
		each = strings.TrimSuffix(each, "\n")
		if each == "" || strings.HasPrefix(each, "#") || strings.Contains(each, " [LOST ") {
			continue
		}
		m := line.FindStringSubmatch(each)
		if m == nil {
			return nil, fmt.Errorf("trace: %q: not understood", each)
		}
		e := Event{Comm: m[1], Name: m[5], Text: m[6]}
		at, err := strconv.ParseFloat(m[4], 64)
		if err != nil {
			return nil, fmt.Errorf("trace: %q: %w", each, err)
		}
		e.At = time.Duration(at * float64(time.Second))
		// The expression lets only digits through, and a process that was not recorded stays 0.
		e.Thread, _ = strconv.Atoi(m[2])
		e.Process, _ = strconv.Atoi(m[3])
		if result, ok := strings.CutPrefix(e.Text, " -> "); ok {
			number, err := strconv.ParseUint(result, 0, 64)
			if err != nil {
				return nil, fmt.Errorf("trace: %q: %w", each, err)
			}
			e.Result = int64(number)
		}
		all = append(all, e)
	}
	return all, nil
}

// field returns the value of NAME=VALUE in an event's text, or "".
func (e *Event) field(name string) string {
	_, value, ok := strings.Cut(e.Text, " "+name+"=")
	if !ok {
		return ""
	}
	value, _, _ = strings.Cut(value, " ")
	return value
}
